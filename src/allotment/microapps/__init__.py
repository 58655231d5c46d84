"""Micro apps: versions, starters, drafting from a sentence, checks, publishing, reviews, documentation, exchange.

Invariant: an app is data. What others run is a saved, immutable version; a review approves one version's digest for
one audience. Refuses: running or sharing anything that was not saved, approval by whoever owns or wrote it, and
deletion (apps are parked and come back).
"""
