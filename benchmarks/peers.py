"""Other gateways in front of the same provider, under the same load, on the same core: those that are installed.

`ALLOTMENT_BENCH_PEERS` may name a Python in whose environment peers are installed; else what is on the PATH is taken.
What is not installed is listed as that. Refuses: figures that were not measured here.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import cores, gate
from benchmarks.chat import PLAIN, PLAIN_BODY, Way, answering, governed, passing_through, prepared
from benchmarks.findings import Measured
from benchmarks.loading import Loaded, load
from benchmarks.progress import say
from benchmarks.provider import MODEL
from benchmarks.serving import free_port, resident_megabytes, wait_for_health

WORDS = """\
The same provider, load and core for each; what is not installed is listed as that. The others only hand calls on here:
they screen nothing, count no money and keep no journal. The sketch is `benchmarks/sketch.py`: one policy, one budget in
memory and a row in SQLite for each call, committed in groups, on Starlette and aiohttp; no screening, no proofs, and
what it counts is forgotten when it ends. Times are with one client. The stages of Allotment are those of the part
above, measured anew, one call at a time."""
_HERE = Path(__file__).parent
_HEAD = "| gateway | calls/s, 16 | calls/s, 64 | p50 ms | p99 ms | resident MB |\n|---|---|---|---|---|---|"
_KEY = "sk-measured-0123456789abcdef0123456789"


@dataclass(frozen=True)
class Place:
    """Where a peer is started: its port, the provider's, and a folder for its files."""

    port: int
    provider: int
    folder: Path
    python: str

    @property
    def api(self) -> str:
        """The provider's address."""
        return f"http://127.0.0.1:{self.provider}/v1"

    def written(self, name: str, text: str) -> str:
        """Write a file of settings and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@dataclass(frozen=True)
class Peer:
    """A gateway that may be installed."""

    name: str
    needs: tuple[str, ...]
    """Modules that must be importable, or a program on the PATH (with a leading `$`, and whose it is)."""
    command: Callable[[Place], list[str]]
    health: str
    path: str = "/v1/chat/completions"
    headers: tuple[tuple[str, str], ...] = ()
    model: str = MODEL


def _sketch(kind: str) -> Callable[[Place], list[str]]:
    script = str(_HERE / "sketches.py")
    return lambda at: [at.python, script, kind, str(at.port), at.api]


def _governed_sketch(at: Place) -> list[str]:
    return [sys.executable, str(_HERE / "sketch.py"), str(at.port), at.api, str(at.folder / "sketch.sqlite3")]


def _litellm(at: Place) -> list[str]:
    model = {"model": f"openai/{MODEL}", "api_key": _KEY, "api_base": at.api}
    config = {
        "model_list": [{"model_name": MODEL, "litellm_params": model}],
        "litellm_settings": {"callbacks": [], "num_retries": 0, "telemetry": False},
        "general_settings": {"master_key": _KEY},
    }
    file = at.written("litellm.yaml", json.dumps(config))
    options = ["--config", file, "--host", "127.0.0.1", "--port", str(at.port), "--num_workers", "1"]
    return [at.python, "-m", "litellm.proxy.proxy_cli", *options]


def _mlflow(at: Place) -> list[str]:
    model = {
        "provider": "openai",
        "name": MODEL,
        "config": {"openai_api_key": _KEY, "openai_api_base": at.api},
    }
    endpoint = {"name": MODEL, "endpoint_type": "llm/v1/chat", "model": model}
    file = at.written("mlflow.yaml", json.dumps({"endpoints": [endpoint]}))
    options = ["--config-path", file, "--host", "127.0.0.1", "--port", str(at.port), "--workers", "1"]
    return [at.python, "-m", "mlflow", "gateway", "start", *options]


def _portkey(at: Place) -> list[str]:
    return ["gateway", "--headless", f"--port={at.port}"]


def _tensorzero(at: Place) -> list[str]:
    file = at.written(
        "tensorzero.toml",
        f'[gateway]\nbind_address = "127.0.0.1:{at.port}"\nobservability.enabled = false\n'
        f'[models.measured]\nrouting = ["p"]\n[models.measured.providers.p]\ntype = "openai"\n'
        f'model_name = "{MODEL}"\napi_base = "{at.api}"\napi_key_location = "none"\n',
    )
    return ["gateway", "--config-file", file]


def _peers(provider: int) -> tuple[Peer, ...]:
    to_provider = (
        ("x-portkey-provider", "openai"),
        ("x-portkey-custom-host", f"http://127.0.0.1:{provider}/v1"),
        ("Authorization", f"Bearer {_KEY}"),
    )
    return (
        Peer("Sketch: policy, budget, SQLite group commit", (), _governed_sketch, "/health"),
        Peer("Starlette + aiohttp", ("starlette", "aiohttp", "uvicorn"), _sketch("starlette"), "/health"),
        Peer("FastAPI + httpx", ("fastapi", "httpx", "uvicorn"), _sketch("httpx"), "/health"),
        Peer("FastAPI + OpenAI SDK", ("fastapi", "openai", "uvicorn"), _sketch("sdk"), "/health"),
        Peer(
            "LiteLLM proxy", ("litellm.proxy",), _litellm, "/health/liveliness",
            headers=(("Authorization", f"Bearer {_KEY}"),),
        ),
        Peer("MLflow gateway", ("mlflow.gateway",), _mlflow, "/health"),
        Peer("Portkey", ("$gateway of @portkey-ai",), _portkey, "/", headers=to_provider),
        Peer(
            "TensorZero", ("$gateway of tensorzero",), _tensorzero, "/health", path="/openai/v1/chat/completions",
            model="tensorzero::model_name::measured",
        ),
    )  # fmt: skip


def measure(folder: Path, *, seconds: float, times: int) -> Measured:
    """Measure Allotment, the floor, the sketch and whatever is installed; return one table, ours stage by stage."""
    python = os.environ.get("ALLOTMENT_BENCH_PEERS", sys.executable)  # noqa: TID251 - not the product
    rows = []
    with answering() as provider:
        rows.append(_row("directly", Way(provider, PLAIN), seconds))
        with passing_through(provider) as floor:
            rows.append(_row("Floor: handing on, ASGI + aiohttp", floor, seconds))
        questions = prepared(folder / "peers", provider)
        with governed(folder / "peers", questions) as (way, process):
            rows.append(_row("**Allotment**, all stages, journal on disk", way, seconds, process))
        say("Allotment, stage by stage")
        rows += [_stage(stage) for stage in gate.stages(times) if stage.name != gate.SCREENING]
        rows += [
            _measured(peer, Place(free_port(), provider, folder, python), seconds)
            for peer in _peers(provider)
        ]
    return Measured([], ["\n".join((_HEAD, *rows))])


def _row(name: str, way: Way, seconds: float, process: int | None = None) -> str:
    say(name.replace("*", ""))
    one, few, many = [load(way.plan(each, seconds), cores.LOAD) for each in (1, 16, 64)]
    if not many.answered:
        return _missing(name, "did not answer: " + " ".join(many.refusal.split())[:80].replace("|", "/"))
    memory = "–" if process is None else f"{resident_megabytes(process):.0f}"
    return (
        f"| {name}{_refused(one, few, many)} | {few.a_second:,.0f} | {many.a_second:,.0f} "
        f"| {one.p50:.2f} | {one.p99:.2f} | {memory} |"
    )


def _refused(*loads: Loaded) -> str:
    refused = sum(each.refused for each in loads)
    return f" ({refused:,} calls failed)" if refused else ""


def _stage(stage: gate.Stage) -> str:
    return f"| – {stage.name} | – | – | {gate.cells(stage)} | – |"


def _missing(name: str, why: str) -> str:
    return f"| {name} | {why} | – | – | – | – |"


def _measured(peer: Peer, place: Place, seconds: float) -> str:
    if not all(is_installed(need, place.python) for need in peer.needs):
        return _missing(peer.name, "not installed")
    body = json.dumps({**json.loads(PLAIN_BODY), "model": peer.model})
    command = ["taskset", "-c", str(cores.SERVER), *peer.command(place)]
    settings = {**os.environ, "TRUSTED_CUSTOM_HOSTS": "127.0.0.1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # noqa: TID251
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=place.folder, env=settings, stdout=quiet, stderr=quiet) as process:
        try:
            wait_for_health(place.port, process, peer.health)
            way = Way(place.port, [(dict(peer.headers), body)], peer.path)
            return _row(peer.name, way, seconds, process.pid)
        except (SystemExit, subprocess.CalledProcessError):
            return _missing(peer.name, "installed, but could not be measured")
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
            process.kill()


def is_installed(need: str, python: str) -> bool:
    """Whether the environment of `python`, or the PATH, has what a peer needs."""
    if need.startswith("$"):
        program, _, maker = need[1:].partition(" of ")
        found = shutil.which(program)
        # Two of them call their program `gateway`; that of an npm package stands in the folder of its maker.
        is_from_npm = found is not None and "node_modules" in os.path.realpath(found)
        return found is not None and is_from_npm == maker.startswith("@")
    asked = [
        python,
        "-c",
        f"import importlib.util, sys; sys.exit(importlib.util.find_spec({need!r}) is None)",
    ]
    return subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode == 0
