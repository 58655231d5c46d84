"""Check evidence from a journal of Allotment, without Allotment and without a network.

    python verify_journal.py pack.zip --key 'allotment/journal/…+1a2b3c4d+AX…' [--witness state.json]

Needs Python 3.11 and `cryptography`. Take the key from somebody you trust, never from the pack: whoever makes up a pack
makes up its keys. After a change of keys, --key may be given for each. Ends with 0: proved; 1: something is false;
2: it cannot be told, for damage or without a key; 3: proved by the key, but not comparable with --witness; 4: there are
no entries. Notes say what was not looked at.

The journal is a tree (RFC 6962): every entry is a leaf, and the root depends on every byte of it. A checkpoint (C2SP
tlog-checkpoint) states origin, number of entries and root; one Ed25519 key signs it twice, plainly and with the time
(C2SP signed-note, tlog-cosignature). An entry may be ten minutes older than the checkpoint before it or younger than
the one that covers it, and twenty older than an entry before it; only demonstration data, marked `demo`, may be older.
Under another name, times begin anew.
A pack, a folder or .zip of the following, of which the last two may be absent:
  checkpoint.txt        the signed checkpoint that everything is proved against
  keys.txt              the journal's public keys (C2SP vkeys), oldest first; not trusted
  entries.jsonl         {"number": 12, "body": "{canonical JSON (RFC 8785)}"}, ascending
  proofs/12.tlog-proof  for each entry (C2SP tlog-proof); without that folder all entries are here: a full export
  checkpoints.jsonl     {"note": "…", "proof": ["base64", …]}: others, with consistency proofs but in a full export
  rotations.jsonl       {"number": 40, "body": "{…}", "proof": "(a tlog-proof)"}: changes of the key, signed by both
A receipt (.json): {"receipt": {…}, "entry": "{…}", "proof": "(a tlog-proof)", "keys": ["…"]} and lists `rotations` and
`checkpoints` as above. The entry's details name as `receipt` the SHA-256 of the receipt in canonical JSON; the receipt
names as `result` that of `salt` (base64) and `result`. Without `receipt`, as for programs, the entry is the receipt.
A witness's state (.json): {"checkpoint": "…", "keys": ["…"]}: what somebody else saw last, and the keys it trusts.
"""

import argparse
import json
import re
import struct
import sys
import zipfile
import zlib
from base64 import b64decode, b64encode
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import sha256
from itertools import islice, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PLAIN, TIMED, EMPTY = b"\1", b"\4", sha256().digest()
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAMED = ("id", "actor", "app", "approver", "run", "space")
TOLERANCE, LONG_AGO = timedelta(minutes=10), datetime.fromtimestamp(0, UTC)
Lines = Iterable[dict[str, Any]]
DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError)
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, struct.error, EOFError)
canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


class Untrue(Exception):
    """Something in the evidence is not true."""


class Unsigned(Untrue):
    """No key that is trusted signed it."""


# --- The tree (RFC 6962 §2.1; proofs by RFC 9162 §2.1.3.2 and §2.1.4.2) ---
def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def append(edge: list[bytes], size: int, leaf: bytes) -> None:
    """Append to a tree of `size` leaves; `edge` holds the roots of its complete subtrees, largest first."""
    while size & 1:
        leaf, size = node_hash(edge.pop(), leaf), size >> 1
    edge.append(leaf)


def climb(position: int, last: int, path: Sequence[bytes], start: bytes) -> tuple[bytes, bytes]:
    """Return the root of the smaller and of the larger tree that `path` leads to."""
    smaller = larger = start
    for sibling in path:
        if last == 0:
            raise Untrue("a proof is too long")
        if position & 1 or position == last:
            smaller, larger = node_hash(sibling, smaller), node_hash(sibling, larger)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            larger = node_hash(larger, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise Untrue("a proof is too short")
    return smaller, larger


def continues(old: "Checkpoint", new: "Checkpoint", path: Sequence[bytes]) -> bool:
    """Whether `path` shows that the tree of `new` begins with the tree of `old`."""
    if old.size in {0, new.size} or old.size > new.size:
        return not path and (old.size == 0 or (old.size, old.root) == (new.size, new.root))
    position, last = old.size - 1, new.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    start, *rest = path if old.size & (old.size - 1) else [old.root, *path]
    return climb(position, last, rest, start) == (old.root, new.root)


# --- Signed checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof) ---
class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    at: datetime
    signers: frozenset[str]


def unbase64(text: str) -> bytes:
    data = b64decode(text, validate=True)
    if b64encode(data).decode() != text:
        raise ValueError("base64 with bits to spare")
    return data


def read_key(key: str) -> tuple[str, bytes]:
    """Return name and public key of `name+id+base64(type ‖ key)`."""
    name, key_id, encoded = key.split("+", 2)
    material = unbase64(encoded)
    if sha256(name.encode() + b"\n" + material).hexdigest()[:8] != key_id or material[:1] != PLAIN:
        raise ValueError(f"the key {key!r} is damaged; copy it again, on one line")
    return name, material[1:]


def open_checkpoint(note: str, keys: Sequence[str]) -> Checkpoint:
    """Return what `note` says; raises `Untrue` unless one of `keys` signed it both ways, and none wrongly."""
    text, _, lines = note.rpartition("\n\n")
    origin, size, root = text.split("\n")
    times: dict[tuple[str, bytes], datetime] = {}
    for key, kind in [(key, kind) for key in keys for kind in (PLAIN, TIMED)]:
        name, public = read_key(key)
        key_id = sha256(name.encode() + b"\n" + kind + public).digest()[:4]
        for line in lines.split("\n"):
            signature = unbase64(line.rpartition(" ")[2])
            if line.startswith(f"— {name} ") and signature[:4] == key_id:
                times[key, kind] = verify_signature(f"{text}\n", signature[4:], public, kind)
    signers = frozenset(one for one in keys if {(one, PLAIN), (one, TIMED)} <= times.keys())
    if not signers:
        raise Unsigned(f"the checkpoint over {size} entries is not signed by a trusted key")
    if origin not in {read_key(one)[0] for one in signers}:
        raise Untrue(f"the checkpoint over {size} entries belongs to another journal, {origin}")
    return Checkpoint(origin, int(size), unbase64(root), max(times[one, TIMED] for one in signers), signers)


def verify_signature(text: str, signature: bytes, public: bytes, kind: bytes) -> datetime:
    """Return the time in the signature, long ago for a plain one; raises `Untrue` if it does not sign `text`."""
    seconds, signature = (int.from_bytes(signature[:8]), signature[8:]) if kind == TIMED else (0, signature)
    text = f"cosignature/v1\ntime {seconds}\n{text}" if kind == TIMED else text
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except InvalidSignature:
        raise Untrue("a checkpoint was changed after it was signed: its signature does not fit") from None
    return datetime.fromtimestamp(seconds, UTC)


def split_proof(text: str) -> tuple[int, list[bytes], str]:
    """Return number, hashes and checkpoint of a tlog-proof."""
    head, _, note = text.partition("\n\n")
    first, number, *hashes = [one for one in head.split("\n") if not one.startswith("extra ")]
    if first != "c2sp.org/tlog-proof@v1":
        raise ValueError("not a tlog-proof")
    return int(number.removeprefix("index ")), [unbase64(one) for one in hashes], note


# --- What is checked ---
@dataclass
class Check:
    """The keys that are trusted, and up to which size; what a witness saw; what is false, and what else to know."""

    trusted: list[str]
    witnessed: list[str] = field(default_factory=list)
    until: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    unseen: str = ""
    ids: set[bytes] = field(default_factory=set)
    known: list[Checkpoint] = field(default_factory=list)
    youngest: defaultdict[str, datetime] = field(default_factory=lambda: defaultdict(lambda: LONG_AGO))
    is_full: bool = False

    def checkpoint(self, note: str) -> Checkpoint:
        """Open a checkpoint signed by a key that was in force at its size."""
        opened = open_checkpoint(note, self.trusted)
        if all(opened.size > self.until.get(one, opened.size) for one in opened.signers):
            raise Untrue(f"a replaced key signed the checkpoint over {opened.size} entries")
        return opened

    def proved(self, number: int, body: str, proof: str) -> Checkpoint:
        """Return the checkpoint under which `body` is entry `number`; it must be known to be of this journal."""
        place, path, note = split_proof(proof)
        tree, leaf = self.checkpoint(note), sha256(b"\0" + body.encode()).digest()
        if not 0 <= number == place < tree.size or climb(number, tree.size - 1, path, leaf)[1] != tree.root:
            raise Untrue(f"entry {number} is not what was recorded: its proof does not fit its text")
        if self.known and not self.knows(tree, f"the proof of entry {number} is of"):
            raise ValueError(f"entry {number} is proved under another checkpoint, over {tree.size} entries")
        return tree

    def knows(self, tree: Checkpoint, who: str) -> bool:
        """Whether `tree` is among the known; raises `Untrue` if it contradicts them."""
        same = [one for one in self.known if one.size == tree.size]
        if any(one.root != tree.root for one in same):
            raise Untrue(f"this is a fork: {who} other entries among the first {tree.size}")
        return not tree.size or any(one.origin == tree.origin for one in same)

    def follow(self, rotations: Lines) -> Iterator[Checkpoint]:
        """Trust each key that a trusted key handed over to, and the older one only up to there."""
        for one in rotations:
            with suppress(Unsigned):  # it is from before the keys that are trusted
                tree, body = self.proved(one["number"], one["body"], one["proof"]), json.loads(one["body"])
                new, note = body["details"]["vkey"], split_proof(one["proof"])[2]
                if body["action"] != "journal.rotate-key" or new not in open_checkpoint(note, [new]).signers:
                    raise Untrue(f"entry {one['number']} does not hand over to another key")
                self.until = {**dict.fromkeys(tree.signers - {new}, tree.size), **self.until}
                self.trusted += [new] if new not in self.trusted else []
                yield tree

    def history(self, note: str, rotations: Lines, earlier: Lines, *, is_full: bool) -> Checkpoint:
        """Open `note`, and know by size what it continues; that of a full export has yet to be shown."""
        self.is_full = is_full
        others = [(one, "a key was changed among") for one in self.follow(rotations)]
        newest = self.checkpoint(note)
        self.known = [newest]
        for one in earlier:
            with suppress(Unsigned):  # it is from before the keys that are trusted
                old = self.checkpoint(one["note"])
                if not is_full and not continues(old, newest, [unbase64(each) for each in one["proof"]]):
                    raise Untrue(f"the journal does not continue its checkpoint over {old.size} entries")
                self.known.append(old)
        others += [(self.checkpoint(one), "the witness saw") for one in self.witnessed]
        for tree, who in others:
            if self.knows(tree, who) or is_full:
                self.known.append(tree)
            else:
                self.unseen = f"it has no proof that it continues the {tree.size} entries {who}"
        self.known.sort(key=attrgetter("size", "at"))
        return newest

    def entry(self, number: int, body: str) -> dict[str, Any]:
        """Return what an entry says; note what is wrong with it, beside those before it and the known around it."""
        content: dict[str, Any] = json.loads(body, parse_float=str, parse_constant=str)
        ids = [UUID.fullmatch(content[name]) for name in NAMED if content.get(name) is not None]
        at = datetime.fromisoformat(content["at"]).astimezone(UTC)
        if canonical(content) != body or f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" != content["at"] or not all(ids):
            self.found.append(f"the text of entry {number} is not canonical JSON, or an id or time is not")
        short = sha256(content["id"].encode()).digest()[:16]
        if short in self.ids:
            self.found.append(f"entry {number} repeats an earlier one: both have the id {content['id']}")
        self.ids.add(short)
        self.date(number, at, content["details"])
        return content

    def date(self, number: int, at: datetime, details: dict[str, Any]) -> None:
        """Note what is wrong with the time of an entry; called in the order of the journal."""
        place = bisect_right(self.known, number, key=attrgetter("size"))
        before, after = self.known[:place][-1:], self.known[place]
        bounds = [one.at - TOLERANCE for one in before if one.origin == after.origin]
        bounds.append(self.youngest[after.origin] - 2 * TOLERANCE)
        if at > after.at + TOLERANCE:
            self.found.append(f"entry {number} is dated ahead, to {at}; it was signed {after.at}")
        elif details.get("demo"):
            self.notes["entries are marked as a demonstration; they may be back-dated"] += 1
        elif at < max(bounds):
            self.found.append(f"entry {number} is back-dated to {at}; it must be of {max(bounds)} or later")
        else:
            self.youngest[after.origin] = max(at, self.youngest[after.origin])
            if not before or (not self.is_full and at < after.at - TOLERANCE):
                self.notes["entries have no checkpoint before or soon after; they may be back-dated"] += 1

    def everything(self, entries: Iterator[dict[str, Any]]) -> None:
        """Compute the tree from all entries and compare it with every checkpoint."""
        edge, size, since = list[bytes](), 0, 0
        for tree in self.known:
            for one in islice(entries, tree.size - size):
                if one["number"] != size:
                    raise Untrue(f"entry {size} is missing: entry {one['number']} stands in its place")
                self.entry(size, one["body"])
                append(edge, size, sha256(b"\0" + one["body"].encode()).digest())
                size += 1
            if size < tree.size:
                signed = f"{tree.size} entries were signed {tree.at}"
                raise Untrue(f"the journal was cut, or this is old: {signed}, but only {size} are here")
            if tree.root != reduce(lambda right, left: node_hash(left, right), edge[::-1] or [EMPTY]):
                why = f"entry {since} or a later one was changed, removed, added or moved"
                raise Untrue(f"the first {size} entries are not those that were signed {tree.at}: {why}")
            since = size
        if next(entries, None):
            raise Untrue(f"entry {size} and what follows is not covered by the checkpoint")

    def pack(self, pack: Path | zipfile.Path) -> str:
        """Check a pack against its checkpoint, and against the one a witness saw; return what was proved."""
        proofs, note = pack / "proofs", (pack / "checkpoint.txt").read_text(encoding="utf-8")
        earlier, rotations = lines(pack / "checkpoints.jsonl"), lines(pack / "rotations.jsonl")
        new = self.history(note, rotations, earlier, is_full=not proofs.exists())
        if any(old.at > one.at for old, one in pairwise(self.known) if old.origin == one.origin):
            raise Untrue("the times of the checkpoints go back")
        if self.is_full:
            self.everything(lines(pack / "entries.jsonl"))
            return f"all {new.size} entries of {new.origin}, signed {new.at}" if new.size else ""
        for one in lines(pack / "entries.jsonl"):
            proof = proofs / f"{one['number']}.tlog-proof"
            self.proved(one["number"], one["body"], proof.read_text(encoding="utf-8"))
            self.entry(one["number"], one["body"])
        return f"{len(self.ids)} of {new.size} entries of {new.origin}, signed {new.at}" if self.ids else ""

    def receipt(self, file: dict[str, Any]) -> str:
        number, _, note = split_proof(file["proof"])
        tree = self.history(note, file.get("rotations", []), file.get("checkpoints", []), is_full=False)
        self.proved(number, file["entry"], file["proof"])
        entry = self.entry(number, file["entry"])
        what = "the receipt" if "receipt" in file else f"the entry “{entry['action']}”"
        if "receipt" in file and digest(file["receipt"]) != entry["details"]["receipt"]:
            raise Untrue("the receipt was changed: the journal recorded another one")
        if "result" in file:
            what = "the receipt with its result"
            if digest(file["result"], unbase64(file["salt"])) != file["receipt"]["result"]:
                raise Untrue("the result was changed: it is not the one this receipt was made for")
        return f"{what}, recorded as entry {number} of {tree.origin}, signed {tree.at}"

    def file(self, path: Path) -> str:
        """Check whatever `path` is; return what was proved, nothing if it holds no entries."""
        if path.suffix == ".json":
            file = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
            self.trusted = self.trusted or file["keys"][:1]
            if "entry" in file:
                return self.receipt(file)
            seen = self.history(file["checkpoint"], [], [], is_full=False)
            return f"what a witness saw: {seen.size} entries of {seen.origin}, signed {seen.at}"
        pack = path if path.is_dir() else zipfile.Path(path)
        if isinstance(pack, zipfile.Path):
            once([(one.filename, one) for one in pack.root.infolist()])
        self.trusted = self.trusted or (pack / "keys.txt").read_text(encoding="utf-8").split()[:1]
        return self.pack(pack)


def digest(value: Any, salt: bytes = b"") -> str:
    return "sha256:" + sha256(salt + canonical(value).encode()).hexdigest()


# --- Files and the command line ---
def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name comes twice, so that it can be read in two ways")
    return dict(pairs)


def lines(file: Path | zipfile.Path) -> Iterator[dict[str, Any]]:
    if file.is_file():
        with file.open(encoding="utf-8") as opened:
            yield from (json.loads(line, object_pairs_hook=once) for line in opened)


def verdict(path: Path, keys: Sequence[str], witness: Path | None) -> tuple[int, list[str]]:
    check = Check(list(keys))
    try:
        if witness:
            state = json.loads(witness.read_text(encoding="utf-8"), object_pairs_hook=once)
            check.trusted, check.witnessed = [*keys, *state["keys"]], [state["checkpoint"]]
        is_vouched = bool(check.trusted)
        proved = check.file(path)
    except Untrue as untrue:
        check.found.append(str(untrue))
    except (*DAMAGED, *BROKEN_ZIP) as error:
        return 2, [f"CANNOT TELL: this cannot be read as evidence ({type(error).__name__}: {error})."]
    if check.found:
        return 1, [f"FALSE: {one}." for one in check.found]
    if not proved:
        return 4, ["NOTHING TO PROVE: there are no entries here."]
    notes = [f"Note: {count} {what}." for what, count in check.notes.items()]
    if not is_vouched:
        warning = "NOT PROVED: no --key was given, so this vouches for itself. Anybody could have made it up."
        return 2, [warning, f"It fits together: {proved}.", *notes]
    if check.witnessed and check.unseen:
        return 3, [f"NOT PROVED against the witness: {check.unseen}.", f"By the key: {proved}.", *notes]
    return 0, [f"PROVED: {proved}.", *notes]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check evidence from a journal of Allotment.")
    parser.add_argument("file", type=Path, help="an evidence pack, a receipt, or what a witness saw")
    parser.add_argument("--key", action="append", default=[], help="a public key that you trust")
    parser.add_argument("--witness", type=Path, help="what a witness saw last")
    options = parser.parse_args(arguments)
    status, sentences = verdict(options.file, options.key, options.witness)
    sys.stdout.write("".join(f"{one}\n" for one in sentences))
    return status


if __name__ == "__main__":
    sys.exit(main())
