"""Charts: a table drawn as a picture, on this machine, from data alone.

Invariant: nothing is fetched, and nothing that people wrote becomes code: names of columns are shown as text, never
used as one. Refuses: what the table cannot show, with words.
"""
