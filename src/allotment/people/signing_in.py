"""How people sign in: allauth's forms and rate limits, our rules and words.

Invariant: an account is made by an administrator or the first set-up link only; signing in, failing to and
changing a password are journal entries, each on disk together with what it tells, or neither.
Refuses sign-up by strangers, and a session or a password that could not be recorded.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from allotment.engine.actions import Action
from allotment.journal.recording import note
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
        messages.error(
            request, gettext("This account is deactivated. Ask an administrator to bring it back.")
        )
        return redirect("account_login")

    def login(self, request: HttpRequest, user: Person) -> None:
        """Begin the session and record it. If that cannot be done, the browser is left as a stranger's."""
        is_recorded = False
        try:
            with transaction.atomic():
                super().login(request, user)
                note(Action.SIGN_IN, actor=user.id, object_kind="person", object_id=str(user.id))
            is_recorded = True
        finally:
            if not is_recorded:  # else Django would save the session once more, with the answer
                request.session = type(request.session)()
                request.user = AnonymousUser()

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Record the failure, without the address that was typed: it may belong to nobody here."""
        super().authentication_failed(request, **credentials)
        note(Action.SIGN_IN, actor=None, object_kind="installation", object_id="here", outcome="refused")

    def set_password(self, user: Person, password: str) -> None:
        """Store a changed password and record that it changed."""
        with transaction.atomic():
            super().set_password(user, password)
            note(
                Action.OWN_ACCOUNT,
                actor=user.id,
                object_kind="person",
                object_id=str(user.id),
                what="password changed",
            )

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """Return to the account page."""
        return reverse("people:account")
