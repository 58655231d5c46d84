"""Exchange formats: one module each for Prompty, LangChain and Promptflow, read and written as plain data.

Invariant: reading never runs, fetches or resolves anything a file names; writing then reading gives the same template.
Refuses: logic in wording, oversized or nested bombs, YAML aliases, references that lead out of the given bytes.
"""
