"""The command line. Says what the pages say; every command can answer in JSON.

Invariant: the same policy function and the same gate as the pages; a command acts as a named person. Only `people`
acts for the installation itself (the journal names nobody), so that whoever holds its files can let somebody in.
"""
