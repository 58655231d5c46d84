"""Who may do what: Cedar policies with a plain sentence each, and the one function that answers.

Owns the default policies, their typed schema, `decide`, and the gatekeeper in front of every page.
Invariant: deny by default, a forbidding policy wins, and whatever cannot be decided is refused.
Refuses to run a view that names no authority.
"""
