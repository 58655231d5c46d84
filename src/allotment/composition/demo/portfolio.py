"""The apps and templates of Alder Savings, and how far each has come. Content only."""

from dataclasses import dataclass, field
from typing import Literal

from allotment.composition.demo.roster import FINANCE, OPERATIONS, PEOPLE, SERVICE
from allotment.microapps.states import Audience

End = Literal["published", "in review", "sent back", "draft", "parked"]


@dataclass(frozen=True)
class PlannedApp:
    """An app made from a starter, and what became of it."""

    starter: str
    owner: str
    deputy: str | None
    days_ago: int
    """When it was made; later steps follow within a day."""
    end: End
    audience: Audience = Audience.ME
    space: str | None = None
    named: tuple[str, ...] = ()
    title: str = ""
    """Empty: the starter's."""
    second_version: dict[str, str] = field(default_factory=dict)
    """Title or purpose of a second version that was saved and published later."""
    word: str = ""
    """Why the reviewer sent it back."""


APPS = (
    PlannedApp(
        "sort-this-inbox", "priya", "mateo", 33, "published", Audience.SPACE, SERVICE,
        second_version={"purpose": "Say which team should get a message, and which ones cannot wait."},
    ),
    PlannedApp("answer-a-complaint", "priya", "mateo", 29, "published", Audience.SPACE, SERVICE),
    PlannedApp("is-this-urgent", "priya", "kwame", 25, "published", Audience.ORGANISATION),
    PlannedApp("minutes-to-actions", "kwame", "aoife", 24, "published", Audience.ORGANISATION),
    PlannedApp(
        "job-advert", "aoife", "kwame", 21, "published", Audience.SPACE, PEOPLE,
        title="Job advert for a branch",
        second_version={"title": "Job advert for branch and head office"},
    ),
    PlannedApp(
        "letter-from-notes", "zeynep", "priya", 20, "published", Audience.PEOPLE, named=("lars", "hoa"),
        title="Reminder letter from notes",
    ),
    PlannedApp("weekly-report-from-notes", "zeynep", None, 18, "published", Audience.SPACE, FINANCE),
    PlannedApp("mood-of-feedback", "priya", "mateo", 15, "published", Audience.SPACE, OPERATIONS),
    PlannedApp(
        "contact-card", "zeynep", "aoife", 30, "parked", Audience.SPACE, FINANCE,
        title="Supplier contact from a signature",
    ),
    PlannedApp("welcome-a-new-colleague", "kwame", "aoife", 2, "in review", Audience.SPACE, PEOPLE),
    PlannedApp(
        "pull-the-order-details-out", "priya", None, 5, "sent back", Audience.ORGANISATION,
        word="Only the service desk sees such messages. Please share it with that space alone.",
    ),
    PlannedApp("plain-language-rewrite", "aoife", None, 1, "draft", title="Say it so that everybody understands"),
)  # fmt: skip


@dataclass(frozen=True)
class PlannedWording:
    """One version of a template: what it says."""

    system: str
    user: str


@dataclass(frozen=True)
class PlannedTemplate:
    """A template of the organisation's own. All versions but the last are approved."""

    title: str
    purpose: str
    category: str
    author: str
    steward: str
    days_ago: int
    end: Literal["draft", "proposed", "approved"]
    """Where the last version stands."""
    versions: tuple[PlannedWording, ...]


TEMPLATES = (
    PlannedTemplate(
        "House-style e-mail",
        "Drafts an e-mail in the voice of Alder Savings: short, warm, signed by a person.",
        "writing", "mariam", "tomasz", 27, "approved",
        (
            PlannedWording("You write e-mails for a savings bank. Be short and friendly.", "{notes}"),
            PlannedWording(
                "You write e-mails for a savings bank. Be short and warm, name no amounts that are not in the"
                " notes, and sign with the name you are given.",
                "Notes: {notes}\nSign as: {signature}",
            ),
        ),
    ),
    PlannedTemplate(
        "Branch incident report",
        "Turns what a branch rings in about into a report with time, place and what was done.",
        "reporting", "tomasz", "mariam", 6, "proposed",
        (
            PlannedWording(
                "You write incident reports. State when, where, what happened and what was done. Invent nothing.",
                "The branch says: {account}",
            ),
        ),
    ),
    PlannedTemplate(
        "Questions for a first interview",
        "Suggests fair questions for a first interview from the tasks of a job.",
        "writing", "mariam", "tomasz", 1, "draft",
        (PlannedWording("You suggest fair interview questions.", "The tasks of the job: {tasks}"),),
    ),
)  # fmt: skip
