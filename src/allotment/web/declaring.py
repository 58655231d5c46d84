"""How a view names the governed action it stands for.

Invariant: the name is the attribute `authority` of the view; `policies.authority` enforces what is named here.
"""

from collections.abc import Callable
from typing import TypeVar

from allotment.engine.actions import Action

View = TypeVar("View", bound=Callable[..., object])

ATTRIBUTE = "authority"


def declares(action: Action) -> Callable[[View], View]:
    """Name `action` as the authority a view needs, without enforcing it here."""

    def mark(view: View) -> View:
        setattr(view, ATTRIBUTE, action)
        return view

    return mark
