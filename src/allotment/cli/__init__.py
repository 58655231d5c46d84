"""The command line. Says what the pages say; every command can answer in JSON.

Invariant: the same policy function and the same gate as the pages; a command acts as a named person.
"""
