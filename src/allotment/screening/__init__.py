"""Screening: text in, findings out. Personal data and secrets; masking that can be undone; streams.

Invariant: pure and linear in the length of the text (patterns run on RE2). Refuses: I/O, and guessing:
a finding says whether it is certain.
"""
