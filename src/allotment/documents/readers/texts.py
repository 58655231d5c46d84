"""Documents that are text already: plain files, web pages, e-mails. Nothing in them is run, fetched or opened."""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, MIMEPart
from html.parser import HTMLParser

import msgspec

from allotment.kernel.errors import Invalid

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "head", "iframe", "object"})
_HEADERS = ("From", "To", "Cc", "Date", "Subject")


class DocumentText(msgspec.Struct, frozen=True):
    """What a document says."""

    text: str
    pages: int | None = None
    """None for what has no pages."""
    notes: tuple[str, ...] = ()
    """What is missing from the text, in sentences."""


def decoded(name: str, content: bytes) -> str:
    """Return text in UTF-8, UTF-16 with a mark, or the code page of western Windows."""
    has_mark = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in content[:2000] and not has_mark:
        raise _no_text(name)
    for encoding in ("utf-8-sig", "utf-16") if has_mark else ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _no_text(name)


def _no_text(name: str) -> Invalid:
    return Invalid(f"“{name}” is not a text file.", hint="Save it as UTF-8 text and choose it again.")


class _Seen(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block; note what is hidden."""
        if tag in _UNSEEN:
            self._hidden += 1
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag in ("td", "th"):
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        """End what is hidden, and the line of a block."""
        if tag in _UNSEEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep what is seen."""
        if not self._hidden:
            self.parts.append(data.replace("\n", " "))


def html_text(page: str) -> DocumentText:
    """Return what a web page says, without its scripts and styles."""
    seen = _Seen()
    seen.feed(page)
    seen.close()
    lines = (" ".join(line.split()) for line in "".join(seen.parts).splitlines())
    return DocumentText("\n".join(_without_double_gaps(lines)).strip())


def _without_double_gaps(lines: Iterator[str]) -> Iterator[str]:
    was_empty = False
    for line in lines:
        if line or not was_empty:
            yield line
        was_empty = not line


def mail_text(content: bytes) -> DocumentText:
    """Return who wrote what to whom; files that came with it are named and not opened."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    if not any(message[name] for name in _HEADERS):
        raise Invalid("This is not an e-mail.", hint="Save the message as .eml and choose it again.")
    heads = [f"{name}: {_header(message, name)}" for name in _HEADERS if message[name]]
    body = message.get_body(("plain", "html"))
    files = [part.get_filename() or "a file without a name" for part in message.iter_attachments()]
    notes = (f"Not read: {', '.join(files)}, which came with it.",) if files else ()
    return DocumentText("\n".join([*heads, "", _body(body)]).strip(), notes=notes)


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message[name]).split())


def _body(part: MIMEPart | None) -> str:
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    text = payload.decode(_charset(part), errors="replace") if isinstance(payload, bytes) else ""
    return html_text(text).text if part.get_content_subtype() == "html" else text.replace("\r\n", "\n")


def _charset(part: MIMEPart) -> str:
    """Return the encoding that a mail names, when there is such a one."""
    named = part.get_content_charset("utf-8")
    try:
        b"".decode(named)
    except LookupError:
        return "utf-8"
    return named
