"""Events for a SIEM have what their class requires, and blame nobody for what a stranger tried."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import pytest

from allotment.engine.recording import Entry
from allotment.journal.bodies import body_of, read_body
from allotment.journal.ocsf import event_of
from allotment.kernel import clock
from allotment.kernel.ids import new_id

# From the definitions of OCSF 1.x in github.com/ocsf/ocsf-schema: for each class, with what it extends, and each object
# the attributes whose requirement is "required" (in any 1.x) and those of the constraint "at_least_one".
# events/base_event.json, events/iam/authentication.json, events/iam/entity_management.json,
# events/application/api_activity.json; objects/_entity.json, actor.json, api.json, managed_entity.json, metadata.json,
# network_endpoint.json, product.json, resource_details.json, service.json and user.json.
EVERY_EVENT = {
    "activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid",
}  # fmt: skip
REQUIRED = {
    3002: EVERY_EVENT | {"user"},
    3004: EVERY_EVENT | {"entity"},
    6003: EVERY_EVENT | {"actor", "api", "src_endpoint"},
    "metadata": {"product", "version"},
    "product": {"name", "vendor_name"},
    "api": {"operation"},
}
AT_LEAST_ONE: dict[int | str, set[str]] = {
    3002: {"service", "dst_endpoint"},
    "user": {"account", "name", "uid"},
    "actor": {"process", "user", "invoked_by", "session", "app_name", "app_uid"},
    "entity": {"name", "uid"},
    "resources": {"name", "uid"},
    "service": {"name", "uid"},
    "src_endpoint": {"ip", "uid", "name", "hostname", "svc_name"},
}
ACTIVITIES = {3002: set(range(8)) | {99}, 3004: set(range(14)) | {99}, 6003: {0, 1, 2, 3, 4, 99}}
USER_TYPES = {0, 1, 2, 3, 4, 99}


def missing(event: Mapping[str, Any]) -> list[str]:
    """Return what the event lacks."""
    kind = event["class_uid"]
    found = list(_lacking(kind, event))
    if event["activity_id"] not in ACTIVITIES[kind]:
        found.append(f"{kind} knows no activity {event['activity_id']}")
    if event["type_uid"] != kind * 100 + event["activity_id"] or event["category_uid"] != kind // 1000:
        found.append("type_uid or category_uid do not fit")
    return found


def _lacking(kind: int | str, part: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{kind}.{name}" for name in REQUIRED.get(kind, set()) - set(part))
    if kind in AT_LEAST_ONE and not any(part.get(name) for name in AT_LEAST_ONE[kind]):
        yield f"{kind} names none of {sorted(AT_LEAST_ONE[kind])}"
    if kind == "user" and part.get("type_id") not in USER_TYPES:
        yield "user.type_id"
    for name, value in part.items():
        if name == "unmapped":
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from _lacking(name, one)


def told(action: str, outcome: Any = "done", actor: UUID | None = None, **more: Any) -> dict[str, Any]:
    """Return an entry as an event, as it is read from a line."""
    about = {"object_kind": "thing", "object_id": str(new_id()), **more}
    text = body_of(Entry(clock.now(), action, outcome, actor, **about), "v1", {})
    event: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event_of(7, text, read_body(text))))
    return event


def events() -> Sequence[dict[str, Any]]:
    somebody, app = new_id(), new_id()
    return [
        told("account.sign-in", actor=somebody),
        told("account.sign-in", "refused", object_kind="installation", object_id="here"),
        told("keys.use", "refused", object_kind="key", object_id="unknown"),
        told("keys.use", "refused", somebody, object_kind="key", app=app),
        told("models.ask", actor=somebody, app=app),
        told("models.ask", "refused", app=app),
        told("models.ask", "failed"),
        told("apps.run", "refused", somebody, app=app, run=new_id(), details={"reason": "Not yours."}),
        told("apps.make", actor=somebody, app=app),
        told("budgets.remove", actor=somebody),
        told("journal.sign", "failed", object_kind="journal", object_id=""),
        told("journal.read", object_kind="journal", object_id="entries"),
    ]


def test_each_event_has_what_its_class_and_its_objects_require() -> None:
    assert {event["class_uid"] for event in events()} == {3002, 3004, 6003}
    assert [lacks for event in events() if (lacks := missing(event))] == []


@pytest.mark.parametrize(
    ("wrong", "lacks"),
    [
        ({"user": {"type_id": 0}}, "user names none of ['account', 'name', 'uid']"),
        ({"user": {"name": "x", "type_id": 7}}, "user.type_id"),
        ({"service": {}}, "service names none of ['name', 'uid']"),
        ({"metadata": {"version": "1.6.0"}}, "metadata.product"),
        ({"activity_id": 44}, "3002 knows no activity 44"),
    ],
)
def test_an_event_that_lacks_something_is_found(wrong: Mapping[str, Any], lacks: str) -> None:
    assert lacks in missing({**told("account.sign-in", actor=new_id()), **wrong})


def test_a_failed_sign_in_is_nobodys() -> None:
    event = told("account.sign-in", "refused", object_kind="installation", object_id="here")
    assert (event["class_uid"], event["activity_name"], event["status"]) == (3002, "Logon", "Failure")
    assert event["user"] == {"name": "unknown", "type_id": 0, "type": "Unknown"}
    assert event["status_detail"] == "INVALID_CREDENTIALS"
    assert event["auth_protocol"] == "Password"
    assert "allotment" not in str({**event, "raw_data": "", "metadata": ""})


def test_a_key_that_opens_nothing_is_a_failed_logon() -> None:
    unknown = told("keys.use", "refused", object_kind="key", object_id="unknown")
    assert (unknown["class_uid"], unknown["status"], unknown["auth_protocol"]) == (3002, "Failure", "API key")
    assert unknown["user"] == {"name": "unknown", "type_id": 0, "type": "Unknown"}
    key, somebody = new_id(), new_id()
    expired = told(
        "keys.use",
        "refused",
        somebody,
        object_kind="key",
        object_id=str(key),
        details={"rule": "key-expired"},
    )
    assert expired["user"] == {
        "uid": str(somebody), "type_id": 1, "type": "User", "credential_uid": str(key),
    }  # fmt: skip
    assert expired["status_detail"] == "key-expired"


def test_the_installation_is_named_for_what_it_did_itself_only() -> None:
    assert told("budgets.set")["actor"]["user"]["type"] == "System"
    assert told("people.manage", "refused")["actor"]["user"]["type"] == "Unknown"
    app = new_id()
    assert told("models.ask", app=app)["actor"] == {"app_uid": str(app)}


@pytest.mark.parametrize(
    ("action", "details", "activity"),
    [
        ("budgets.remove", {}, "Delete"),
        ("people.erase", {}, "Delete"),
        ("models.disconnect", {}, "Delete"),
        ("keys.revoke", {}, "Delete"),
        ("records.change", {"removed": 1, "corrected": 0}, "Delete"),
        ("records.change", {"removed": 0, "corrected": 3}, "Update"),
        ("models.withdraw", {}, "Disable"),
        ("models.offer", {}, "Enable"),
        ("people.manage", {"what": "deactivated"}, "Disable"),
        ("people.manage", {"what": "brought back"}, "Enable"),
        ("people.manage", {"what": "invited"}, "Create"),
        ("people.manage", {"what": "role given"}, "Update"),
        ("spaces.manage", {"what": "made"}, "Create"),
        ("apps.make", {}, "Create"),
        ("journal.read", {}, "Read"),
        ("apps.publish", {}, "Update"),
    ],
)
def test_what_was_done_to_something_is_told(action: str, details: Any, activity: str) -> None:
    event = told(action, details=details)
    assert (event["class_uid"], event["activity_name"]) == (3004, activity)
    assert missing(event) == []
