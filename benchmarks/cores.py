"""Which core does what: the measured server has one alone; provider and load share another."""

import os

_CORES = sorted(os.sched_getaffinity(0))
SERVER = _CORES[0]
LOAD = _CORES[-1]
IS_APART = SERVER != LOAD
"""Without it the load takes its time from the server, and the figures are too low."""
