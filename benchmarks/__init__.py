"""Measurements of the bounds Allotment promises: `python -m benchmarks` writes them to docs/benchmarks.md.

Invariant: everything is measured from outside, on a real server over loopback, in a home of its own; a bound that
is missed is written down as missed. Refuses: rounding in one's own favour.
"""
