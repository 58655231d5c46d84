"""API keys: how a program asks on a person's behalf, or in the name of an app that person looks after.

Owns the table of keys, their pages, and the right to ask with words of one's own.
Invariant: the text of a key is shown once and stored nowhere; of its secret part only the SHA-256 is kept. A key never
does more than its holder may do, lasts a year at most, and is over the moment somebody revokes it.
Refuses: granting the right to free words to one's own key, or without an end.
"""
