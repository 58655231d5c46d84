"""The journal: one row for every governed action, written in the transaction of what it describes.

Invariant: it only grows. Rows are never changed or removed, by code or by a person at the database: the model
refuses and so do triggers in the database. It holds names of things and digests, never personal content.
Refuses: being switched off, and answering before an entry is on disk.
"""
