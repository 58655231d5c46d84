"""Deciding again: facts that were read before a wait are read anew before anything is asked.

Invariant: whoever can be read anew is never asked for on facts older than `FRESH_SECONDS`. What cannot be read is
refused. Programs bring no way to read anew: they do not wait.
"""

from allotment.engine.gate.defects import DEFECTS, words
from allotment.engine.gate.values import Passage, Refused, Stage
from allotment.kernel import clock
from allotment.kernel.errors import AllotmentError

FRESH_SECONDS = 0.5
"""A right that was taken away stops what was waiting as it stops what is new: within a second."""


def is_old(passage: Passage) -> bool:
    """Whether what this passage rests on should be read anew before it is used."""
    return passage.again is not None and clock.since_boot() - passage.issued > FRESH_SECONDS


async def renewed(passage: Passage) -> Passage | Refused:
    """Return the passage as it is now, or why it is none any more."""
    if passage.again is None:
        return passage
    try:
        return await passage.again()
    except AllotmentError as error:
        return Refused(Stage.IDENTIFY, "no longer", error.message, error.hint)
    except DEFECTS as error:
        return Refused(
            Stage.IDENTIFY,
            "facts unknown",
            "Whether this is still permitted could not be read, so nothing is asked.",
            f"Try again in a moment, or tell an administrator. It ended with: {words(error)}.",
            flagged=True,
        )
