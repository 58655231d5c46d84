"""Tables: reading files, guessing kinds, profiling, computing plans with DuckDB. Knows no Django and no person.

Invariant: no SQL comes from people or models; the engine that computes sees no other file, no network and no settings.
"""
