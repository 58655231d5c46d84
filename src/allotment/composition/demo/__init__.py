"""An invented organisation, Alder Savings, to look around in: people, spaces, apps, templates and a week of runs.

Invariant: made through the same functions as everything people make; every journal entry about it is marked
`demo`. Refuses: an installation that has people of its own.
"""
