"""Entering API keys into the navigation, and their words into the journal."""

from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.journal import naming, sentences
from allotment.journal.sentences import Phrase
from allotment.people.api_keys.queries import key_names
from allotment.web.navigation import NavEntry, Place, register


def register_keys() -> None:
    """Register everything other features show of keys. Called from `AppConfig.ready`."""
    naming.register("key", key_names)
    register(NavEntry(_("API keys"), "people:keys", "key", Action.MAKE_KEY, order=20, place=Place.PERSON))
    register(
        NavEntry(
            _("Everybody’s API keys"), "people:all_keys", "key", Action.SEE_KEYS, order=75, place=Place.PERSON
        )
    )
    sentences.register(
        {
            Action.USE_KEY: Phrase(_("used the key %(object)s"), _("use the key %(object)s")),
            Action.MAKE_KEY: Phrase(_("made the key %(object)s"), _("make the key %(object)s")),
            Action.REVOKE_KEY: Phrase(_("revoked the key %(object)s"), _("revoke the key %(object)s")),
            "keys.request-free-form": Phrase(
                _("asked for free words with the key %(object)s"),
                _("ask for free words with the key %(object)s"),
            ),
            Action.GRANT_FREE_FORM: Phrase(
                _("granted free words to the key %(object)s"), _("grant free words to the key %(object)s")
            ),
            "keys.decline-free-form": Phrase(
                _("did not grant free words to the key %(object)s"),
                _("decline free words to the key %(object)s"),
            ),
            "keys.withdraw-free-form": Phrase(
                _("took free words back from the key %(object)s"),
                _("take free words back from the key %(object)s"),
            ),
        }
    )
