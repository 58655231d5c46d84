"""Says what is being measured, while it is measured: on standard error, because standard output carries figures."""

import sys
import time


def say(what: str) -> None:
    """Tell whoever waits, with the time of the day."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)
