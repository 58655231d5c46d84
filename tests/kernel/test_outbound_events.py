"""Server-sent events arrive in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.outbound.events import MAX_LINE_BYTES, EventParser, TooMuch

LINES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), min_size=1)


def read(chunks: list[bytes]) -> list[str]:
    parser = EventParser()
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.finish()


def test_events_are_data_between_blank_lines() -> None:
    stream = b"\xef\xbb\xbfdata: one\n\nid: 3\nevent: x\n: comment\ndata:two\ndata: three\n\n\n\ndata\n\n"
    assert read([stream]) == ["one", "two\nthree", ""]


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert read([b"data: one\n\ndata: two"]) == ["one", "two"]


@given(
    st.lists(LINES, min_size=1),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_however_the_bytes_are_cut_the_events_are_the_same(
    events: list[str], end: str, sizes: list[int]
) -> None:
    whole = "".join(f"data: {event}{end}{end}" for event in events).encode()
    chunks, start = [], 0
    while start < len(whole):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(whole[start : start + size])
        start += size
    assert read(chunks) == events


def test_a_line_without_end_is_refused() -> None:
    parser = EventParser()
    parser.feed(b"x" * MAX_LINE_BYTES)
    with pytest.raises(TooMuch):
        parser.feed(b"x")


def test_what_is_not_utf8_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        EventParser().feed(b"data: \xff\n")
