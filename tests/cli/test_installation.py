"""Models, doctor, schema, completion, and running an app: on an installation of their own."""

import json
from pathlib import Path

import jsonschema
import pytest

from allotment.engine.spec.reading import read_yaml, to_plain
from allotment.kernel.errors import NotAllowed
from tests.cli.conftest import Allotment, Installation
from tests.conftest import MakePerson
from tests.serving import free_port

QUESTION = "customer_query=My card is lost. Write to ann@example.org."


def test_an_app_runs_without_the_server(installation: Installation) -> None:
    ran = installation(
        "run",
        installation.app,
        "-i",
        QUESTION,
        "-i",
        "industry=banking",
        "--as",
        "maker@example.org",
        "--json",
    )
    assert ran.code == 0, ran.errors
    assert ran.json["run"]["state"] == "done"
    assert [part["title"] for part in ran.json["result"]] == ["Topic", "Reply"]
    assert ran.json["run"]["masked"] >= 1


def test_a_run_shows_result_checks_and_cost(installation: Installation) -> None:
    arguments = (
        "run",
        installation.app,
        "-i",
        QUESTION,
        "-i",
        "industry=banking",
        "--as",
        "maker@example.org",
    )
    shown = installation(*arguments).output
    for words in ("Topic", "Reply", "ann@example.org", "tokens in", "free", "masked on the way out"):
        assert words in shown


def test_a_form_that_is_not_filled_in_ends_with_2_and_a_sentence_per_field(
    installation: Installation,
) -> None:
    ran = installation("run", installation.app, "--as", "maker@example.org")
    assert (ran.code, ran.output) == (2, "")
    for words in ("Some fields need another look.", "customer_query: ", "industry: ", "run again"):
        assert words in ran.errors


def test_an_input_without_equals_sign_ends_with_2(installation: Installation) -> None:
    ran = installation("run", installation.app, "-i", "hello", "--as", "maker@example.org")
    assert (ran.code, "Write --input name=value." in ran.errors) == (2, True)


def test_an_app_that_is_not_there_ends_with_2(installation: Installation) -> None:
    ran = installation("run", "nothing", "--as", "maker@example.org")
    assert ran.code == 2
    assert "Traceback" not in ran.errors
    assert len(ran.errors.strip().splitlines()) == 2  # message and hint


def test_an_app_one_may_not_see_is_not_there(installation: Installation) -> None:
    assert installation("run", installation.app, "--as", "auditor@example.org").code in {1, 2}


def test_nobody_can_act_where_nobody_has_an_account(empty_home: Installation) -> None:
    ran = empty_home("apps", "list")
    assert (ran.code, "set-up link" in ran.errors) == (2, True)


def test_a_wrong_setting_ends_with_1_and_its_remedy(empty_home: Installation) -> None:
    empty_home.server.extra["ALLOTMENT_PORT"] = "many"
    ran = empty_home("doctor")
    assert (ran.code, "1 to 65535" in ran.errors, "Traceback" in ran.errors) == (1, True, False)


def test_a_taken_port_is_named_before_anything_is_offered(empty_home: Installation) -> None:
    empty_home.server.extra["ALLOTMENT_HOST"] = "203.0.113.1"  # RFC 5737: no address of this machine
    empty_home.server.port = free_port()
    ran = empty_home("up")
    assert (ran.code, ran.output) == (1, "")
    assert f"203.0.113.1, port {empty_home.server.port}" in ran.errors
    assert "ALLOTMENT_PORT" in ran.errors


def test_the_doctor_looks_at_everything(installation: Installation) -> None:
    found = {one["what"]: one for one in installation("doctor", "--json").json}
    assert {"Folder", "Database", "Master key", "Policies", "People", "Practice model"} <= set(found)
    assert found["Database"]["is_well"]
    assert found["People"]["is_well"]


def test_the_doctor_says_what_to_mend(empty_home: Installation) -> None:
    empty_home.server.home.chmod(0o755)
    ran = empty_home("doctor")
    assert ran.code == 1
    assert f"chmod 700 {empty_home.server.home}" in ran.output


def test_models_are_listed(allotment: Allotment, person: MakePerson) -> None:
    administrator = person(roles=("administrator",))
    listed = allotment("models", "list", "--as", administrator.email, "--json").json
    assert "practice" in {one["title"].partition(" ")[0].lower() for one in listed}
    assert "this machine" in allotment("models", "list", "--as", administrator.email).output


def test_whoever_may_not_see_models_gets_no_list(allotment: Allotment, person: MakePerson) -> None:
    nobody = person(roles=())
    with pytest.raises(NotAllowed):
        allotment("models", "list", "--as", nobody.email)


def test_the_schema_fits_the_apps_that_exist(allotment: Allotment) -> None:
    schema = allotment("schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    app = read_yaml((Path(__file__).parents[1] / "customer_reply.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(to_plain(app), schema)
    assert json.loads(allotment("schema", "--json").output) == schema


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_gets_its_completion(allotment: Allotment, shell: str) -> None:
    ran = allotment("completion", shell)
    assert (ran.code, "_ALLOTMENT_COMPLETE" in ran.output) == (0, True)


def test_an_unknown_shell_is_refused(allotment: Allotment) -> None:
    ran = allotment("completion", "tcsh")
    assert (ran.code, "zsh" in ran.errors) == (2, True)
