"""The Django app of models."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from allotment.engine.actions import Action
from allotment.engine.gate.budgets import Scope
from allotment.journal import naming, sentences
from allotment.journal.sentences import Phrase
from allotment.policies.budgets import offering
from allotment.web import navigation


class LlmsConfig(AppConfig):
    """Registers the navigation entry, and the words of this feature in the journal."""

    name = "allotment.llms"
    label = "llms"

    def ready(self) -> None:
        """Put “Models” into the navigation, and let the journal speak of models."""
        from allotment.llms import queries  # noqa: PLC0415 - tables exist only from here on

        navigation.register(
            navigation.NavEntry(_("Models"), "llms:models", "cpu-chip", Action.SEE_MODEL, order=40)
        )
        offering.offer(Scope.MODEL, queries.model_choices)
        naming.register("model", queries.model_titles)
        naming.register("connection", queries.connection_titles)
        sentences.register(
            {
                "models.check": Phrase(
                    _("checked the connection %(object)s"), _("check the connection %(object)s")
                ),
                "models.disconnect": Phrase(_("disconnected %(object)s"), _("disconnect %(object)s")),
                "models.offer": Phrase(
                    _("turned on the model %(object)s"), _("turn on the model %(object)s")
                ),
                "models.withdraw": Phrase(
                    _("turned off the model %(object)s"), _("turn off the model %(object)s")
                ),
                "models.prefer": Phrase(
                    _("made %(object)s the default model"), _("make %(object)s the default model")
                ),
                "models.set-terms": Phrase(
                    _("changed how the model %(object)s may be used"),
                    _("change how the model %(object)s may be used"),
                ),
                "models.set-stand-ins": Phrase(
                    _("chose which models stand in for %(object)s"),
                    _("choose which models stand in for %(object)s"),
                ),
                "models.try": Phrase(
                    _("asked the model %(object)s to say hello"), _("ask the model %(object)s to say hello")
                ),
            }
        )
