"""A signed-in visitor over HTTP: what a browser sends, and how long each answer takes."""

import gzip
import http.client
import re
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_ASSET = re.compile(r'(?:href|src)="(/assets/[^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many milliseconds all of it was there."""

    status: int
    text: str
    transferred: int
    """Bytes of head and body as they came over the wire (gzip)."""
    milliseconds: float
    location: str = ""


class Visitor:
    """One person with one connection that is kept open, as browsers do."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._cookies: dict[str, str] = {}

    @classmethod
    def signed_in(cls, port: int, email: str, password: str) -> Self:
        """Sign in through the page."""
        visitor = cls(port)
        answer = visitor.submit("/sign-in/", {"login": email, "password": password})
        if answer.status != 302:
            raise SystemExit(f"Signing in failed with status {answer.status}.")
        return visitor

    def get(self, path: str) -> Answer:
        """Fetch a page."""
        return self._ask("GET", path)

    def submit(self, path: str, fields: dict[str, str], *, by_htmx: bool = False) -> Answer:
        """Fetch the page with a form, fill it in and send it; the time is that of sending alone."""
        found = _TOKEN.search(self.get(path).text)
        if found is None:
            raise SystemExit(f"There is no form on {path}.")
        return self.post(path, {**fields, "csrfmiddlewaretoken": found[1]}, by_htmx=by_htmx)

    def post(self, path: str, fields: dict[str, str], *, by_htmx: bool = False) -> Answer:
        """Send a form whose token is known."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if by_htmx:
            headers["HX-Request"] = "true"
        return self._ask("POST", path, urllib.parse.urlencode(fields), headers)

    def form_token(self, path: str) -> str:
        """Return the token of the form on a page."""
        found = _TOKEN.search(self.get(path).text)
        return "" if found is None else found[1]

    def follow(self, path: str) -> Iterator[str]:
        """Yield the kind of each event of a stream as it arrives, to the last one."""
        self._connection.request("GET", path, headers=self._headers())
        response = self._connection.getresponse()
        while line := response.readline():
            kind = line.removeprefix(b"event: ")
            if kind != line:
                yield kind.decode().strip()

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {"Accept-Encoding": "gzip", "Cookie": cookies, "Referer": "http://127.0.0.1/"}

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        started = time.perf_counter()
        self._connection.request(method, path, body=body, headers={**self._headers(), **(headers or {})})
        response = self._connection.getresponse()
        sent = response.read()
        milliseconds = (time.perf_counter() - started) * 1000
        head = response.getheaders()
        for name, value in head:
            if name.lower() == "set-cookie":
                cookie, _, rest = value.partition(";")[0].partition("=")
                self._cookies[cookie] = rest
        is_packed = response.getheader("content-encoding") == "gzip"
        text = (gzip.decompress(sent) if is_packed else sent).decode("utf-8", "replace")
        size = len(sent) + sum(len(name) + len(value) + 4 for name, value in head)
        return Answer(response.status, text, size, milliseconds, response.getheader("location") or "")


def assets_of(page: Answer) -> tuple[str, ...]:
    """Return the addresses of the style, scripts and pictures a page names."""
    return tuple(dict.fromkeys(_ASSET.findall(page.text)))
