"""The scripted provider: stands in for a model in tests and benchmarks.

Invariant: the same question gets the same answer, and every call is counted on disk before it answers, so the
count survives `kill -9`. Offered only when `settings().scripted_model` is set.
"""

from collections.abc import Mapping
from pathlib import Path

from allotment.adapters.providers.scripted.script import Script, load
from allotment.adapters.providers.scripted.speaking import ScriptedProvider
from allotment.engine.asking import ConnectionField, Provider
from allotment.kernel.outbound import Outbound


class Scripted:
    """The plugin."""

    kind = "scripted"
    title = "Scripted answers"
    description = "Answers by rules instead of a model. For tests and benchmarks only."
    fields = (
        ConnectionField(
            "script",
            "Script",
            help="Path of a JSON file with rules. Empty: repeats the question.",
            is_required=False,
        ),
        ConnectionField(
            "calls_file",
            "Count calls in",
            help="Path of a file that gets one line per call.",
            is_required=False,
        ),
        ConnectionField("delay_milliseconds", "Delay before the first word", is_required=False, default="0"),
        ConnectionField(
            "word_delay_milliseconds", "Delay before each next word", is_required=False, default="0"
        ),
        ConnectionField(
            "failure",
            "Fail with",
            help="One of hang, garbage, 401, 429, 500. Empty: never.",
            is_required=False,
        ),
    )
    runs_here = True
    for_tests = True

    def connect(self, values: Mapping[str, str], outbound: Outbound) -> Provider:  # noqa: ARG002 - sends nothing
        """Return a provider for these field values."""
        path = values.get("script")
        calls_file = values.get("calls_file")
        return ScriptedProvider(
            script=load(Path(path)) if path else Script(),
            calls_file=Path(calls_file) if calls_file else None,
            delay_milliseconds=int(values.get("delay_milliseconds") or 0),
            word_delay_milliseconds=int(values.get("word_delay_milliseconds") or 0),
            failure=values.get("failure", ""),
        )


plugin = Scripted()
