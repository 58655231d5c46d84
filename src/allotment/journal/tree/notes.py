"""Signed notes (C2SP signed-note): a text and lines that sign it, with Ed25519.

Two types of signature: plain (0x01) and, for a text that is a checkpoint, timestamped (0x04, C2SP tlog-cosignature).
One key may make both: the messages differ in their first line, and so do the key ids.

Invariant: a note that opens was signed by at least one of the given keys, and by none of them wrongly.
Refuses: signatures of unknown keys as evidence (they are ignored), and malformed notes.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from allotment.kernel.errors import Invalid

PLAIN = 0x01
TIMESTAMPED = 0x04
_KEY_BYTES = 32
_ID_BYTES = 4
_TIME_BYTES = 8
UNKNOWN_KEY = "unknown-key"
"""The code of the refusal of a note that none of the known keys signed."""
_MOST_SIGNATURES = 100
_DASH = "\u2014 "
_PRIVATE = "PRIVATE+KEY+"


@dataclass(frozen=True)
class Verifier:
    """A public key with the name it signs under. `Verifier.parse(text)` reads what `text` writes."""

    name: str
    public: bytes
    kind: int = PLAIN

    def __post_init__(self) -> None:
        _require_name(self.name)
        if self.kind not in {PLAIN, TIMESTAMPED} or len(self.public) != _KEY_BYTES:
            raise _bad_key("it is not an Ed25519 key of type 1 or 4")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a C2SP vkey, `name+id+key`; raises `Invalid`."""
        name, key_id, rest = _parts(text)
        if rest[:1] not in {bytes([PLAIN]), bytes([TIMESTAMPED])}:
            raise _bad_key("it is not an Ed25519 key of type 1 or 4")
        verifier = cls(name, rest[1:], rest[0])
        if verifier.key_id.hex() != key_id:
            raise _bad_key("its id does not belong to it")
        return verifier

    @property
    def text(self) -> str:
        """The vkey, as one gives it to others."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.public)}"

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names the key."""
        material = self.name.encode() + b"\n" + bytes([self.kind]) + self.public
        return sha256(material).digest()[:_ID_BYTES]

    def of_kind(self, kind: int) -> "Verifier":
        """Return the same key for the other type of signature."""
        return Verifier(self.name, self.public, kind)

    def verify(self, text: str, signature: bytes) -> "Signature | None":
        """Return the signature of `text`, or None if it is not one."""
        message, at = text.encode(), None
        if self.kind == TIMESTAMPED:
            seconds, signature = int.from_bytes(signature[:_TIME_BYTES]), signature[_TIME_BYTES:]
            message = _timestamped(text, seconds)
            at = _moment(seconds)
            if at is None:
                return None
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return None
        return Signature(self, at)


@dataclass(frozen=True)
class Signature:
    """Who signed, and when, if the signature tells."""

    by: Verifier
    at: datetime | None = None


@dataclass(frozen=True)
class Note:
    """A text that was signed by known keys."""

    text: str
    signatures: tuple[Signature, ...]


class Signs(Protocol):
    """Something that signs notes."""

    @property
    def verifier(self) -> Verifier:
        """The public key."""
        ...

    def sign(self, text: str) -> bytes:
        """Return the signature of `text`, without the key id."""
        ...


class Signer:
    """A private key with the name it signs under; makes plain signatures."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Self:
        """Make a new key."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a private key in Go's encoding, `PRIVATE+KEY+name+id+key`; raises `Invalid`."""
        if not text.startswith(_PRIVATE):
            raise _bad_key("a private key begins with PRIVATE+KEY+")
        name, key_id, rest = _parts(text.removeprefix(_PRIVATE))
        if rest[:1] != bytes([PLAIN]) or len(rest) != 1 + _KEY_BYTES:
            raise _bad_key("it is not an Ed25519 key of type 1")
        signer = cls(name, rest[1:])
        if signer.verifier.key_id.hex() != key_id:
            raise _bad_key("its id does not belong to it")
        return signer

    def private_text(self) -> str:
        """Return the private key in Go's encoding. Whoever has it can sign."""
        verifier = self.verifier
        return f"{_PRIVATE}{verifier.name}+{verifier.key_id.hex()}+{_base64(bytes([PLAIN]) + self._seed)}"

    def sign(self, text: str) -> bytes:
        """Return the 64 bytes that sign `text`."""
        return self._key.sign(text.encode())

    def at(self, moment: datetime) -> "TimestampingSigner":
        """Return what signs with the same key and states the time, to the second."""
        return TimestampingSigner(self, moment)


class TimestampingSigner:
    """Signs a checkpoint together with the time."""

    def __init__(self, signer: Signer, moment: datetime) -> None:
        self.verifier = signer.verifier.of_kind(TIMESTAMPED)
        self._signer = signer
        self._seconds = int(moment.timestamp())

    def sign(self, text: str) -> bytes:
        """Return the time and the 64 bytes that sign it with `text`."""
        signature = self._signer.sign(_timestamped(text, self._seconds).decode())
        return self._seconds.to_bytes(_TIME_BYTES) + signature


def sign_note(text: str, signers: Sequence[Signs]) -> str:
    """Return `text`, a blank line and one line for each signer; raises `Invalid` for a text no note can have."""
    _require_text(text)
    lines = [
        f"{_DASH}{one.verifier.name} {_base64(one.verifier.key_id + one.sign(text))}\n" for one in signers
    ]
    return f"{text}\n{''.join(lines)}"


def open_note(note: str, verifiers: Iterable[Verifier]) -> Note:
    """Return the text and the signatures by `verifiers`; raises `Invalid` if there is none, or one is wrong."""
    text, lines = _split(note)
    known = {(one.name, one.key_id): one for one in verifiers}
    signatures: dict[Verifier, Signature] = {}
    for name, key_id, signature in map(_signature_line, lines):
        verifier = known.get((name, key_id))
        if verifier is None or verifier in signatures:
            continue
        verified = verifier.verify(text, signature)
        if verified is None:
            raise Invalid(
                f"The signature of {name} (key {key_id.hex()}) does not belong to this text.",
                hint="The text or the signature was changed. Get the original again and compare.",
                where="signature",
                code="bad-signature",
            )
        signatures[verifier] = verified
    if not signatures:
        raise Invalid(
            "None of the known keys signed this note.",
            hint="Check that the key belongs to this journal, and that the note was not cut.",
            where="signature",
            code=UNKNOWN_KEY,
        )
    return Note(text, tuple(signatures.values()))


def _split(note: str) -> tuple[str, list[str]]:
    text, blank, signatures = note.rpartition("\n\n")
    lines = signatures.split("\n")
    if not blank or not text or lines.pop() or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise _malformed("a text, a blank line and at least one signature were expected")
    _require_text(text + "\n")
    return text + "\n", lines


def _signature_line(line: str) -> tuple[str, bytes, bytes]:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _is_name(name):
        raise _malformed("a line after the text is not a signature")
    decoded = _unbase64(encoded)
    if decoded is None or len(decoded) <= _ID_BYTES:
        raise _malformed("a signature is not in base64")
    return name, decoded[:_ID_BYTES], decoded[_ID_BYTES:]


def _parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    decoded = _unbase64(encoded)
    if not name or len(key_id) != 2 * _ID_BYTES or not decoded:
        raise _bad_key("name, id and key joined by + were expected")
    return name, key_id, decoded


def _timestamped(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(one.isspace() for one in name)


def _require_name(name: str) -> None:
    if not _is_name(name):
        raise _bad_key("a name has no spaces and no plus signs")


def _require_text(text: str) -> None:
    if not text.endswith("\n") or any(one < " " and one != "\n" for one in text):
        raise _malformed("the text must end with a newline and hold no control characters")


def _malformed(why: str) -> Invalid:
    return Invalid(
        f"This is not a signed note: {why}.",
        hint="Take the file as it was written, with all its lines.",
        where="note",
        code="malformed-note",
    )


def _bad_key(why: str) -> Invalid:
    return Invalid(
        f"This key cannot be used: {why}.",
        hint="Copy the whole key, on one line, from the place that published it.",
        where="key",
        code="bad-key",
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _unbase64(text: str) -> bytes | None:
    """Return the bytes; None unless `text` is the one standard encoding of them."""
    try:
        data = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if b64encode(data).decode() == text else None
