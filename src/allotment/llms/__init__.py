"""Providers and models: which are connected, which are offered, for which data, at which price.

Invariant: a connection is saved only after its credential worked; credentials are sealed and never shown again.
Refuses: deleting a connection (it is switched off, so that past runs keep its name), and asking a model that
is switched off.
"""
