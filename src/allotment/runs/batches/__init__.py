"""Run many: an app over every row of a spreadsheet.

Owns batches and their rows. Invariant: a row's answer, its journal entry and the batch's counters are on disk together
or not at all, so that no row is done twice, lost, or paid for twice, whenever the process ends. Every row passes the
gate as a run would. Refuses: apps whose steps or fields do not fit into one row, and more rows than `MOST_ROWS`.
"""
