"""Readers of documents, one module each; those of PDF and Word run in a confined child process."""
