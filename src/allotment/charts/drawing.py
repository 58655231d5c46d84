"""Drawing: a table and what is wanted, as SVG for light, dark and paper, and as PNG.

Invariant: each look is drawn when it is first asked for. The renderer has no network and reads no file.
"""

from dataclasses import dataclass
from functools import cached_property

import vl_convert

from allotment.charts.specifying import Theme, specification
from allotment.engine.tables.charting import Drawing, Wanted, choose
from allotment.engine.tables.charting_words import alt_text
from allotment.engine.tables.rows import Rows

_PNG_SCALE = 2.0


@dataclass(frozen=True)
class Chart:
    """A chart in all its looks."""

    drawing: Drawing
    rows: Rows

    @cached_property
    def light_svg(self) -> str:
        """For a light page; transparent."""
        return self._svg("light")

    @cached_property
    def dark_svg(self) -> str:
        """For a dark page; transparent."""
        return self._svg("dark")

    @cached_property
    def print_svg(self) -> str:
        """For paper."""
        return self._svg("print")

    @cached_property
    def png(self) -> bytes:
        """For slides and mails; on white."""
        plan = {**specification(self.drawing, self.rows, "print"), "background": "white"}
        return vl_convert.vegalite_to_png(plan, scale=_PNG_SCALE, allowed_base_urls=[])

    @cached_property
    def alt(self) -> str:
        """What it shows, in words."""
        return alt_text(self.drawing, self.rows)

    def _svg(self, theme: Theme) -> str:
        return vl_convert.vegalite_to_svg(specification(self.drawing, self.rows, theme), allowed_base_urls=[])


def draw(rows: Rows, wanted: Wanted) -> Chart:
    """Return the chart of a table; raises `Invalid` with words for what the table cannot show."""
    return Chart(choose(rows, wanted), rows)
