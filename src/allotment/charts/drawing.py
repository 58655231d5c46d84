"""Drawing: a table and what is wanted, as SVG for light, dark and paper, and as PNG.

Invariant: only what is asked for is drawn. The renderer has no network and reads no file.
"""

from dataclasses import dataclass
from functools import cached_property

import vl_convert

from allotment.charts.specifying import WIDTH, Theme, specification
from allotment.engine.tables.charting import Drawing, Wanted, choose
from allotment.engine.tables.charting_words import alt_text
from allotment.engine.tables.rows import Rows

_PNG_SCALE = 2.0


@dataclass(frozen=True)
class Chart:
    """A chart, and its pictures."""

    drawing: Drawing
    rows: Rows

    def svg(self, theme: Theme, width: int = WIDTH) -> str:
        """Return it as SVG, on nothing; no script and no reference to anything outside is in it."""
        plan = specification(self.drawing, self.rows, theme, width)
        return vl_convert.vegalite_to_svg(plan, allowed_base_urls=[])

    @cached_property
    def png(self) -> bytes:
        """For slides and mails; on white."""
        plan = {**specification(self.drawing, self.rows, "print"), "background": "white"}
        return vl_convert.vegalite_to_png(plan, scale=_PNG_SCALE, allowed_base_urls=[])

    @cached_property
    def alt(self) -> str:
        """What it shows, in words."""
        return alt_text(self.drawing, self.rows)


def draw(rows: Rows, wanted: Wanted) -> Chart:
    """Return the chart of a table; raises `Invalid` with words for what the table cannot show."""
    return Chart(choose(rows, wanted), rows)
