"""The ground floor: settings, errors, ids, clock, crypto, outbound HTTP, the portal, the plugin registry.

Invariant: knows no Django and no feature. Everything that touches the environment, the wall clock,
randomness or another machine passes through here, so that a test can hold it still.
Refuses: feature knowledge of any kind.
"""
