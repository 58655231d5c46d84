"""Entries as sentences: “Mira Patel ran the app Card questions.”

Features above may register phrases for their own actions; an action without one is shown by its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action

_Words = str | Promise


@dataclass(frozen=True)
class Phrase:
    """What somebody did, and what they tried; both may hold `%(object)s`."""

    done: _Words
    tried: _Words


@dataclass(frozen=True)
class About:
    """What an action was about: a name for it, and its kind."""

    name: str
    kind: str = ""


_phrases: dict[str, Phrase] = {
    Action.SIGN_IN: Phrase(_("signed in"), _("sign in")),
    Action.OWN_ACCOUNT: Phrase(_("changed their own account"), _("change their own account")),
    Action.MAKE_APP: Phrase(_("made the app %(object)s"), _("make the app %(object)s")),
    Action.SEE_APP: Phrase(_("opened the app %(object)s"), _("open the app %(object)s")),
    Action.EDIT_APP: Phrase(_("changed the app %(object)s"), _("change the app %(object)s")),
    Action.RUN_APP: Phrase(_("ran the app %(object)s"), _("run the app %(object)s")),
    Action.PUBLISH_APP: Phrase(_("published the app %(object)s"), _("publish the app %(object)s")),
    Action.REVIEW_APP: Phrase(_("reviewed the app %(object)s"), _("review the app %(object)s")),
    "apps.save-version": Phrase(
        _("saved a version of the app %(object)s"), _("save a version of the app %(object)s")
    ),
    "apps.ask-for-review": Phrase(
        _("asked for a review of the app %(object)s"), _("ask for a review of the app %(object)s")
    ),
    "apps.hand-over": Phrase(
        _("handed over the app %(object)s to somebody"), _("hand over the app %(object)s to somebody")
    ),
    Action.PARK_APP: Phrase(_("parked the app %(object)s"), _("park the app %(object)s")),
    Action.SEE_RUN: Phrase(_("looked at the run %(object)s"), _("look at the run %(object)s")),
    Action.SEE_RECORDS: Phrase(_("took the records of %(object)s out"), _("see the records of %(object)s")),
    Action.CHANGE_RECORDS: Phrase(
        _("changed the records of %(object)s"), _("change the records of %(object)s")
    ),
    Action.WRITE_TEMPLATE: Phrase(_("wrote the template %(object)s"), _("write the template %(object)s")),
    Action.APPROVE_TEMPLATE: Phrase(
        _("approved the template %(object)s"), _("approve the template %(object)s")
    ),
    Action.RECALL_TEMPLATE: Phrase(
        _("recalled the template %(object)s"), _("recall the template %(object)s")
    ),
    Action.CONNECT_MODEL: Phrase(_("connected %(object)s"), _("connect %(object)s")),
    Action.ASK_MODEL: Phrase(_("asked the model %(object)s"), _("ask the model %(object)s")),
    Action.MANAGE_PEOPLE: Phrase(
        _("changed the account of %(object)s"), _("change the account of %(object)s")
    ),
    Action.MANAGE_SPACES: Phrase(_("changed the space %(object)s"), _("change the space %(object)s")),
    Action.READ_JOURNAL: Phrase(_("read the journal"), _("read the journal")),
    "journal.write": Phrase(_("wrote the journal"), _("write the journal")),
    "journal.sign": Phrase(_("signed the journal again"), _("sign the journal")),
    "journal.hold-back": Phrase(
        _("left a change of the journal's key without a place"),
        _("leave a change of the journal's key without a place"),
    ),
    "journal.rotate-key": Phrase(
        _("changed the key that signs the journal"), _("change the key that signs the journal")
    ),
    "keys.rotate": Phrase(
        _("put the new master key %(object)s in use"), _("put the new master key %(object)s in use")
    ),
}


_phrases_by_kind: dict[tuple[str, str], Phrase] = {
    (Action.MANAGE_SPACES, "person"): Phrase(
        _("changed which spaces %(object)s belongs to"), _("change which spaces %(object)s belongs to")
    ),
}
"""Where the same action reads differently about something of another kind."""


def register(phrases: Mapping[str, Phrase]) -> None:
    """Add a feature's phrases, by action. Called from `AppConfig.ready`."""
    _phrases.update(phrases)


def known_actions(seen: Iterable[str] = ()) -> tuple[tuple[str, str], ...]:
    """Return every action with its words, for choosing, in alphabetical order of the words.

    Those that have a phrase, and those `seen` in the journal; an action without a phrase goes by its name.
    """
    nothing = {"object": "…"}
    found = {str(action): str(phrase.tried) % nothing for action, phrase in _phrases.items()}
    found |= {action: action for action in seen if action not in found}
    return tuple(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def sentence(action: str, outcome: str, who: str, what: About) -> str:
    """Return what happened. `who` is empty for the installation itself."""
    phrase = _phrases_by_kind.get((action, what.kind)) or _phrases.get(action) or _by_name(action)
    told = {"who": who or gettext("This installation")}
    about = {"object": f"“{what.name}”"}
    if outcome == "refused":
        return gettext("%(who)s wanted to %(did)s and was refused.") % {
            **told,
            "did": str(phrase.tried) % about,
        }
    if outcome == "failed":
        return gettext("%(who)s tried to %(did)s, which failed.") % {**told, "did": str(phrase.tried) % about}
    return gettext("%(who)s %(did)s.") % {**told, "did": str(phrase.done) % about}


def _by_name(action: str) -> Phrase:
    return Phrase(
        gettext("did “%(action)s” with %%(object)s") % {"action": action},
        gettext("do “%(action)s” with %%(object)s") % {"action": action},
    )
