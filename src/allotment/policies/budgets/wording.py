"""Budgets in words: how much, of what, for whom, until when, and whom to ask."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from allotment.engine.gate.budgets import Measure, Period, Rule, Scope, window
from allotment.engine.gate.limits import Account
from allotment.engine.gate.ports import LimitReached
from allotment.policies.budgets.rules import is_nearly_used, percent
from allotment.web.templatetags.web import money

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

SCOPES: dict[Scope, Promise] = {
    Scope.PERSON: _("Person"),
    Scope.APP: _("App"),
    Scope.SPACE: _("Space"),
    Scope.MODEL: _("Model"),
    Scope.ORGANISATION: _("Organisation"),
}
MEASURES: dict[Measure, Promise] = {
    Measure.CALLS: _("questions"),
    Measure.TOKENS: _("tokens"),
    Measure.MONEY: _("money"),
    Measure.AT_ONCE: _("questions at once"),
}
PERIODS: dict[Period, Promise] = {
    Period.MINUTE: _("a minute"),
    Period.DAY: _("a day"),
    Period.MONTH: _("a month"),
    Period.NONE: _("at once"),
}
EACH: dict[Scope, Promise] = {
    Scope.PERSON: _("each person"),
    Scope.APP: _("each app"),
    Scope.SPACE: _("each space"),
    Scope.MODEL: _("each model"),
    Scope.ORGANISATION: _("the whole organisation"),
}
_HAS_USED: dict[Scope, Promise] = {
    Scope.PERSON: _("You have used %(percent)s %% of your %(size)s (%(used)s)."),
    Scope.APP: _("This app has used %(percent)s %% of its %(size)s (%(used)s)."),
    Scope.SPACE: _("Your space has used %(percent)s %% of its %(size)s (%(used)s)."),
    Scope.MODEL: _("%(percent)s %% of the %(size)s for this model are used (%(used)s)."),
    Scope.ORGANISATION: _("The organisation has used %(percent)s %% of its %(size)s (%(used)s)."),
}


def plain(measure: Measure, number: int) -> str:
    """Say a number without its unit, except money: “500,000”, “$20.00”."""
    if measure is Measure.MONEY:
        return money(number) if number else "$0.00"
    return number_format(number, force_grouping=True)


def amount(measure: Measure, number: int) -> str:
    """Say a number with its unit: “500,000 tokens”, “$20.00”."""
    words = plain(measure, number)
    if measure is Measure.MONEY:
        return words
    if measure is Measure.TOKENS:
        return ngettext("%(number)s token", "%(number)s tokens", number) % {"number": words}
    return ngettext("%(number)s question", "%(number)s questions", number) % {"number": words}


def size(measure: Measure, period: Period, limit: int | None) -> str:
    """Say how much a budget allows: “500,000 tokens a day”."""
    if limit is None:
        return gettext("any number of %(measure)s") % {"measure": MEASURES[measure]}
    return f"{amount(measure, limit)} {PERIODS[period]}"


def whom(rule: Rule, name: str = "") -> str:
    """Say for whom a budget is: “Mira Patel”, “each person”."""
    return rule.object_name or name or str(EACH[rule.scope])


def whom_to_ask(rule: Rule) -> str:
    """Say who may raise a budget."""
    return rule.ask or gettext("an administrator")


def until(period: Period, now: datetime) -> str:
    """Say until when a period lasts: “midnight UTC (in 5 hours)”, “1 December”."""
    end = window(period, now)[1]
    if period is Period.MONTH:
        return date_format(localtime(end), "j F")
    at = gettext("midnight") if period is Period.DAY else date_format(localtime(end), "H:i")
    said = {"at": at, "zone": localtime(end).tzname(), "left": _left(int((end - now).total_seconds()))}
    return gettext("%(at)s %(zone)s (in %(left)s)") % said


def _left(seconds: int) -> str:
    if seconds < _MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", max(1, seconds)) % {"n": max(1, seconds)}
    if seconds < _HOUR:
        return ngettext("%(n)d minute", "%(n)d minutes", seconds // _MINUTE) % {"n": seconds // _MINUTE}
    if seconds < _DAY:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // _HOUR) % {"n": seconds // _HOUR}
    return ngettext("%(n)d day", "%(n)d days", seconds // _DAY) % {"n": seconds // _DAY}


def refusal(account: Account, need: int, now: datetime, name: str) -> LimitReached:
    """Say which budget is used up, until when, and whom to ask. `name` is that of whom the budget is for.

    A person's budget is refused to that person alone, as “you”: these words stand in the clear where a batch waits.
    """
    rule, period = account.rule, account.meter.period
    about = {
        "size": size(rule.measure, period, account.limit),
        "whom": gettext("you") if account.meter.scope is Scope.PERSON else whom(rule, name),
        "until": "" if period is Period.NONE else until(period, now),
        "used": amount(rule.measure, min(account.used, account.limit)),
        "need": amount(rule.measure, need),
        "ask": whom_to_ask(rule),
    }
    reason, remedy = _words(account, need)
    ends = None if period is Period.NONE else account.end
    return LimitReached(f"budget:{rule.id}", reason % about, remedy % about, ends)


def _words(account: Account, need: int) -> tuple[str, str]:
    ask = gettext("Ask %(ask)s to raise it.")
    if account.limit == 0:
        return gettext("The budget for %(whom)s allows nothing: %(size)s."), ask
    if account.meter.measure is Measure.AT_ONCE:
        reason = gettext(
            "The budget of %(size)s for %(whom)s is in use: that many are being answered right now."
        )
        return reason, gettext("Wait until one of them is done, then try again, or ask %(ask)s to raise it.")
    if need > account.limit:
        reason = gettext("This may take up to %(need)s, more than the budget of %(size)s for %(whom)s.")
        return reason, gettext("Make it shorter, or ask %(ask)s to raise the budget.")
    if account.limit - account.used >= max(1, account.limit // 100):
        reason = gettext(
            "This may take up to %(need)s, more than is left of the budget of %(size)s for %(whom)s until "
            "%(until)s: %(used)s are used or set aside."
        )
        return reason, gettext("Make it shorter, wait, or ask %(ask)s to raise the budget.")
    reason = gettext("The budget of %(size)s for %(whom)s is used up until %(until)s.")
    if account.meter.period is Period.MINUTE:
        return reason, gettext("Wait until then, or ask %(ask)s to raise it.")
    return reason, ask


def warnings(accounts: Sequence[Account], now: datetime) -> tuple[str, ...]:
    """Return a sentence for each budget of a day or month that is nearly used up."""
    return tuple(
        _warning(account, now)
        for account in accounts
        if account.meter.period in {Period.DAY, Period.MONTH} and is_nearly_used(account.used, account.limit)
    )


def _warning(account: Account, now: datetime) -> str:
    used = min(account.used, account.limit)
    about = {
        "percent": percent(used, account.limit),
        "size": size(account.meter.measure, account.meter.period, account.limit),
        "used": amount(account.meter.measure, used),
    }
    rest = gettext("The rest has to last until %(until)s.") % {"until": until(account.meter.period, now)}
    return f"{str(_HAS_USED[account.meter.scope]) % about} {rest}"
