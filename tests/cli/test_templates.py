"""`allotment templates`: the library listed, out to other tools, and back in as an inert draft."""

from pathlib import Path

import pytest

from allotment.kernel.errors import AllotmentError, NotAllowed, NotFound
from tests.cli.conftest import Allotment
from tests.conftest import MakePerson, Somebody


@pytest.fixture
def steward(person: MakePerson) -> Somebody:
    """Somebody who tends templates."""
    return person(roles=("steward",), email="steward@example.org")


def test_approved_templates_are_listed(allotment: Allotment, steward: Somebody) -> None:
    listed = allotment("templates", "list", "--as", steward.email, "--json").json
    assert "customer-reply@1" in {one["reference"] for one in listed}
    assert "customer-reply@1" in allotment("templates", "list", "--as", steward.email).output


@pytest.mark.parametrize("tool", ["prompty", "langchain", "promptflow"])
def test_what_is_exported_comes_back_as_a_draft(
    allotment: Allotment, steward: Somebody, tmp_path: Path, tool: str
) -> None:
    about = allotment(
        "templates", "export", "customer-reply", "--format", tool, "--as", steward.email, "--json"
    ).json
    file = tmp_path / about["filename"]
    command = ("templates", "export", "customer-reply", "--format", tool, "-o", str(file))
    assert allotment(*command, "--as", steward.email).output == f"Wrote {file}.\n"
    landed = allotment("templates", "import", str(file), "--as", steward.email, "--json").json
    listed = allotment("templates", "list", "--as", steward.email, "--json").json
    assert f"{landed['template']}@{landed['version']}" not in {one["reference"] for one in listed}


def test_an_export_is_printed_when_no_file_is_named(allotment: Allotment, steward: Somebody) -> None:
    assert (
        "customer_query" in allotment("templates", "export", "customer-reply", "--as", steward.email).output
    )


def test_an_unknown_template_is_refused(allotment: Allotment, steward: Somebody) -> None:
    with pytest.raises(NotFound):
        allotment("templates", "export", "nothing", "--as", steward.email)


def test_a_file_that_is_no_template_is_refused(
    allotment: Allotment, steward: Somebody, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text("[1, 2", encoding="utf-8")
    with pytest.raises(AllotmentError) as refused:
        allotment("templates", "import", str(tmp_path / "a.json"), "--as", steward.email)
    assert refused.value.hint


def test_a_colleague_cannot_import(allotment: Allotment, person: MakePerson, tmp_path: Path) -> None:
    (tmp_path / "a.prompty").write_text("---\nname: A\n---\nuser:\nHello\n", encoding="utf-8")
    with pytest.raises(NotAllowed):
        allotment("templates", "import", str(tmp_path / "a.prompty"), "--as", person().email)
