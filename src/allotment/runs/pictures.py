"""The charts of a result as pictures, drawn for whoever looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.charts.drawing import Chart, draw
from allotment.charts.specifying import NARROW, WIDTH, Theme
from allotment.engine.principals import Actor
from allotment.engine.tables.charting import Wanted
from allotment.kernel.errors import NotFound
from allotment.runs.queries import result_for
from allotment.runs.stored_rows import rows_of

_SVG = "image/svg+xml"
_LOOKS: Mapping[str, tuple[Theme, int]] = {
    "light": ("light", WIDTH),
    "dark": ("dark", WIDTH),
    "print": ("print", WIDTH),
    "light-narrow": ("light", NARROW),
    "dark-narrow": ("dark", NARROW),
}


@dataclass(frozen=True)
class Drawn:
    """A picture as a browser takes it."""

    content: bytes
    media_type: str


def picture(actor: Actor, run: UUID, place: int, look: str) -> Drawn:
    """Return the chart at `place` of the result in one of its looks; raises `NotFound` where there is none."""
    result = result_for(actor, run).parts
    if place >= len(result) or result[place]["show"] != "chart" or look not in {"png", *_LOOKS}:
        raise NotFound(_("There is no chart here."), hint=_("Open the run and look at its result."))
    chart = chart_of(result[place])
    return Drawn(chart.png, "image/png") if look == "png" else Drawn(chart.svg(*_LOOKS[look]).encode(), _SVG)


def chart_of(stored: dict[str, object]) -> Chart:
    """Return the chart of a stored part."""
    return draw(rows_of(stored["value"]), Wanted(**stored["wanted"]))  # type: ignore[arg-type]
