"""Server-sent events, as bytes arrive. Source: WHATWG HTML Standard §9.2.6, "Interpreting an event stream".

Invariant: lines are decoded only when whole, so a character split across chunks is never broken. Bounded: a
line or a stream longer than its limit raises `TooMuch`. Keeps `data` only; nothing here uses names and ids.
"""

import re

MAX_LINE_BYTES = 1_000_000
MAX_STREAM_BYTES = 16_000_000

_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
"""A carriage return at the very end waits for the next chunk: it may be half of a CRLF."""


class TooMuch(ValueError):
    """The stream is longer than anything a model sends."""


class EventParser:
    """Turns chunks of bytes into the `data` of events. Raises UnicodeDecodeError for what is not UTF-8."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._received = 0
        self._at_start = True

    def feed(self, chunk: bytes) -> list[str]:
        """Return the events completed by `chunk`."""
        self._received += len(chunk)
        *lines, self._rest = _LINE_END.split(self._rest + chunk)
        if self._received > MAX_STREAM_BYTES or len(self._rest) > MAX_LINE_BYTES:
            raise TooMuch
        return [event for line in lines if (event := self._line(line)) is not None]

    def finish(self) -> list[str]:
        """Return the last event when the sender left out the blank line after it."""
        lines = (self._rest.rstrip(b"\r"), b"")
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, raw: bytes) -> str | None:
        line = raw.decode("utf-8")
        if self._at_start:
            line = line.removeprefix("\ufeff")
            self._at_start = False
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        if not self._data:
            return None
        event, self._data = "\n".join(self._data), []
        return event
