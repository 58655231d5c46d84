"""Entries in the words of a SIEM: the Open Cybersecurity Schema Framework, version 1.6.0.

Signing in and showing a key are Authentication (3002), asking a model and running an app are API Activity (6003),
everything else is Entity Management (3004). Invariant: `raw_data` is the exact text that is proved, so an event leads
back to its proof. Refuses to say that the installation did what a stranger tried.
"""

from typing import Any

from allotment.engine.actions import Action
from allotment.journal.bodies import Body

VERSION = "1.6.0"

_CREATE, _READ, _UPDATE, _DELETE, _ENABLE, _DISABLE, _OTHER = 1, 2, 3, 4, 8, 9, 99
_ACTIVITIES = {
    "make": _CREATE,
    "connect": _CREATE,
    "see": _READ,
    "read": _READ,
    "remove": _DELETE,
    "erase": _DELETE,
    "disconnect": _DELETE,
    "revoke": _DELETE,
    "offer": _ENABLE,
    "withdraw": _DISABLE,
}
"""By the verb of an action; any other one is an update."""
_ACTIVITIES_BY_WHAT = {
    "invited": _CREATE,
    "made": _CREATE,
    "deactivated": _DISABLE,
    "brought back": _ENABLE,
}
"""By what an entry about an account or a space says itself."""
_ACTIVITY_NAMES = {
    _CREATE: "Create",
    _READ: "Read",
    _UPDATE: "Update",
    _DELETE: "Delete",
    _ENABLE: "Enable",
    _DISABLE: "Disable",
}
_CALLS = frozenset({Action.ASK_MODEL.value, Action.RUN_APP.value})
_LOGONS = frozenset({Action.SIGN_IN.value, Action.USE_KEY.value})
_STATUSES = {"done": (1, "Success"), "allowed": (1, "Success")}
_INFORMATIONAL, _LOW, _HIGH = 1, 2, 4
_LOGON = 1
_PRODUCT = {"name": "Allotment", "vendor_name": "Allotment"}
_HERE = {"name": "allotment", "type_id": 99, "type": "Installation"}
_INSTALLATION = {"name": "allotment", "type_id": 3, "type": "System"}
_STRANGER = {"name": "unknown", "type_id": 0, "type": "Unknown"}
_BY_PASSWORD = {"auth_protocol_id": 99, "auth_protocol": "Password"}
_BY_KEY = {"auth_protocol_id": 99, "auth_protocol": "API key"}
_WRONG_PASSWORD = "INVALID_CREDENTIALS"  # noqa: S105 - what OCSF calls it, no password


def event_of(number: int | None, text: str, body: Body) -> dict[str, Any]:
    """Return the entry as one event. `number` is its place in the tree, or None while it has none."""
    status_id, status = _STATUSES.get(body.outcome, (2, "Failure"))
    event: dict[str, Any] = {
        "time": int(body.moment.timestamp() * 1000),
        "severity_id": _severity(body),
        "status_id": status_id,
        "status": status,
        "status_code": body.outcome,
        "raw_data": text,
        "metadata": {
            "version": VERSION,
            "product": _PRODUCT,
            "uid": str(body.id),
            "event_code": body.action,
            "log_name": "journal",
            "original_time": body.at,
        },
        "unmapped": _unmapped(body),
        **_of_class(body),
    }
    if number is not None:
        event["metadata"]["sequence"] = number
    if reason := body.details.get("reason") or body.details.get("rule") or _why_not_signed_in(body):
        event["status_detail"] = str(reason)
    event["type_uid"] = event["class_uid"] * 100 + event["activity_id"]
    return event


def _of_class(body: Body) -> dict[str, Any]:
    if body.action in _LOGONS:
        return _logon(body)
    thing = {"uid": body.object_id} if body.object_id else {"name": body.object_kind}
    thing["type"] = body.object_kind
    if body.action in _CALLS:
        named = {"class_uid": 6003, "category_uid": 6, "activity_id": _OTHER, "activity_name": body.action}
        return {
            **named,
            "actor": _actor(body),
            "api": {"operation": body.action},
            "src_endpoint": _HERE,
            "resources": [thing],
        }
    activity = _activity(body)
    named = {
        "class_uid": 3004,
        "category_uid": 3,
        "activity_id": activity,
        "activity_name": _ACTIVITY_NAMES[activity],
    }
    return {**named, "actor": _actor(body), "entity": thing}


def _activity(body: Body) -> int:
    details = body.details
    if body.action == Action.CHANGE_RECORDS and details.get("removed") and not details.get("corrected"):
        return _DELETE
    said = _ACTIVITIES_BY_WHAT.get(str(details.get("what", "")))
    return said or _ACTIVITIES.get(body.action.rpartition(".")[2], _UPDATE)


def _logon(body: Body) -> dict[str, Any]:
    """Return who wanted to come in: by a password, or a program by its key."""
    is_key = body.action == Action.USE_KEY
    user = _user(body)
    if is_key and body.object_id != "unknown":
        user = {**user, "credential_uid": body.object_id}
    return {
        "class_uid": 3002,
        "category_uid": 3,
        "activity_id": _LOGON,
        "activity_name": "Logon",
        "user": user,
        "service": {"name": "Allotment"},
        **(_BY_KEY if is_key else _BY_PASSWORD),
    }


def _why_not_signed_in(body: Body) -> str | None:
    return _WRONG_PASSWORD if body.action == Action.SIGN_IN and body.outcome == "refused" else None


def _actor(body: Body) -> dict[str, Any]:
    """Return who acted; what an app's own key asks for is done by no user."""
    app = {"app_uid": str(body.app)} if body.app else {}
    if app and body.actor is None and body.action in _CALLS:
        return app
    return {"user": _user(body), **app}


def _user(body: Body) -> dict[str, Any]:
    """Return the person, or the installation; whoever was refused without being known is neither."""
    if body.actor is not None:
        return {"uid": str(body.actor), "type_id": 1, "type": "User"}
    return _STRANGER if body.outcome == "refused" or body.action in _LOGONS else _INSTALLATION


def _severity(body: Body) -> int:
    if body.flagged:
        return _HIGH
    return _INFORMATIONAL if body.outcome in _STATUSES else _LOW


def _unmapped(body: Body) -> dict[str, Any]:
    found = {
        "approver": body.approver and str(body.approver),
        "policies": list(body.policies),
        "policy_version": body.policy_version,
        "run": body.run and str(body.run),
        "space": body.space and str(body.space),
        "details": dict(body.details),
    }
    return {name: value for name, value in found.items() if value}
