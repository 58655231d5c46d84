"""Tells Django about people, and adds them to the navigation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.journal import naming, sentences
from allotment.journal.sentences import Phrase
from allotment.web import navigation


class PeopleConfig(AppConfig):
    """The people feature."""

    name = "allotment.people"
    label = "people"

    def ready(self) -> None:
        """Register the list of people and, behind the person's name, their account and API keys."""
        from allotment.people.api_keys.registering import register_keys  # noqa: PLC0415
        from allotment.people.queries import names, space_names  # noqa: PLC0415 - tables exist only from here on

        naming.register("person", names)
        naming.register("space", space_names)
        sentences.register({"people.erase": Phrase(_("erased a person on request"), _("erase a person"))})
        register_keys()
        navigation.register(
            navigation.NavEntry(_("People"), "people:people", "users", Action.SEE_PEOPLE, order=70)
        )
        navigation.register(
            navigation.NavEntry(
                _("Your account"),
                "people:account",
                "user-circle",
                Action.OWN_ACCOUNT,
                order=10,
                place=navigation.Place.PERSON,
            )
        )
