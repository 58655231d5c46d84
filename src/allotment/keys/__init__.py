"""Data keys: what is sealed at rest is sealed under them, and they are wrapped by the master key.

Invariant: a data key is never stored unwrapped. Destroying a person's key makes everything sealed under it unreadable
for good. Refuses: keeping the master key in the database.
"""
