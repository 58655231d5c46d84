"""The practice model's own process: serves the model on a loopback port until its parent goes away.

Run as a script, not imported: it must stay small, so it knows nothing of Allotment. The parent writes one
line of JSON to standard input (`model`, `name`, `key`, `threads`) and keeps it open; the child answers
with one line on standard output (`address` or `error`). The key travels through that pipe alone: arguments
and environment are readable by others.
Invariant: it never outlives its parent.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys

import xllamacpp

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_CONTEXT_TOKENS = 4096
_AT_ONCE = 2
_CACHE_MIB = 64


def _die_with_parent() -> None:
    """Ask Linux to kill us when the parent dies; elsewhere the end of standard input has to do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _parameters(order: dict[str, str]) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path = order["model"]
    params.model_alias = {order["name"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]
    params.n_ctx = _CONTEXT_TOKENS
    params.n_parallel = _AT_ONCE
    params.kv_unified = True
    # Threads that wait for each other by spinning made answers 30 times slower on a busy machine (measured), and
    # writing with a model this small gains nothing from a second one; reading a long text does.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = int(order["threads"])
    params.cpuparams_batch.poll = 0
    params.n_threads_http = _AT_ONCE + 2
    params.cache_ram_mib = _CACHE_MIB
    params.ui = False
    params.endpoint_slots = False
    params.warmup = False
    params.offline = True
    params.verbosity = 0
    return params


def main() -> None:
    """Serve until standard input ends."""
    _die_with_parent()
    order = json.loads(sys.stdin.readline() or "{}")
    if not order:
        return
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        server = xllamacpp.Server(_parameters(order))
    except (RuntimeError, ValueError, OSError) as error:
        print(json.dumps({"error": str(error)}), file=answer, flush=True)
        return
    print(json.dumps({"address": server.listening_address}), file=answer, flush=True)
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
