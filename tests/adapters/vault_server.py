"""A Vault for tests: a real HTTP server that speaks the transit engine's API, with keys and versions of its own.

As documented for HashiCorp Vault and OpenBao: `POST /v1/<mount>/encrypt|decrypt|rewrap/<key>`,
`POST /v1/<mount>/keys/<key>/rotate`, `GET /v1/<mount>/keys/<key>`; the token in `X-Vault-Token`.
"""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.a-token-of-a-test"


class TransitEngine:
    """One key of the engine, with all its versions."""

    def __init__(self, *, mount: str = "transit", key: str = "allotment") -> None:
        self.mount, self.key = mount, key
        self.token = TOKEN
        self.versions = [AESGCM(os.urandom(32))]
        self.asked: list[str] = []
        self.is_sealed = False
        self.url = ""

    def answer(self, method: str, path: str, token: str | None, given: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != self.token:
            return 403, {"errors": ["permission denied"]}
        here = f"/v1/{self.mount}"
        answers = {
            f"GET {here}/keys/{self.key}": lambda: {"latest_version": len(self.versions), "name": self.key},
            f"POST {here}/keys/{self.key}/rotate": self.rotate,
            f"POST {here}/encrypt/{self.key}": lambda: {
                "ciphertext": self.encrypt(base64.b64decode(given["plaintext"]))
            },
            f"POST {here}/decrypt/{self.key}": lambda: {
                "plaintext": base64.b64encode(self.decrypt(given["ciphertext"])).decode()
            },
            f"POST {here}/rewrap/{self.key}": lambda: {
                "ciphertext": self.encrypt(self.decrypt(given["ciphertext"]))
            },
        }
        found = answers.get(f"{method} {path}")
        if found is None:
            return 404, {"errors": []}
        try:
            return 200, {"data": found()}
        except (ValueError, IndexError, InvalidTag):
            return 400, {"errors": ["cipher: message authentication failed"]}

    def rotate(self) -> dict[str, int]:
        self.versions.append(AESGCM(os.urandom(32)))
        return {"latest_version": len(self.versions)}

    def encrypt(self, plaintext: bytes) -> str:
        nonce = os.urandom(12)
        sealed = nonce + self.versions[-1].encrypt(nonce, plaintext, None)
        return f"vault:v{len(self.versions)}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, ciphertext: str) -> bytes:
        _, version, text = ciphertext.split(":")
        sealed = base64.b64decode(text)
        return self.versions[int(version[1:]) - 1].decrypt(sealed[:12], sealed[12:], None)


class _Handler(BaseHTTPRequestHandler):
    engine: TransitEngine

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length) or b"{}")
        status, body = self.engine.answer(method, self.path, self.headers.get("X-Vault-Token"), given)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@contextmanager
def serving_vault(engine: TransitEngine | None = None) -> Iterator[TransitEngine]:
    """Serve a transit engine on a free loopback port."""
    found = engine or TransitEngine()
    handler = type("Handler", (_Handler,), {"engine": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
