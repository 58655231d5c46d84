"""The pages of the journal: what was done here, by whom; each entry with its proof; evidence to take away.

Invariant: whoever reads is recorded, on disk, before they see anything. That takes one short transaction; searching,
rendering and packing need none (see `queries.py`), so a reader keeps nobody from writing.
Refuses: evidence for a filter that cannot be read.
"""

import tempfile
from contextlib import ExitStack
from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from allotment.engine.actions import Action
from allotment.journal import evidence, proving, sequencing
from allotment.journal.forms import FilterForm
from allotment.journal.queries import Recorded, Wanted, entry, recent, said_about_people, tickets
from allotment.journal.reading import note_reading
from allotment.kernel.errors import Invalid, Unavailable
from allotment.web.declaring import declares

_SPOOLED_BYTES = 4_000_000
_MOST_LISTED = 50
"""Tickets that the entry about reading names."""


@declares(Action.READ_JOURNAL)
@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Show entries that match the filter, from `before` downwards."""
    form = FilterForm(request.GET)
    starts_at = _ticket(request.GET.get("before", ""))
    wanted = form.wanted()
    note_reading(_reader(request), "entries", wanted=wanted)
    page = recent(wanted, before=starts_at)
    kept = request.GET.copy()
    kept.pop("before", None)
    context = {
        "form": form,
        "page": page,
        "kept": kept.urlencode(),
        "is_later_page": starts_at is not None,
        "state": sequencing.state(),
        "public_keys": evidence.public_keys().split(),
    }
    return render(request, "journal/entries.html", context)


@declares(Action.READ_JOURNAL)
@require_safe
def one_entry(request: HttpRequest, ticket: int) -> HttpResponse:
    """Show one entry whole, with its proof."""
    found = entry(ticket)
    note_reading(_reader(request), "entry", ticket=ticket)
    proof, unproved = None, None
    try:
        proof = proving.prove(ticket)
    except Unavailable as error:
        unproved = error
    context = {
        "entry": found,
        "personal": said_about_people(found),
        "receipt_url": _receipt_of(found),
        "proof": proof,
        "unproved": unproved,
        "ladder": [one.hex() for one in proof.hashes] if proof else [],
        "checkpoint_lines": proof.checkpoint.splitlines() if proof else [],
    }
    return render(request, "journal/entry.html", context)


def _receipt_of(found: Recorded) -> str:
    """Return the address of the receipt this entry vouches for; empty when it is of none, or names no such thing."""
    details = dict(found.details)
    try:
        if found.action == Action.ASK_MODEL and details.get("key") and found.outcome != "allowed":
            return reverse("runs:call", args=[found.run])
        if not details.get("receipt"):
            return ""
        if details.get("row"):
            return reverse("batches:receipt", args=[details.get("batch"), details["row"]])
        return reverse("runs:receipt", args=[found.object_id])
    except NoReverseMatch:  # whoever rules the database may have put the entry in
        return ""


@declares(Action.READ_JOURNAL)
@require_safe
def proof_of_entry(request: HttpRequest, ticket: int) -> HttpResponse:
    """Hand out the proof of one entry as a C2SP tlog-proof."""
    proof = proving.prove(ticket)
    note_reading(_reader(request), "proof", ticket=ticket)
    response = HttpResponse(proof.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="entry-{proof.number}.tlog-proof"'
    return response


@declares(Action.READ_JOURNAL)
@require_safe
def evidence_pack(request: HttpRequest) -> FileResponse:
    """Hand out the entries that match the filter as an evidence pack, or those that are named by `ticket`."""
    chosen = _chosen(request)
    wanted = None if chosen else FilterForm(request.GET).wanted_exactly()
    told = {"chosen": _listed(chosen)} if chosen else {}
    with ExitStack() as opened:
        file = opened.enter_context(tempfile.SpooledTemporaryFile(_SPOOLED_BYTES))
        pack = evidence.write_pack(chosen if wanted is None else _signed(wanted), file)
        note_reading(
            _reader(request), "evidence", wanted=wanted, entries=pack.entries, size=pack.size, **told
        )
        file.seek(0)
        opened.pop_all()  # the response closes it
    name = _("journal-evidence-%(size)s.zip") % {"size": pack.size}
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


def _signed(wanted: Wanted) -> list[int]:
    """Return what fits and is signed: the rest is left to the next pack. What is too much is refused later instead."""
    found = tickets(wanted, evidence.MOST_PROVED + 1)
    if len(found) > evidence.MOST_PROVED:
        return found
    return proving.signed_among(found) or found


def _chosen(request: HttpRequest) -> list[int]:
    """Return the tickets that are named; raises `Invalid` for what is no ticket."""
    said = request.GET.getlist("ticket")
    found = [_ticket(one) for one in said]
    if None in found:
        raise Invalid(
            _("“%(said)s” is no number of an entry, so nothing is handed out.")
            % {"said": said[found.index(None)]},
            hint=_("Take evidence from the list, or from an entry."),
            where="ticket",
        )
    return [one for one in dict.fromkeys(found) if one is not None]


def _listed(chosen: list[int]) -> str:
    told = ", ".join(map(str, chosen[:_MOST_LISTED]))
    return told if len(chosen) <= _MOST_LISTED else f"{told}, …"


def _ticket(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 64 bits


def _reader(request: HttpRequest) -> UUID:
    return UUID(str(request.user.pk))
