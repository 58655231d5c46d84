"""`allotment apps`: the same app as YAML, in and out; a push makes drafts only."""

from pathlib import Path

import pytest

from allotment.kernel.errors import Invalid, NotAllowed, NotFound
from tests.cli.conftest import Allotment
from tests.conftest import MakePerson, Somebody

REPLY = Path(__file__).parents[1] / "customer_reply.yaml"


@pytest.fixture
def maker(person: MakePerson) -> Somebody:
    """Somebody who makes apps."""
    return person(roles=("maker",), email="maker@example.org")


def test_what_is_pushed_can_be_pulled(allotment: Allotment, maker: Somebody, tmp_path: Path) -> None:
    pushed = allotment("apps", "push", str(REPLY), "--as", maker.email, "--json").json
    assert pushed == {"app": "customer-reply", "created": True, "problems": []}
    pulled = allotment("apps", "pull", "customer-reply", "--as", maker.email, "--json").json["yaml"]
    again = tmp_path / "again.yaml"
    again.write_text(pulled, encoding="utf-8")
    assert allotment("apps", "push", str(again), "--as", maker.email, "--json").json["created"] is False
    assert allotment("apps", "pull", "customer-reply", "--as", maker.email).output == pulled


def test_a_push_publishes_nothing(allotment: Allotment, maker: Somebody) -> None:
    allotment("apps", "push", str(REPLY), "--as", maker.email)
    (listed,) = allotment("apps", "list", "--as", maker.email, "--json").json
    assert (listed["slug"], listed["state"], listed["published_number"]) == ("customer-reply", "draft", None)


def test_a_pull_can_go_to_a_file(allotment: Allotment, maker: Somebody, tmp_path: Path) -> None:
    allotment("apps", "push", str(REPLY), "--as", maker.email)
    target = tmp_path / "app.yaml"
    ran = allotment("apps", "pull", "customer-reply", "-o", str(target), "--as", maker.email)
    assert ran.output == f"Wrote {target}.\n"
    assert target.read_text(encoding="utf-8").startswith("allotment: 1")


def test_apps_are_listed_for_reading(allotment: Allotment, maker: Somebody) -> None:
    assert "No apps yet" in allotment("apps", "list", "--as", maker.email).output
    allotment("apps", "push", str(REPLY), "--as", maker.email)
    assert "Reply to a customer" in allotment("apps", "list", "--as", maker.email).output


def test_a_sound_file_is_valid(allotment: Allotment) -> None:
    assert allotment("apps", "validate", str(REPLY), "--json").json == {"valid": True, "problems": []}
    ran = allotment("apps", "validate", str(REPLY))
    assert (ran.code, "is fine" in ran.output) == (0, True)


def test_a_broken_file_is_explained_and_ends_with_2(allotment: Allotment, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        REPLY.read_text(encoding="utf-8").replace("form.industry", "form.branch"), encoding="utf-8"
    )
    ran = allotment("apps", "validate", str(broken), "--json")
    assert (ran.code, ran.json["valid"]) == (2, False)
    assert "form.branch" in ran.output
    assert "to mend" in allotment("apps", "validate", str(broken)).output


def test_a_file_that_is_no_text_is_refused(allotment: Allotment, maker: Somebody, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="not a UTF-8 text file"):
        allotment("apps", "push", str(tmp_path / "app.yaml"), "--as", maker.email)


def test_whoever_makes_no_apps_cannot_push(allotment: Allotment, person: MakePerson) -> None:
    colleague = person(roles=("colleague",))
    with pytest.raises(NotAllowed):
        allotment("apps", "push", str(REPLY), "--as", colleague.email)


def test_an_app_that_is_not_there_is_refused(allotment: Allotment, maker: Somebody) -> None:
    with pytest.raises(NotFound):
        allotment("apps", "pull", "nothing", "--as", maker.email)
