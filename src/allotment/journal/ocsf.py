"""Entries in the words of a SIEM: the Open Cybersecurity Schema Framework, version 1.6.0.

Signing in is Authentication (3002), asking a model and running an app are API Activity (6003), everything else is
Entity Management (3004). Invariant: `raw_data` is the exact text that is proved, so an event leads back to its proof.
"""

from typing import Any
from uuid import UUID

from allotment.engine.actions import Action
from allotment.journal.bodies import Body

VERSION = "1.6.0"

_CREATE, _READ, _UPDATE, _OTHER = 1, 2, 3, 99
_ACTIVITIES = {"make": _CREATE, "see": _READ, "read": _READ}
_ACTIVITY_NAMES = {_CREATE: "Create", _READ: "Read", _UPDATE: "Update"}
_CALLS = frozenset({Action.ASK_MODEL.value, Action.RUN_APP.value})
_STATUSES = {"done": (1, "Success"), "allowed": (1, "Success")}
_INFORMATIONAL, _LOW, _HIGH = 1, 2, 4
_LOGON = 1
_USER, _SYSTEM = 1, 3
_PRODUCT = {"name": "Allotment", "vendor_name": "Allotment"}
_HERE = {"name": "allotment", "type_id": 99, "type": "Installation"}


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
    if reason := body.details.get("reason") or body.details.get("rule"):
        event["status_detail"] = str(reason)
    event["type_uid"] = event["class_uid"] * 100 + event["activity_id"]
    return event


def _of_class(body: Body) -> dict[str, Any]:
    actor = {"user": _user(body.actor), "app_uid": str(body.app)} if body.app else {"user": _user(body.actor)}
    if body.action == Action.SIGN_IN:
        named = {"class_uid": 3002, "category_uid": 3, "activity_id": _LOGON, "activity_name": "Logon"}
        return {**named, "user": _user(body.actor), "service": {"name": "Allotment"}}
    thing = {"uid": body.object_id, "type": body.object_kind}
    if body.action in _CALLS:
        named = {"class_uid": 6003, "category_uid": 6, "activity_id": _OTHER, "activity_name": body.action}
        return {
            **named,
            "actor": actor,
            "api": {"operation": body.action},
            "src_endpoint": _HERE,
            "resources": [thing],
        }
    activity = _ACTIVITIES.get(body.action.rpartition(".")[2], _UPDATE)
    named = {
        "class_uid": 3004,
        "category_uid": 3,
        "activity_id": activity,
        "activity_name": _ACTIVITY_NAMES[activity],
    }
    return {**named, "actor": actor, "entity": thing}


def _user(person: UUID | None) -> dict[str, Any]:
    if person is None:
        return {"name": "allotment", "type_id": _SYSTEM, "type": "System"}
    return {"uid": str(person), "type_id": _USER, "type": "User"}


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
