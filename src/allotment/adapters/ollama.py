"""Finding an Ollama on this machine, so that a person can connect it with one click."""

import msgspec

from allotment.kernel.errors import ProviderError
from allotment.kernel.outbound import Outbound, Reach, decoded

ENDPOINT = "http://127.0.0.1:11434/v1"
"""The value of the OpenAI-compatible plugin's `endpoint` field for a local Ollama."""

_TAGS = "http://127.0.0.1:11434/api/tags"


class _Model(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    models: list[_Model] | None = None


async def find_local_ollama(outbound: Outbound, *, tags: str = _TAGS) -> tuple[str, ...]:
    """Return the names of the models a local Ollama offers; none when there is no Ollama."""
    try:
        payload = await outbound.get_json(tags, headers={}, reach=Reach.LOCAL, timeout_seconds=0.5)
        listed = decoded(payload, _Tags, "Ollama").models or []
    except ProviderError:
        return ()
    return tuple(sorted(model.name for model in listed))
