"""How people sign in: allauth's forms and rate limits, our rules and words.

Invariant: an account is made by an administrator or the first set-up link only.
Refuses sign-up by strangers.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from allotment.people.models import Person


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Closes sign-up and says things plainly."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy(
            "This e-mail address and password do not belong together. Check both and try again."
        ),
        "too_many_login_attempts": gettext_lazy("Too many attempts. Wait five minutes and try again."),
        "enter_current_password": gettext_lazy("This is not your current password. Type it again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Answer no: people are invited."""
        return False

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Say nothing but that a password was changed; being signed in or out is plain to see."""
        template = args[0] if args else kwargs.get("message_template", "")
        if template == "account/messages/password_changed.txt":
            messages.add_message(request, level, gettext("Your password is changed."))

    def respond_user_inactive(
        self,
        request: HttpRequest,
        user: Person,  # noqa: ARG002 - allauth's signature
    ) -> HttpResponse:
        """Send someone whose account is deactivated back to the sign-in page, with the reason."""
        messages.error(request, gettext("This account is deactivated. Ask an administrator to bring it back."))
        return redirect("account_login")
