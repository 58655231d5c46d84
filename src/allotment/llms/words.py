"""Plain words for data classes and for where a model runs."""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.spec.app import DataClass

_CEILINGS: dict[DataClass, Promise] = {
    DataClass.PUBLIC: _("Public: anybody may read it"),
    DataClass.INTERNAL: _("Internal: for everyone who works here"),
    DataClass.CONFIDENTIAL: _("Confidential: for a few, such as customers' cases"),
    DataClass.RESTRICTED: _("Restricted: harm if it leaks, such as health or salaries"),
}

_SHORT: dict[DataClass, Promise] = {
    DataClass.PUBLIC: _("public"),
    DataClass.INTERNAL: _("internal"),
    DataClass.CONFIDENTIAL: _("confidential"),
    DataClass.RESTRICTED: _("restricted"),
}


def ceiling_words(data_class: DataClass) -> str:
    """Return what a data class means, for choosing."""
    return str(_CEILINGS[data_class])


def data_class_name(data_class: DataClass) -> str:
    """Return the name of a data class, for reading."""
    return str(_SHORT[data_class])


def place_words(*, runs_here: bool, host: str) -> str:
    """Return where a model or connection answers."""
    if runs_here:
        return gettext("On this machine")
    return host or gettext("At its provider")
