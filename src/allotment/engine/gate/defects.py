"""What a broken part of the gate may raise, named once, so that it can be turned into a refusal.

Invariant: the errors of Python's own that a defect in a detector, a policy or a port can end in. What is not among
them is not caught: it passes through the gate, which records it as a failure and releases nothing.
"""

from traceback import walk_tb

from allotment.kernel.errors import AllotmentError

DEFECTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,  # a missing entity, attribute or position
    MemoryError,
    NameError,
    OSError,
    RuntimeError,  # with RecursionError and NotImplementedError
    TypeError,
    ValueError,  # with UnicodeError
)
"""What a detector may raise: text in, findings out, so anything at all is a defect."""

TROUBLE = (AllotmentError, *DEFECTS)
"""What a port may raise: a defect, or an honest word that it cannot serve."""


def words(error: BaseException) -> str:
    """Name an error without its text, which may repeat what somebody wrote."""
    return type(error).__name__


def traced(error: BaseException) -> str:
    """Name an error, where it was raised, and what led to it; for logs, without any of their texts."""
    places = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    before = error.__cause__ or error.__context__
    led = error.exceptions if isinstance(error, BaseExceptionGroup) else () if before is None else (before,)
    return "\n  because of ".join(["\n    at ".join([words(error), *places]), *map(traced, led)])
