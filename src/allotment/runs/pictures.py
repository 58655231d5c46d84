"""The charts of a result as pictures, drawn for whoever looks at them."""

from typing import Literal
from uuid import UUID

from django.utils.translation import gettext as _

from allotment.charts.drawing import Chart, draw
from allotment.engine.principals import Actor
from allotment.engine.tables.charting import Wanted
from allotment.kernel.errors import NotFound
from allotment.runs.queries import result_for
from allotment.runs.stored_rows import rows_of

Look = Literal["light", "dark", "print", "png"]
MEDIA_TYPES = {
    "png": "image/png",
    "light": "image/svg+xml",
    "dark": "image/svg+xml",
    "print": "image/svg+xml",
}


def picture(actor: Actor, run: UUID, place: int, look: Look) -> bytes:
    """Return the picture of the result's part at `place`; raises `NotFound` for one that is no chart."""
    result = result_for(actor, run).parts
    if place >= len(result) or result[place]["show"] != "chart":
        raise NotFound(_("There is no chart here."), hint=_("Open the run and look at its result."))
    chart = chart_of(result[place])
    match look:
        case "png":
            return chart.png
        case "dark":
            return chart.dark_svg.encode()
        case "print":
            return chart.print_svg.encode()
        case "light":
            return chart.light_svg.encode()


def chart_of(stored: dict[str, object]) -> Chart:
    """Return the chart of a stored part."""
    return draw(rows_of(stored["value"]), Wanted(**stored["wanted"]))  # type: ignore[arg-type]
