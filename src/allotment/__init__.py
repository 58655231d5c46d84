"""Allotment: small governed LLM apps, made by people who do not write code."""

__version__ = "0.1.0"
