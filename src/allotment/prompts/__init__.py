"""The template library: prompt wording with typed slots, in numbered versions that people propose, approve and recall.

Invariant: apps are only ever given a version that a steward other than its author approved, whose wording still has the
digest that was approved, and that nobody has retired or recalled. Wording changes only while a version is a draft.
Refuses: logic in wording, approval of one's own version, imports that would be more than an inert draft.
"""
