"""The Merkle tree of the journal: hashes, proofs, signed notes. Pure code that knows no table and no Django.

Invariant: everything here follows a public specification (RFC 6962, RFC 9162 and the C2SP documents), so that what an
installation proves can be checked by programs that never heard of it.
Refuses: whatever those specifications do not allow, even where it could be guessed.
"""
