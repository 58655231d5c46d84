"""Tags and filters every template has: addresses of assets, icons, and values in people's words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.conf import settings as django_settings
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format, number_format
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from heroicons.templatetags import heroicons

from allotment.kernel import clock
from allotment.web import assets

register = template.Library()

_NANO = Decimal(10) ** 9
_SMALLEST_SHOWN = Decimal("0.000001")
_CENTS = 2
_JUST_NOW = timedelta(seconds=60)
_MINUTE, _HOUR = 60, 3600
_DATE_SAYS_MORE = timedelta(days=7)
_INPUT_TYPES = {
    "number": "number",
    "money": "number",
    "date": "date",
    "e-mail": "email",
    "password": "password",
    "search": "search",
    "web address": "url",
}
_DRAW = {
    "outline": heroicons.heroicon_outline,
    "solid": heroicons.heroicon_solid,
    "mini": heroicons.heroicon_mini,
    "micro": heroicons.heroicon_micro,
}


@register.simple_tag
def stylesheet_url() -> str:
    """Return the address of the one stylesheet."""
    return assets.stylesheet_url()


@register.simple_tag
def asset_url(name: str) -> str:
    """Return the address of a shipped file, for example `elements/copy-button.js`."""
    return assets.asset_url(name)


@register.simple_tag
def element_scripts() -> SafeString:
    """Load every custom element."""
    urls = ((assets.asset_url(name),) for name in assets.element_names())
    return format_html_join("\n", '<script type="module" src="{}"></script>', urls)


@register.simple_tag
def icon(name: str, style: str = "outline", css: str = "") -> str:
    """Draw a heroicon as decoration: hidden from screen readers, as large as its text or its class says."""
    attributes = {"class": f"icon {css}".strip(), "aria_hidden": "true", "focusable": "false"}
    drawn: str = _DRAW[style](name, size=None, **attributes)
    return drawn


@register.filter
def spread(attributes: Mapping[str, object]) -> SafeString:
    """Write a component's undeclared attributes into its tag, escaped; True stands alone, False is left out."""
    return format_html_join("", "{}", ((_attribute(name, value),) for name, value in _passed(attributes)))


def _passed(attributes: Mapping[str, object]) -> list[tuple[str, object]]:
    declared = getattr(attributes, "attrs_dict", None)  # django-cotton leaves out what <c-vars> declares
    kept = declared() if callable(declared) else attributes
    return [(name, value) for name, value in kept.items() if value is not False and value is not None]


def _attribute(name: str, value: object) -> SafeString:
    if value is True:
        return format_html(" {}", name)
    # A value that is already safe HTML may still hold a quote, which would end the attribute.
    quoted = SafeString(conditional_escape(_as_text(value)).replace('"', "&quot;"))
    return format_html(' {}="{}"', name, quoted)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


@register.filter
def pairs(options: object) -> list[tuple[object, object]]:
    """Return options as (value, label) pairs; a plain text is its own label."""
    if not isinstance(options, (list, tuple)):
        return []
    return [option if isinstance(option, tuple) else (option, option) for option in options]


@register.filter
def holds(value: object, choice: object) -> bool:
    """Say whether `choice` is the value, or among the values of a field that holds several."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return str(choice) in {str(one) for one in value}
    return value is not None and str(value) == str(choice)


@register.filter
def input_type(kind: str) -> str:
    """Return the HTML input type of a field kind."""
    return _INPUT_TYPES.get(kind, "text")


@register.filter
def initials(name: object) -> str:
    """Return the first letters of the first and last word of a name."""
    words = str(name).split()
    return "".join(word[0] for word in dict.fromkeys((words[0], words[-1]))).upper() if words else "?"


@register.filter
def money(nano_dollars: int | None) -> str:
    """Say an amount of billionths of a dollar: “$0.0007”, “$12.40”, “free” for nothing."""
    if not nano_dollars:
        return gettext("free")
    dollars = Decimal(nano_dollars) / _NANO
    if dollars < _SMALLEST_SHOWN:
        return gettext("less than $0.000001")
    return f"${number_format(_rounded(dollars), use_l10n=True, force_grouping=dollars >= 1)}"


def _rounded(dollars: Decimal) -> Decimal:
    """Keep cents, and below one dollar two digits that say something."""
    places = _CENTS if dollars >= 1 else max(_CENTS, 1 - dollars.adjusted())
    rounded = dollars.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    while places > _CENTS and rounded == rounded.quantize(Decimal(1).scaleb(1 - places)):
        places -= 1
        rounded = rounded.quantize(Decimal(1).scaleb(-places))
    return rounded


@register.filter
def plain_number(value: float | Decimal | None) -> str:
    """Group the digits of a number: 18,204; a dash for none."""
    return "–" if value is None else number_format(value, force_grouping=True)


@register.filter
def ago(moment: datetime | None) -> str:
    """Say how long ago something was: “8 minutes ago”; a date after a week; “never” for none."""
    if moment is None:
        return gettext("never")
    passed = clock.now() - moment
    if passed < _JUST_NOW:
        return gettext("just now")
    if passed < timedelta(hours=1):
        minutes = max(1, passed // timedelta(minutes=1))
        return ngettext("%(count)d minute ago", "%(count)d minutes ago", minutes) % {"count": minutes}
    if passed < timedelta(days=1):
        hours = passed // timedelta(hours=1)
        return ngettext("%(count)d hour ago", "%(count)d hours ago", hours) % {"count": hours}
    if passed < _DATE_SAYS_MORE:
        return ngettext("%(count)d day ago", "%(count)d days ago", passed.days) % {"count": passed.days}
    return date_format(localtime(moment), "DATE_FORMAT")


@register.filter
def lasting(seconds: float | None) -> str:
    """Return how long something takes, as people say it: “40 seconds”, “12 minutes”, “3 hours”."""
    whole = max(1, round(seconds or 0))
    if whole < 2 * _MINUTE:
        return ngettext("%(n)s second", "%(n)s seconds", whole) % {"n": whole}
    if whole < 2 * _HOUR:
        minutes = round(whole / _MINUTE)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = round(whole / _HOUR)
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


@register.simple_tag
def upload_limit() -> str:
    """Return the attributes that let `drop-file` say at once what is too large to be sent."""
    most = django_settings.MOST_UPLOADED_BYTES
    words = gettext("This file has more than %(size)s, the most that can be read.") % {
        "size": filesizeformat(most)
    }
    return format_html('data-most="{}" data-too-large="{}"', most, words)
