"""Wire formats that several provider plugins speak, and how an answer is made to fit what was asked.

Invariant: knows no plugin; plugins build on it and never on each other.
"""
