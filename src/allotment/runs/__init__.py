"""Runs: durable runs of apps, their events, results and receipts.

Invariant: a run names a stored app version (or its owner's stored working copy); nobody hands in a definition.
A finished step is never repeated, an answer is never paid twice, a page that reconnects replays and never
reruns. What a person typed and what a model answered is sealed at rest.
Refuses: running anything the policy function does not permit, at the start and again at every step.
"""
