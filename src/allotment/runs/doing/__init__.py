"""Doing one effect of a run each: what a step computes, asks, reads, draws or saves.

Invariant: a step that is done has its row (`RunStep`), written last; whatever broke off before is done again.
"""
