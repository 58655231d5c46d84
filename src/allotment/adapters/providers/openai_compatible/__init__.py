"""Providers that speak the OpenAI API: OpenAI, Azure OpenAI (v1), Ollama, vLLM, Mistral and many more."""

from collections.abc import Mapping

from yarl import URL

from allotment.adapters.wires.chat_completions import ChatCompletions, Endpoint
from allotment.adapters.wires.fields import KEY, NETWORK, PATIENCE, patience_of, reach_of
from allotment.engine.asking import ConnectionField, Provider
from allotment.kernel.outbound import Outbound

_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")


class OpenAICompatible:
    """The plugin."""

    kind = "openai_compatible"
    title = "OpenAI or compatible"
    description = "OpenAI, Azure OpenAI, Ollama, vLLM, Mistral and every other server with the OpenAI API."
    fields = (
        ConnectionField(
            "endpoint",
            "Address",
            help="The address of the API. It usually ends in /v1.",
            default="https://api.openai.com/v1",
        ),
        KEY,
        NETWORK,
        PATIENCE,
    )
    runs_here = False
    for_tests = False

    def connect(self, values: Mapping[str, str], outbound: Outbound) -> Provider:
        """Return a provider for these field values."""
        url = complete_address(values["endpoint"])
        endpoint = Endpoint(url, _headers(url, values.get("key", "")), reach_of(values), patience_of(values))
        return ChatCompletions(endpoint, outbound)


def complete_address(address: str) -> str:
    """Return `address` up to the version; people often paste the host alone or the whole path of a call."""
    bare = address.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        url = URL(bare)
    except ValueError:
        return bare
    if url.path.strip("/"):
        return bare
    return f"{bare}/openai/v1" if _is_azure(url) else f"{bare}/v1"


def _headers(url: str, key: str) -> dict[str, str]:
    if not key:
        return {}
    if _is_azure(URL(url)):
        return {"api-key": key}
    return {"Authorization": f"Bearer {key}"}


def _is_azure(url: URL) -> bool:
    return (url.host or "").endswith(_AZURE)


plugin = OpenAICompatible()
