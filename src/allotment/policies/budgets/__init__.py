"""Budgets: how many calls, tokens, dollars and calls at once a person, an app, a space, a model or everybody may use.

Owns the budgets, what is used of them, and the leasing by which several processes share one. Invariant: whatever the
number of callers and processes, no budget is passed by more than what open calls used beyond their estimates.
Refuses every call while what is left cannot be known.
"""
