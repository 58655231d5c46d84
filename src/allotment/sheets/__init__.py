"""Sheets: tables that people bring as files, read, typed and profiled, to be looked at and corrected before use.

Invariant: a sheet belongs to the person who brought it, and only they can see, correct or use it; its content is
sealed under their key. A sheet that something has used never changes, and one that nothing uses is gone after a day.
Refuses: what `tables.files` refuses.
"""
