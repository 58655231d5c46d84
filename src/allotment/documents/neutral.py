"""Neutralising formulas: text that a spreadsheet program would run is marked as text.

Source: OWASP, “CSV Injection”. Numbers, dates and yes/no are written as such and need no mark: only texts come here.
"""

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_FULL_WIDTH = str.maketrans("＝＋－＠", "=+-@")


def neutral(text: str) -> str:
    """Return the text with an apostrophe before it when a spreadsheet program could take it for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").translate(_FULL_WIDTH).startswith(_STARTS) else text
