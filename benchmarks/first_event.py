"""How long a run takes to show a first sign of life, and to be done, with a model that answers at once."""

import re
import time
from dataclasses import dataclass
from itertools import cycle

from benchmarks.browsing import Visitor
from benchmarks.filling import Filled
from benchmarks.findings import Finding, percentile
from benchmarks.serving import Server

_STREAM = re.compile(r'src="(/events/runs/[^"]+)"')


def measure(server: Server, filled: Filled, *, times: int) -> list[Finding]:
    """Submit the form as the page does (htmx) and follow the stream it names to its end, one run after the other.

    People take turns, so that nobody meets the limit of questions a minute.
    """
    path = f"/apps/{filled.app}/"
    visitors = [Visitor.signed_in(server.port, email, filled.password) for email in filled.people[:4]]
    tokens = [visitor.form_token(path) for visitor in visitors]
    turns = cycle(zip(visitors, tokens, strict=True))
    for _ in visitors:
        _submitted(*next(turns), path, filled)  # the first runs open what later ones share
    took = [_submitted(*next(turns), path, filled) for _ in range(times)]
    first, done = [one.first for one in took], [one.done for one in took]
    note = f"{times} runs, one at a time, provider of 0 ms"
    return [
        Finding("Submit to the first event, median", percentile(first, 0.5), "ms", 60, note),
        Finding("Submit to the first event, p95", percentile(first, 0.95), "ms", 60, note),
        Finding("Submit to done, median", percentile(done, 0.5), "ms", None, note),
        Finding("Submit to done, p95", percentile(done, 0.95), "ms", None, note),
    ]


@dataclass(frozen=True)
class _Took:
    """Milliseconds from sending the form."""

    first: float
    done: float


def _submitted(visitor: Visitor, token: str, path: str, filled: Filled) -> _Took:
    fields = {**filled.fields, "csrfmiddlewaretoken": token}
    started = time.perf_counter()
    answer = visitor.post(path, fields, by_htmx=True)
    if answer.status != 200:
        raise SystemExit(f"The form was not accepted: status {answer.status}.")
    stream = _STREAM.search(answer.text)
    # A run that was faster than its page is shown finished, without a stream to follow.
    arrived = [_since(started)]
    if stream is not None:
        arrived = [_since(started) for _ in visitor.follow(stream[1])]
    return _Took(arrived[0], arrived[-1])


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
