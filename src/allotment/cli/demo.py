"""`allotment demo`: the main job told in the terminal, and an organisation to look around in afterwards."""

import secrets
import textwrap
from dataclasses import dataclass, field

import click

from allotment.cli.printing import as_json as print_json
from allotment.cli.printing import json_option
from allotment.cli.run import print_run, wait_for
from allotment.composition.demo import story
from allotment.composition.demo.filling import fill
from allotment.composition.demo.founding import Organisation, founded
from allotment.composition.demo.roster import MEMBERS, REVIEWER, SERVICE, STORY_MAKER
from allotment.composition.installation import opened
from allotment.composition.preparing import prepare
from allotment.kernel.settings import settings
from allotment.llms.queries import default_model
from allotment.microapps.values import AppDetail
from allotment.people.queries import person_by_email
from allotment.people.roles import role_name
from allotment.runs import starting
from allotment.runs.values import RunDetail

_WIDTH = 96
_MARKS = {"ok": ("fine", "green"), "warn": ("look at this", "yellow"), "stop": ("must change", "red")}
_TOUR = (
    (STORY_MAKER, "the app above in the builder, and what it cost under Past results"),
    (REVIEWER, "an app that waits for review: what changed, what it touches, what the checks found"),
    ("tomasz", "the library of templates, and a proposal that another steward has to decide on"),
    ("mariam", "the proposal “Branch incident report”: approve it or send it back"),
    ("leilani", "the journal of five weeks, the rules in plain words, the models"),
    ("ingrid", "people, roles and spaces"),
    ("samuel", "everything, without being able to change anything"),
)


@dataclass
class _Told:
    """What the story came to, for `--json`."""

    home: str
    is_new: bool
    password: str = ""
    """Only when the organisation was made just now; it is kept nowhere."""
    people: list[dict[str, str]] = field(default_factory=list)
    app: str = ""
    version: int | None = None
    steps: tuple[str, ...] = ()
    checks: list[dict[str, str]] = field(default_factory=list)
    answers: list[dict[str, object]] = field(default_factory=list)
    left_out: str = ""
    """Why nothing was asked."""


@click.command()
@click.option("--no-questions", is_flag=True, help="Leave out the questions to the model.")
@json_option
def demo(*, no_questions: bool, as_json: bool) -> None:
    """Tell the main job from nothing, and fill an installation to look around in.

    Safe to repeat: what is there already stays, and the questions are asked again.
    """
    _Teller(quiet=as_json).tell(ask=not no_questions)


class _Teller:
    """Tells the story, or keeps quiet and prints the summary at the end."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._chapter = 0

    def tell(self, *, ask: bool) -> None:
        self._heading("An installation, and an organisation in it")
        prepare()
        organisation = founded()
        told = _Told(str(settings().home), is_new=organisation is None)
        if organisation is None:
            told.password = "-".join(secrets.token_hex(2) for _ in range(5))
            organisation = fill(told.password)
        self._installation(told)
        app = story.drafted(organisation) or self._make(organisation, told)
        told.app, told.version = app.slug, app.published_number
        self._ask(app, organisation, told, ask=ask)
        self._look_around(told)
        if self._quiet:
            print_json(told)

    def _installation(self, told: _Told) -> None:
        told.people = [
            {"name": member.name, "email": member.email, "roles": _role_names(member.email)}
            for member in MEMBERS
        ]
        if told.is_new:
            self._say(
                "Alder Savings is a savings bank we invented. It now has people in every role, four spaces,"
                " a dozen apps and a week of runs, all made through the same rules that apply to real ones."
                " The journal marks every entry about it as demo."
            )
        else:
            self._say("Alder Savings is here already and stays as it is.")
        self._say(f"It lives in {told.home}.")

    def _make(self, organisation: Organisation, told: _Told) -> AppDetail:
        self._heading(f"{organisation.actors[STORY_MAKER].name} says what the service desk needs")
        self._say(f"“{story.NEED}”")
        app = story.draft(organisation)
        told.steps = story.steps_of(app)
        self._say(f"A moment later there is a draft, “{app.title}”, and nobody wrote code:")
        for number, sentence in enumerate(told.steps, 1):
            self._line(f"{number}. {sentence}", indent="   ")
        self._checks(app, told)
        self._heading("Save and share")
        number = story.save(app, organisation)
        shared = story.share(app, organisation)
        self._say(f"Saved as version {number}, for everyone in the space “{SERVICE}”. {shared.tier}.")
        if shared.reviewer:
            self._say(f"So somebody else looks at it first. {shared.reviewer} reviews and approves it.")
        published = story.drafted(organisation)
        return app if published is None else published

    def _checks(self, app: AppDetail, told: _Told) -> None:
        self._say("The checks panel beside it says:")
        for check in story.checks_of(app):
            words, colour = _MARKS[check.level]
            told.checks.append({"level": check.level, "title": check.title, "why": check.why})
            self._line(f"{click.style(words, fg=colour)}: {check.title}", indent="   ")
            if check.level != "ok" and check.why:
                self._line(check.why, indent="      ")

    def _ask(self, app: AppDetail, organisation: Organisation, told: _Told, *, ask: bool) -> None:
        model = default_model()
        asker = story.asker(organisation)
        if not ask:
            told.left_out = "You asked to leave out the questions."
        elif model is None or not model.can_answer:
            told.left_out = (
                "The practice model is not installed, so nothing is asked now. `make model` fetches it;"
                " then run the demo again."
            )
        self._heading(f"{asker.name} runs “{app.title}”")
        if told.left_out or model is None:
            self._say(told.left_out)
            return
        self._say(f"Three questions for {model.title}, through the same gate as every run:")
        with opened():
            for question in story.QUESTIONS:
                self._say(f"“{question}”")
                if (seen := story.as_the_model_sees(question)) != question:
                    self._say(f"The model sees: “{seen}”")
                run = starting.start(app.id, asker, story.form_with(app, question, asker))
                done = wait_for(asker, run)
                told.answers.append(_answer(question, done))
                self._show(done)

    def _show(self, done: RunDetail) -> None:
        if not self._quiet:
            click.echo()
            print_run(done)

    def _look_around(self, told: _Told) -> None:
        self._heading("Look around")
        self._say(f"Start the server with `make run` and open {settings().public_url}. Who may sign in:")
        for person in told.people:
            self._line(f"{person['email']:26} {person['name']:24} {person['roles']}", indent="   ")
        if told.is_new:
            self._say("They all have this password, made just now and shown only here:")
            self._line(click.style(told.password, bold=True), indent="   ")
        else:
            self._say("The password was shown when they were made. Lost? `allotment people link E-MAIL`")
        self._say("What to look at:")
        for key, what in _TOUR:
            self._line(f"{key:8} {what}", indent="   ")

    def _heading(self, text: str) -> None:
        self._chapter += 1
        if not self._quiet:
            click.secho(f"\n{self._chapter}. {text}", bold=True, fg="green")

    def _say(self, text: str) -> None:
        if not self._quiet:
            click.echo("\n" + textwrap.fill(text, _WIDTH))

    def _line(self, text: str, *, indent: str) -> None:
        if not self._quiet:
            click.echo(textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "   "))


def _role_names(email: str) -> str:
    return ", ".join(role_name(role) for role in person_by_email(email).roles)


def _answer(question: str, done: RunDetail) -> dict[str, object]:
    return {
        "question": question,
        "as_the_model_sees_it": story.as_the_model_sees(question),
        "state": done.state,
        "result": {part.title: part.text for part in done.parts},
        "message": done.message,
        "details_masked": done.details_masked,
        "cost_nanodollars": done.cost_nanodollars,
        "seconds": done.seconds,
    }
