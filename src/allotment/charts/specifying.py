"""A drawing as a Vega-Lite specification, with its data inside.

Invariant: fields are called `c0`, `c1`, …; what people called their columns appears only as titles. No URLs, no
expressions. Colours: Okabe and Ito, “Color Universal Design” (2008), in an order that keeps neighbours apart.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from allotment.engine.tables.charting import MOST_SLICES, Drawing
from allotment.engine.tables.columns import NUMBERS, TIMES, Column
from allotment.engine.tables.naming import find
from allotment.engine.tables.rows import Cell, Rows

Theme = Literal["light", "dark", "print"]
WIDTH, NARROW, HEIGHT = 640, 330, 300
"""In pixels; narrow is for phones, where a wide picture's words would get too small to read."""
MOST_BARS = 30
MOST_POINTS = 5_000
_ROW_HEIGHT = 24
_PIXELS_OF_A_DATE = 75
_LONG_NAME, _MANY_NAMES = 12, 8
_INK: Mapping[Theme, Mapping[str, str]] = {
    "light": {"ink": "#26302a", "soft": "#5c665f", "line": "#dfe1da", "leaf": "#1f7a4a", "card": "#ffffff"},
    "dark": {"ink": "#ebeee8", "soft": "#b3bab3", "line": "#3a423c", "leaf": "#6fcf97", "card": "#1c221e"},
    "print": {"ink": "#000000", "soft": "#333333", "line": "#cccccc", "leaf": "#1f7a4a", "card": "#ffffff"},
}
_PALETTE: Mapping[Theme, Sequence[str]] = {
    "light": ("#1f7a4a", "#0072b2", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00", "#5b5b5b"),
    "dark": ("#6fcf97", "#56b4e9", "#f2a65a", "#e3a3c8", "#f0d264", "#8fc7ee", "#c9b458", "#b9b9b9"),
    "print": ("#1f7a4a", "#0072b2", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d00", "#5b5b5b"),
}
_OTHER = "Other"


def specification(drawing: Drawing, rows: Rows, theme: Theme, width: int = WIDTH) -> dict[str, Any]:
    """Return the Vega-Lite specification of a drawing."""
    columns = {key: find(getattr(drawing, key), rows.columns) for key in ("x", "y", "colour")}
    used = {key: column for key, column in columns.items() if column is not None}
    data = _data(drawing, rows, used)
    names = dict(zip(used, ("c0", "c1", "c2"), strict=False))
    body = _BODIES[drawing.kind](_Parts(drawing, used, names, data, theme, width))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "transparent",
        "width": width,
        "height": HEIGHT,
        "padding": {"left": 4, "right": 12, "top": 8, "bottom": 4},
        "data": {"values": data},
        "config": _config(theme),
        **body,
    }


@dataclass(frozen=True)
class _Parts:
    """What the body of a specification is made from."""

    drawing: Drawing
    used: Mapping[str, Column]
    names: Mapping[str, str]
    data: Sequence[Mapping[str, Any]]
    theme: Theme
    width: int

    @property
    def is_time(self) -> bool:
        """Whether time runs along the bottom."""
        return self.used["x"].kind in TIMES

    def measure(self, **more: Any) -> dict[str, Any]:
        """Return what is measured; counted rows without a column."""
        axis = {"format": "~s" if self._largest() >= 100_000 else ",~f", "tickCount": 5}  # noqa: PLR2004 - 1e5
        if "y" not in self.used:
            return {
                "aggregate": "count",
                "type": "quantitative",
                "title": "Number of rows",
                "axis": axis,
                **more,
            }
        y = {"field": self.names["y"], "aggregate": "sum", "type": "quantitative"}
        return {**y, "title": _short(self.used["y"].name), "axis": axis, **more}

    def _largest(self) -> float:
        if "y" not in self.used:
            return len(self.data)
        return max((abs(row.get(self.names["y"]) or 0) for row in self.data), default=0)

    def along(self, **more: Any) -> dict[str, Any]:
        """Return what lies along the bottom."""
        x: dict[str, Any] = {"field": self.names["x"], "title": _short(self.used["x"].name)}
        if self.is_time:
            axis: dict[str, Any] = {"format": self._time_format(), "labelOverlap": True}
            return {**x, "type": "temporal", "scale": {"type": "utc"}, "axis": axis | self._ticks(), **more}
        if self.used["x"].kind in NUMBERS and self.drawing.kind in ("line", "area", "scatter"):
            return {**x, "type": "quantitative", "scale": {"zero": False}, "axis": {"format": ",~f"}, **more}
        return {**x, "type": "nominal", "sort": None, **more}

    def _ticks(self) -> dict[str, Any]:
        """Return where time is labelled: at each value when they are few, else wherever there is room."""
        room = self.width // _PIXELS_OF_A_DATE
        times = sorted({str(row[self.names["x"]]) for row in self.data if row.get(self.names["x"])})
        if len(times) > room:
            return {"tickCount": room}
        return {"values": [_milliseconds(time) for time in times]}

    def _time_format(self) -> str:
        days = sorted(str(row[self.names["x"]])[:10] for row in self.data if row.get(self.names["x"]))
        if all(day.endswith("-01-01") for day in days):
            return "%Y"
        if all(day.endswith("-01") for day in days):
            return "%b %Y"
        return "%-d %b %Y" if days and days[0][:4] != days[-1][:4] else "%-d %b"

    def colour(self) -> dict[str, Any]:
        """Return the colours; the one of the house without a column."""
        if "colour" not in self.used:
            return {"value": _INK[self.theme]["leaf"]}
        scale = {"range": list(_PALETTE[self.theme])}
        legend = {"orient": "top", "title": None, "columns": max(2, self.width // 160), "labelLimit": 150}
        return {
            "field": self.names["colour"],
            "type": "nominal",
            "scale": scale,
            "legend": legend,
            "sort": None,
        }


def _bar(parts: _Parts) -> dict[str, Any]:
    encoding = {"color": parts.colour()}
    mark: dict[str, Any] = {"type": "bar", "cornerRadiusEnd": 3}
    if parts.is_time:
        size = max(
            4, min(40, parts.width // (2 * max(1, len({row[parts.names["x"]] for row in parts.data}))))
        )
        bars = {"x": parts.along(), "y": parts.measure(), **encoding}
        return {"mark": {**mark, "size": size}, "encoding": bars}
    names = list(dict.fromkeys(str(row[parts.names["x"]]) for row in parts.data))
    if len(names) > _MANY_NAMES * parts.width // WIDTH or any(len(name) > _LONG_NAME for name in names):
        axis = {"labelLimit": parts.width // 2}
        lying = {"y": parts.along(axis=axis, title=None), "x": parts.measure(), **encoding}
        return {"mark": mark, "encoding": lying, "height": max(120, _ROW_HEIGHT * len(names))}
    standing = {"x": parts.along(axis={"labelAngle": 0}), "y": parts.measure(), **encoding}
    return {"mark": {**mark, "width": {"band": 0.7}}, "encoding": standing}


def _line(parts: _Parts) -> dict[str, Any]:
    few = len(parts.data) <= 60  # noqa: PLR2004 - more dots than that hide the line
    mark = {"type": "line", "strokeWidth": 2.5, "point": {"size": 36, "filled": True} if few else False}
    return {"mark": mark, "encoding": {"x": parts.along(), "y": parts.measure(), "color": parts.colour()}}


def _area(parts: _Parts) -> dict[str, Any]:
    mark = {"type": "area", "line": True, "opacity": 0.75}
    return {"mark": mark, "encoding": {"x": parts.along(), "y": parts.measure(), "color": parts.colour()}}


def _pie(parts: _Parts) -> dict[str, Any]:
    scale = {"range": list(_PALETTE[parts.theme])}
    side = "right" if parts.width == WIDTH else "bottom"
    legend = {
        "orient": side,
        "title": None,
        "labelLimit": parts.width // 2,
        "columns": 1 if side == "right" else 2,
    }
    colour: dict[str, Any] = {
        "field": parts.names["x"],
        "type": "nominal",
        "scale": scale,
        "legend": legend,
        "sort": None,
    }
    mark = {"type": "arc", "innerRadius": 60, "stroke": _INK[parts.theme]["card"], "strokeWidth": 2}
    return {"mark": mark, "encoding": {"theta": parts.measure(stack=True), "color": colour}}


def _scatter(parts: _Parts) -> dict[str, Any]:
    y: dict[str, Any] = {
        "field": parts.names["y"],
        "type": "quantitative",
        "title": _short(parts.used["y"].name),
    }
    y |= {"scale": {"zero": False}, "axis": {"format": ",~f"}}
    mark = {"type": "point", "filled": True, "opacity": 0.6, "size": 40}
    return {"mark": mark, "encoding": {"x": parts.along(), "y": y, "color": parts.colour()}}


def _histogram(parts: _Parts) -> dict[str, Any]:
    x = {"field": parts.names["x"], "bin": {"maxbins": 24}, "type": "quantitative"}
    x |= {"title": _short(parts.used["x"].name), "axis": {"format": ",~f"}}
    y = {"aggregate": "count", "type": "quantitative", "title": "Number of rows", "axis": {"format": ",~f"}}
    return {"mark": {"type": "bar"}, "encoding": {"x": x, "y": y, "color": parts.colour()}}


_BODIES = {
    "bar": _bar,
    "line": _line,
    "area": _area,
    "pie": _pie,
    "scatter": _scatter,
    "histogram": _histogram,
}


def _data(drawing: Drawing, rows: Rows, used: Mapping[str, Column]) -> list[dict[str, Any]]:
    places = [rows.columns.index(column) for column in used.values()]
    x = used["x"]
    needs_x = x.kind in NUMBERS or x.kind in TIMES
    data = [
        {f"c{n}": _value(row[place], is_name=n == 0 and not needs_x) for n, place in enumerate(places)}
        for row in rows.rows
        if not (needs_x and row[places[0]] is None)
    ]
    if drawing.kind == "scatter":
        return data[:: max(1, -(-len(data) // MOST_POINTS))]
    most = MOST_SLICES if drawing.kind == "pie" else MOST_BARS
    return (
        data if needs_x or drawing.kind not in ("bar", "pie") else _gathered(data, most, measured="y" in used)
    )


def _gathered(data: list[dict[str, Any]], most: int, *, measured: bool) -> list[dict[str, Any]]:
    """Put what is smallest together as “Other” where there are more names than can be told apart."""
    sums: Counter[str] = Counter()
    for row in data:
        sums[row["c0"]] += abs(row.get("c1") or 0) if measured else 1
    if len(sums) <= most:
        return data
    kept = {name for name, _sum in sums.most_common(most - 1)}
    others = [{**row, "c0": _OTHER} for row in data if row["c0"] not in kept]
    return [*(row for row in data if row["c0"] in kept), *others]


def _value(cell: Cell, *, is_name: bool) -> Any:
    match cell:
        case None:
            return "–" if is_name else None
        case bool():
            return "yes" if cell else "no"
        case Decimal():
            return float(cell)
        case date():
            return cell.isoformat()
        case int() | float():
            return str(cell) if is_name else cell
        case _:
            return _short(cell)


def _milliseconds(time: str) -> int:
    """Return ISO text as the number in which Vega counts time, in UTC."""
    moment = datetime.fromisoformat(time).replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _short(text: str) -> str:
    """Return text that fits beside an axis, on one line, without characters no picture can hold."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 60 else line[:59] + "…"  # noqa: PLR2004 - about as wide as a third of the picture


def _config(theme: Theme) -> dict[str, Any]:
    ink = _INK[theme]
    axis: dict[str, Any] = {"labelColor": ink["soft"], "titleColor": ink["soft"], "domainColor": ink["line"]}
    axis |= {"tickColor": ink["line"], "gridColor": ink["line"], "labelFontSize": 12, "titleFontSize": 12}
    axis |= {
        "titleFontWeight": "normal",
        "titlePadding": 10,
        "labelPadding": 6,
        "domain": False,
        "ticks": False,
    }
    return {
        "font": "Liberation Sans, Arial, sans-serif",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
        "legend": {"labelColor": ink["ink"], "labelFontSize": 12, "symbolType": "circle"},
        "arc": {"outerRadius": 130},
    }
