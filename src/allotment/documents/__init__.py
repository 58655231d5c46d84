"""Documents in and out: text from what people hand over, and reports as files one would send to a manager.

Refuses: files that are not what their name says, and files that unpack to more than their limits.
"""
