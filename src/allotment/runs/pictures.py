"""The charts of a result as pictures, drawn for whoever looks at them."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.charts.drawing import Chart, draw
from allotment.engine.principals import Actor
from allotment.engine.tables.charting import Wanted
from allotment.kernel.errors import NotFound
from allotment.runs.queries import result_for
from allotment.runs.stored_rows import rows_of

_SVG = "image/svg+xml"
MEDIA_TYPES: Mapping[str, str] = {"png": "image/png", "light": _SVG, "dark": _SVG, "print": _SVG}
"""By look: how a chart is drawn."""


def picture(actor: Actor, run: UUID, place: int, look: str) -> bytes:
    """Return the chart at `place` of the result in one of its looks; raises `NotFound` where there is none."""
    result = result_for(actor, run).parts
    if place >= len(result) or result[place]["show"] != "chart" or look not in MEDIA_TYPES:
        raise NotFound(_("There is no chart here."), hint=_("Open the run and look at its result."))
    chart = chart_of(result[place])
    return chart.png if look == "png" else getattr(chart, f"{look}_svg").encode()


def chart_of(stored: dict[str, object]) -> Chart:
    """Return the chart of a stored part."""
    return draw(rows_of(stored["value"]), Wanted(**stored["wanted"]))  # type: ignore[arg-type]
