"""Check evidence from a journal of Allotment, without Allotment and without a network.

    python verify_journal.py pack.zip --key 'allotment/journal/…+1a2b3c4d+AX…' [--witness state.json]

Needs Python 3.11 and `cryptography`. Ends with 0 if everything is proved, 1 if something is false, 2 if it cannot be
told: a file is damaged, or no key was given. Take the key from somebody you trust, never from the pack: whoever makes
up a pack makes up its keys. After a change of keys, --key may be given for each.

The journal is a tree (RFC 6962): every entry is a leaf, and the root depends on every byte of every entry. A checkpoint
(C2SP tlog-checkpoint) states origin, number of entries and root. One Ed25519 key signs it twice, plainly and with the
time (C2SP signed-note, tlog-cosignature). An entry may be at most ten minutes older than the checkpoint before it, or
younger than the one that covers it; demonstration data, marked `invented`, may be of any time. What can be checked:

  a pack (folder, .zip)  checkpoint.txt     the signed checkpoint that everything is proved against
                         keys.txt           the journal's public keys (C2SP vkeys), oldest first; not trusted
                         entries.jsonl      {"number": 12, "body": "{…}"}, ascending; `body` is the exact text
                         proofs/12.tlog-proof  for each entry (C2SP tlog-proof). A full export has no such folder: it
                                            holds all entries, so that the root is computed from them
                         checkpoints.jsonl  {"note": "…", "proof": ["base64", …]}, ascending: earlier checkpoints, each
                                            with its consistency proof (not in a full export); may be absent
                         rotations.jsonl    {"number": 40, "body": "{…}", "proof": "(a tlog-proof)"}: changes of the
                                            key, under a checkpoint signed by the old and the new; may be absent
  a receipt (.json)      {"receipt": {…}, "entry": "{…}", "proof": "(a tlog-proof)", "keys": ["…"]}; the entry's
                         details hold `receipt`, the SHA-256 of the receipt in canonical JSON (RFC 8785; it has no
                         fractions). `checkpoint` and `rotations` (a list, as above) may be there too. `result` with
                         its `salt` (base64): the receipt's `result` is the SHA-256 of the salt and the result in
                         canonical JSON. Without `receipt`, as for a call by a program, the entry itself is the receipt
  a witness's (.json)    {"checkpoint": "…", "keys": ["…"]}: what somebody else saw last. With --witness, the pack must
  state                  continue it, and its keys are trusted
"""

import argparse
import json
import sys
import zipfile
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PLAIN, TIMED = b"\1", b"\4"
TOLERANCE = timedelta(minutes=10)


class Untrue(Exception):
    """Something in the evidence is not true."""


class Unclear(Exception):
    """It cannot be told whether the evidence is true."""


# --- The tree (RFC 6962 §2.1; proofs by RFC 9162 §2.1.3.2 and §2.1.4.2) ---
def leaf_hash(body: str) -> bytes:
    return sha256(b"\0" + body.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def append(edge: list[bytes], size: int, leaf: bytes) -> None:
    """Append to a tree of `size` leaves; `edge` holds the roots of its complete subtrees, largest first."""
    while size & 1:
        leaf, size = node_hash(edge.pop(), leaf), size >> 1
    edge.append(leaf)


def root_of(edge: Sequence[bytes]) -> bytes:
    root = edge[-1] if edge else sha256().digest()
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


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
@dataclass(frozen=True)
class Checkpoint:
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
        raise Unclear(f"the key {key!r} is damaged; copy it again, on one line")
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
        raise Untrue(f"the checkpoint over {size} entries is not signed by a trusted key")
    if origin not in {read_key(one)[0] for one in signers}:
        raise Untrue(f"the checkpoint over {size} entries belongs to another journal, {origin}")
    return Checkpoint(origin, int(size), unbase64(root), max(times[one, TIMED] for one in signers), signers)


def verify_signature(text: str, signature: bytes, public: bytes, kind: bytes) -> datetime:
    """Return the time in the signature, long ago for a plain one; raises `Untrue` if it does not sign `text`."""
    seconds = 0
    if kind == TIMED:
        seconds, signature = int.from_bytes(signature[:8]), signature[8:]
        text = f"cosignature/v1\ntime {seconds}\n{text}"
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
    """The keys that are trusted, up to which size each, and what was found to be false."""

    trusted: list[str]
    until: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def checkpoint(self, note: str) -> Checkpoint:
        """Open a checkpoint signed by a key that was in force at its size."""
        opened = open_checkpoint(note, self.trusted)
        if all(opened.size > self.until.get(one, opened.size) for one in opened.signers):
            raise Untrue(f"a replaced key signed the checkpoint over {opened.size} entries")
        return opened

    def proved(self, number: int, body: str, proof: str) -> Checkpoint:
        """Return the checkpoint under which `body` is entry `number`."""
        place, path, note = split_proof(proof)
        tree = self.checkpoint(note)
        is_there = 0 <= number == place < tree.size
        if not is_there or climb(number, tree.size - 1, path, leaf_hash(body))[1] != tree.root:
            raise Untrue(f"entry {number} is not what was recorded: its proof does not fit its text")
        return tree

    def follow(self, rotations: Iterable[dict[str, Any]]) -> None:
        """Trust each key that a trusted key handed over to, and the older one only up to there."""
        for one in rotations:
            tree, body = self.proved(one["number"], one["body"], one["proof"]), json.loads(one["body"])
            new, note = body["details"]["vkey"], split_proof(one["proof"])[2]
            if body["action"] != "journal.rotate-key" or new not in open_checkpoint(note, [new]).signers:
                raise Untrue(f"entry {one['number']} does not hand over to another key")
            self.until = {**dict.fromkeys(tree.signers - {new}, tree.size), **self.until}
            self.trusted += [new] if new not in self.trusted else []

    def entry(self, number: int, body: str, before: Checkpoint | None, after: Checkpoint) -> None:
        """Note what is wrong with one entry, between the checkpoints around it."""
        content = json.loads(body)
        at = datetime.fromisoformat(content["at"])
        if content["id"] in self.ids:
            self.found.append(f"entry {number} repeats an earlier one: both have the id {content['id']}")
        self.ids.add(content["id"])
        if content["details"].get("invented"):
            return
        if before and at < before.at - TOLERANCE:
            self.found.append(
                f"entry {number} is back-dated to {at}; those before it were signed {before.at}"
            )
        if at > after.at + TOLERANCE:
            self.found.append(f"entry {number} is dated ahead, to {at}; it was signed {after.at}")


def check_all(entries: Iterable[dict[str, Any]], checkpoints: Sequence[Checkpoint], check: Check) -> None:
    """Compute the tree from all entries and compare it with every checkpoint."""
    edge: list[bytes] = []
    size, before, waiting = 0, None, deque(checkpoints)
    for one in chain(entries, [None]):
        while waiting and waiting[0].size == size:
            if waiting[0].root != root_of(edge):
                since = before.size if before else 0
                raise Untrue(
                    f"the first {size} entries are not those that were signed {waiting[0].at}: entry {since} "
                    "or a later one was changed, removed, added or moved"
                )
            before = waiting.popleft()
        if one is None:
            break
        if one["number"] != size:
            raise Untrue(f"entry {size} is missing: entry {one['number']} stands in its place")
        if not waiting:
            raise Untrue(f"entry {size} and what follows is not covered by the checkpoint")
        check.entry(size, one["body"], before, waiting[0])
        append(edge, size, leaf_hash(one["body"]))
        size += 1
    if waiting:
        raise Untrue(f"{waiting[-1].size} entries were signed {waiting[-1].at}, but only {size} are here")


def check_pack(pack: Path | zipfile.Path, check: Check, witnessed: str | None) -> str:
    """Check a pack against its checkpoint, and against the one a witness saw; return what was proved."""
    check.follow(lines(pack / "rotations.jsonl"))
    newest = check.checkpoint((pack / "checkpoint.txt").read_text(encoding="utf-8"))
    is_full = not (pack / "proofs").exists()
    checkpoints = [newest]
    for one in lines(pack / "checkpoints.jsonl"):
        earlier = check.checkpoint(one["note"])
        if not is_full and not continues(earlier, newest, [unbase64(each) for each in one["proof"]]):
            raise Untrue(f"the journal does not continue its checkpoint over {earlier.size} entries")
        checkpoints.append(earlier)
    if witnessed is not None:
        checkpoints.append(check_witness(check.checkpoint(witnessed), checkpoints, is_full=is_full))
    checkpoints.sort(key=lambda one: (one.size, one.at))
    if any(one.at > later.at for one, later in pairwise(checkpoints)):
        raise Untrue("the times of the checkpoints go back")
    if is_full:
        check_all(lines(pack / "entries.jsonl"), checkpoints, check)
        return f"all {newest.size} entries of {newest.origin}, signed {newest.at}"
    numbers = []
    for one in lines(pack / "entries.jsonl"):
        number, proof = one["number"], pack / "proofs" / f"{one['number']}.tlog-proof"
        covering = check.proved(number, one["body"], proof.read_text(encoding="utf-8"))
        before = [each for each in checkpoints if each.size <= number]
        after = [each for each in (*checkpoints, covering) if each.size > number]
        check.entry(number, one["body"], before[-1] if before else None, after[0])
        numbers.append(number)
    return f"{len(numbers)} of {newest.size} entries of {newest.origin}, signed {newest.at}"


def check_witness(seen: Checkpoint, checkpoints: Sequence[Checkpoint], *, is_full: bool) -> Checkpoint:
    """Return what the witness saw, if the pack can be compared with it and is no shorter."""
    if seen.size > checkpoints[0].size:
        raise Untrue(
            f"the journal was cut: the witness saw {seen.size} entries, here are {checkpoints[0].size}"
        )
    same = [one for one in checkpoints if one.size == seen.size]
    if any(one.root != seen.root for one in same):
        raise Untrue(f"this is a fork: the witness saw other entries among the first {seen.size}")
    if not same and not is_full:
        raise Unclear(f"the pack has no proof that it continues the {seen.size} entries the witness saw")
    return seen


def check_receipt(file: dict[str, Any], check: Check) -> str:
    """Check a receipt; return what was proved."""
    check.follow(file.get("rotations", []))
    number, _, note = split_proof(file["proof"])
    tree = check.proved(number, file["entry"], file["proof"])
    if file.get("checkpoint", note) != note:
        raise Untrue("the receipt's checkpoint is not the one in its proof")
    entry = json.loads(file["entry"])
    what, details = f"the entry “{entry['action']}”", entry["details"]
    if "receipt" in file:
        what = "the receipt"
        if digest(file["receipt"]) != details["receipt"]:
            raise Untrue("the receipt was changed: the journal recorded another one")
    if "result" in file:
        what = "the receipt with its result"
        if digest(file["result"], unbase64(file["salt"])) != file["receipt"]["result"]:
            raise Untrue("the result was changed: it is not the one this receipt was made for")
    check.entry(number, file["entry"], None, tree)
    return f"{what}, recorded as entry {number} of {tree.origin}, signed {tree.at}"


def digest(value: Any, salt: bytes = b"") -> str:
    """Return the digest of `value` in canonical JSON, behind the salt."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + sha256(salt + canonical.encode()).hexdigest()


# --- Files and the command line ---
def lines(file: Path | zipfile.Path) -> Iterator[dict[str, Any]]:
    if file.is_file():
        with file.open(encoding="utf-8") as opened:
            yield from map(json.loads, opened)


def check_file(path: Path, check: Check, witness: Path | None) -> str:
    """Check whatever `path` is; return what was proved."""
    state = json.loads(witness.read_text(encoding="utf-8")) if witness else {"keys": [], "checkpoint": None}
    check.trusted += state["keys"]
    if path.suffix == ".json":
        file = json.loads(path.read_text(encoding="utf-8"))
        check.trusted = check.trusted or file["keys"][:1]
        if "entry" in file:
            return check_receipt(file, check)
        seen = check.checkpoint(file["checkpoint"])
        return f"what a witness saw: {seen.size} entries of {seen.origin}, signed {seen.at}"
    pack = path if path.is_dir() else zipfile.Path(path)
    check.trusted = check.trusted or (pack / "keys.txt").read_text(encoding="utf-8").split()[:1]
    return check_pack(pack, check, state["checkpoint"])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check evidence from a journal of Allotment.")
    parser.add_argument("file", type=Path, help="an evidence pack, a receipt, or what a witness saw")
    parser.add_argument(
        "--key", action="append", default=[], help="a public key of the journal that you trust"
    )
    parser.add_argument("--witness", type=Path, help="what a witness saw last")
    options = parser.parse_args(arguments)
    check = Check(list(options.key))
    try:
        proved = check_file(options.file, check, options.witness)
    except Untrue as untrue:
        check.found.append(str(untrue))
    except Unclear as unclear:
        return say(2, f"CANNOT TELL: {unclear}.")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        return say(2, f"CANNOT TELL: this cannot be read as evidence ({type(error).__name__}: {error}).")
    if check.found:
        return say(1, *(f"FALSE: {one}." for one in check.found))
    if options.key or options.witness:
        return say(0, f"PROVED: {proved}.")
    warning = "NOT PROVED: no --key was given, so this vouches for itself. Anybody could have made it up."
    return say(2, warning, f"It fits together: {proved}.")


def say(result: int, *sentences: str) -> int:
    sys.stdout.write("".join(f"{one}\n" for one in sentences))
    return result


if __name__ == "__main__":
    sys.exit(main())
