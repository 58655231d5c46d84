"""The templates that come with Allotment."""

from pathlib import Path

import pytest

from allotment.kernel.errors import Misconfigured
from allotment.prompts.models import Template, TemplateVersion
from allotment.prompts.queries import approved_template, approved_templates
from allotment.prompts.starting import library, plant_library

STARTER = """
name: sort-into-topics
title: Sort into topics
purpose: One of your labels for a message.
category: sorting
system: You sort messages.
user: "Topics: {topics}. Message: {text}"
slots:
  - {name: text, label: Message, kind: long text, example: Where is my card}
  - {name: topics, label: Topics, kind: list, required: true, max_length: 1000, example: "card\\ntransfer"}
"""


def write(folder: Path, text: str = STARTER) -> Path:
    (folder / "sort.yaml").write_text(text)
    return folder


@pytest.mark.django_db
def test_starters_are_approved_by_nobody_in_the_organisation(tmp_path: Path) -> None:
    assert plant_library(write(tmp_path)) == 1
    template = approved_template("sort-into-topics@1")
    assert [slot.name for slot in template.slots] == ["topics", "text"]
    version = TemplateVersion.objects.get()
    assert (version.author, version.approver, version.origin) == (None, None, "starter")


@pytest.mark.django_db
def test_planting_twice_changes_nothing(tmp_path: Path) -> None:
    plant_library(write(tmp_path))
    assert plant_library(tmp_path) == 0
    assert Template.objects.count() == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("category: sorting", "category: magic"),
        ("{text}", "{message}"),
        ("kind: list", "kind: code"),
        ("name: sort-into-topics", "name: ''"),
    ],
)
def test_a_broken_starter_is_named(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(Misconfigured, match=r"sort\.yaml"):
        list(library(write(tmp_path, STARTER.replace(old, new))))


@pytest.mark.django_db
def test_the_shipped_library_is_sound_and_answers_customers() -> None:
    plant_library()
    shipped = {summary.name: summary for summary in approved_templates()}
    assert len(shipped) >= 15
    assert any(
        {"industry", "customer_query"} <= {slot.name for slot in summary.slots}
        for summary in shipped.values()
    )
