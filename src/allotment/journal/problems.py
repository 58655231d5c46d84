"""What can be wrong with a journal, in words: what happened, to what, what to do next."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST_TOLD = 1000
"""Problems that are told one by one; more are only counted."""


class Kind(StrEnum):
    """One way in which a journal can be damaged."""

    CHANGED = "changed"
    REMOVED = "removed"
    GAP = "gap"
    REPEATED = "repeated"
    UNREADABLE = "unreadable"
    FORM = "form"
    STRAY = "stray"
    TICKET = "ticket"
    SHOWN = "shown"
    PERSONAL = "personal"
    BACKDATED = "back-dated"
    AHEAD = "dated-ahead"
    UNPLACED = "unplaced"
    REWRITTEN = "rewritten"
    FORK = "fork"
    WITNESSED = "witnessed"
    CUT = "cut"
    UNSIGNED = "unsigned"
    ROW = "row"
    SIGNATURE = "signature"
    CLOCK = "clock"
    HANDOVER = "handover"
    UNPROVED_KEY = "unproved-key"
    OTHER_KEY = "other-key"
    NO_KEY = "no-key"
    OUTSIDE = "outside"


_KEEP = _("Keep the database as it is, as evidence. Compare it with a backup and with what a witness saw.")
_COPY = _("Put the file back from a copy. If there is none, ask whoever witnesses this journal.")

_WORDS: dict[Kind, tuple[Promise, Promise]] = {
    Kind.CHANGED: (_("The text of entry %(where)s was changed after it was recorded."), _KEEP),
    Kind.REMOVED: (_("Entry %(where)s was removed; its place in the tree is still there."), _KEEP),
    Kind.GAP: (_("The place of entry %(where)s in the tree is missing."), _KEEP),
    Kind.REPEATED: (_("Entry %(where)s repeats an earlier one: both have the id %(id)s."), _KEEP),
    Kind.UNREADABLE: (_("The text of entry %(where)s is not that of an entry."), _KEEP),
    Kind.FORM: (
        _(
            "The text of entry %(where)s is not written in canonical form, or one of its ids or its time is not: "
            "it can be read in two ways."
        ),
        _("Allotment never writes this. Find out who can write to the database."),
    ),
    Kind.STRAY: (
        _("The entry with ticket %(where)s has the place %(number)s, which no tree has: nobody signed it."),
        _("Allotment never writes this. Find out who can write to the database."),
    ),
    Kind.TICKET: (
        _(
            "Entry %(where)s has a ticket that stands before those of earlier entries: it is shown out of order."
        ),
        _KEEP,
    ),
    Kind.SHOWN: (
        _("The entry with ticket %(where)s is found by other values than those of its text: %(names)s."),
        _("Its text is what is proved. Allotment never writes this: find out who can write to the database."),
    ),
    Kind.PERSONAL: (
        _("What entry %(where)s says about a person is missing: %(names)s. The entry itself is not touched."),
        _(
            "Erasing a person leaves such a row in place, so somebody removed it from the database. "
            "Look for it in a backup."
        ),
    ),
    Kind.BACKDATED: (
        _("Entry %(where)s is back-dated to %(at)s: what stands before it is of %(bound)s."),
        _("Look at who wrote it, and what it claims. The machine's clock may have been wrong."),
    ),
    Kind.AHEAD: (
        _("Entry %(where)s is dated ahead, to %(at)s: it was signed at %(bound)s."),
        _("Look at who wrote it, and what it claims. The machine's clock may have been wrong."),
    ),
    Kind.UNPLACED: (
        _("The entry with ticket %(where)s has no place in the tree, though it should have one by now."),
        _("See that the server runs and that its journal is not stopped; else somebody removed the place."),
    ),
    Kind.REWRITTEN: (
        _("The tree of the first %(where)s entries is not the one that was signed at %(at)s."),
        _KEEP,
    ),
    Kind.FORK: (
        _(
            "The tree of the first %(where)s entries is not the one in the checkpoint kept outside the database: "
            "the journal was written anew."
        ),
        _KEEP,
    ),
    Kind.WITNESSED: (
        _("The tree of the first %(where)s entries is not the one that the witness saw: this is a fork."),
        _KEEP,
    ),
    Kind.CUT: (
        _("%(where)s entries were signed, but the journal has only %(size)s: its end was cut off."),
        _KEEP,
    ),
    Kind.UNSIGNED: (
        _("The entries from %(where)s on are not signed."),
        _("See that the server runs and that its journal is not stopped."),
    ),
    Kind.ROW: (_("The stored hash of row %(where)s of the tree is missing or wrong."), _KEEP),
    Kind.SIGNATURE: (_("The checkpoint over %(where)s entries is not signed as it must be: %(why)s"), _KEEP),
    Kind.CLOCK: (
        _("The checkpoint over %(where)s entries is dated before the one it follows."),
        _("The machine's clock went back. Check what changed it."),
    ),
    Kind.HANDOVER: (_("Entry %(where)s does not hand over to another key as it must: %(why)s"), _KEEP),
    Kind.UNPROVED_KEY: (
        _("The key in force after %(where)s entries is not proved: %(why)s"),
        _KEEP,
    ),
    Kind.OTHER_KEY: (
        _("The newest checkpoint is not signed by %(key)s, nor by a key that it handed over to."),
        _(
            "If the journal began anew, get its new key from somebody you trust. Else somebody else signed it: "
            "keep everything as evidence."
        ),
    ),
    Kind.NO_KEY: (_("The journal's first public key, in journal.vkeys, is not known: %(why)s"), _COPY),
    Kind.OUTSIDE: (
        _("The newest checkpoint outside the database, journal.checkpoint, is not known: %(why)s"),
        _COPY,
    ),
}


@dataclass(frozen=True)
class Problem:
    """Something that is wrong."""

    kind: Kind
    where: int
    """Number of an entry, size of a checkpoint, or ticket, as the kind says."""
    since: int
    """What the journal holds before this entry is not touched by the problem."""
    details: dict[str, str] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """What happened, to what."""
        return str(_WORDS[self.kind][0]) % {"where": self.where, **self.details}

    @property
    def remedy(self) -> str:
        """What to do next."""
        return str(_WORDS[self.kind][1])
