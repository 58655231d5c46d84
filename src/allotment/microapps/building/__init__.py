"""The builder: an app told in numbered sentences, each edited where it stands.

Invariant: every change is a pure function from one plain spec to the next (`fields`, `steps`, `results`), and a
readable spec stays readable. Machine names are made from words and never shown; renaming rewrites every path.
Refuses: overwriting what somebody else saved meanwhile, and taking a part away without naming what used it.
"""
