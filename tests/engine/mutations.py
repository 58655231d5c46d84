"""A hundred ways to break a working spec: each names where the problem must be found."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from allotment.engine.spec.reading import to_plain
from tests.engine.content import starters

Plain = dict[str, Any]
Broken = tuple[str, Plain, str]
"""What was done, the broken spec, and the place where it must be reported."""


def broken_specs() -> Iterator[Broken]:
    """Yield every operator applied to every starter it fits."""
    for name, app in starters().items():
        for operator in OPERATORS:
            plain = copy.deepcopy(to_plain(app))
            place = operator(plain)
            if place is not None:
                yield f"{name}: {operator.__name__}", plain, place


def _first(plain: Plain, kind: str) -> tuple[int, Plain] | None:
    return next(((i, step) for i, step in enumerate(plain["steps"]) if step["do"] == kind), None)


def misspell_a_key(plain: Plain) -> str:
    plain["titel"] = plain.pop("title")
    return "titel"


def drop_the_name(plain: Plain) -> str:
    del plain["name"]
    return "the app"


def shout_the_name(plain: Plain) -> str:
    plain["name"] = "Reply To All"
    return "name"


def empty_the_title(plain: Plain) -> str:
    plain["title"] = ""
    return "title"


def ask_for_another_version(plain: Plain) -> str:
    plain["allotment"] = 2
    return "allotment"


def make_the_form_a_text(plain: Plain) -> str:
    plain["form"] = "a form"
    return "form"


def forget_a_label(plain: Plain) -> str:
    del plain["form"][0]["label"]
    return f"form.{plain['form'][0]['field']}"


def misspell_a_kind(plain: Plain) -> str:
    plain["form"][0]["kind"] = "long txt"
    return f"form.{plain['form'][0]['field']}.kind"


def write_a_text_where_yes_or_no_goes(plain: Plain) -> str:
    plain["form"][0]["required"] = "yes"
    return f"form.{plain['form'][0]['field']}.required"


def give_a_field_twice(plain: Plain) -> str:
    plain["form"].append(copy.deepcopy(plain["form"][0]))
    return f"form.{plain['form'][0]['field']}.field"


def offer_one_option(plain: Plain) -> str:
    plain["form"].append({"field": "extra", "label": "Extra", "kind": "choice", "options": ["only"]})
    return "form.extra.options"


def offer_an_option_twice(plain: Plain) -> str:
    plain["form"].append({"field": "extra", "label": "Extra", "kind": "choice", "options": ["a", "b", "A"]})
    return "form.extra.options"


def misspell_what_a_step_does(plain: Plain) -> str:
    plain["steps"][0]["do"] = "aks"
    return f"steps.{plain['steps'][0]['step']}.do"


def run_code_in_a_step(plain: Plain) -> str:
    plain["steps"][0]["code"] = "print(1)"
    return f"steps.{plain['steps'][0]['step']}.code"


def name_a_step_twice(plain: Plain) -> str:
    plain["steps"].append(copy.deepcopy(plain["steps"][0]))
    return f"steps.{plain['steps'][0]['step']}.step"


def remove_all_steps(plain: Plain) -> str:
    plain["steps"] = []
    return "steps"


def show_nothing(plain: Plain) -> str:
    del plain["result"]
    return "result"


def show_what_is_not_there(plain: Plain) -> str:
    plain["result"][0]["from"] = "steps.nowhere"
    return "result.1.from"


def show_it_as_a_dance(plain: Plain) -> str:
    plain["result"][0]["show"] = "dance"
    return "result.1.show"


def forget_the_version(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["template"] = "customer-reply"
    return f"steps.{found[1]['step']}.template"


def use_an_unknown_template(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["template"] = "no-such-template@1"
    return f"steps.{found[1]['step']}.template"


def use_a_version_nobody_approved(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["template"] = found[1]["template"].replace("@1", "@7")
    return f"steps.{found[1]['step']}.template"


def leave_a_slot_unfilled(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1].pop("with")
    return f"steps.{found[1]['step']}.with"


def fill_a_slot_that_is_not_there(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["with"]["wether"] = "=sunny"
    return f"steps.{found[1]['step']}.with.wether"


def name_a_field_that_is_not_there(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    slot = next(iter(found[1]["with"]))
    found[1]["with"][slot] = "form.nothing"
    return f"steps.{found[1]['step']}.with.{slot}"


def look_ahead(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    slot = next(iter(found[1]["with"]))
    found[1]["with"][slot] = f"steps.{found[1]['step']}"
    return f"steps.{found[1]['step']}.with.{slot}"


def write_an_expression(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    slot = next(iter(found[1]["with"]))
    found[1]["with"][slot] = "form.amount * 2"
    return f"steps.{found[1]['step']}.with.{slot}"


def ask_for_labels_and_fields(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["answer"] = {"choice": ["a", "b"], "fields": {"c": "text"}}
    return f"steps.{found[1]['step']}.answer"


def ask_for_a_single_label(plain: Plain) -> str | None:
    if (found := _first(plain, "ask")) is None:
        return None
    found[1]["answer"] = {"choice": ["only"]}
    return f"steps.{found[1]['step']}.answer.choice"


def choose_something_never_said(plain: Plain) -> str | None:
    if (found := _first(plain, "choose")) is None:
        return None
    found[1]["cases"][0]["when"][0] |= {"is": "is", "to": ""}
    return f"steps.{found[1]['step']}.cases.1.when.1.to"


def choose_without_an_outcome(plain: Plain) -> str | None:
    if (found := _first(plain, "choose")) is None:
        return None
    found[1]["cases"][0] = {"when": found[1]["cases"][0]["when"]}
    return f"steps.{found[1]['step']}.cases.1"


def choose_without_a_condition(plain: Plain) -> str | None:
    if (found := _first(plain, "choose")) is None:
        return None
    found[1]["cases"][0]["when"] = []
    return f"steps.{found[1]['step']}.cases.1.when"


def jump_back(plain: Plain) -> str | None:
    if (found := _first(plain, "choose")) is None:
        return None
    case = found[1]["cases"][0]
    found[1]["cases"][0] = {"when": case["when"], "go_to": plain["steps"][0]["step"]}
    return f"steps.{found[1]['step']}.cases.1.go_to"


def compare_a_text_by_size(plain: Plain) -> str | None:
    if (found := _first(plain, "choose")) is None:
        return None
    found[1]["cases"][0]["when"][0] |= {"is": "is more than", "to": "3"}
    return f"steps.{found[1]['step']}.cases.1.when.1.is"


def give_a_sample_without_a_field(plain: Plain) -> str:
    plain["sample"]["nothing"] = "text"
    return "sample.nothing"


def read_what_is_no_document(plain: Plain) -> str:
    plain["form"].append({"field": "extra", "label": "Extra"})
    plain["steps"].insert(0, {"step": "reading", "do": "read", "from": "form.extra"})
    return "steps.reading.from"


OPERATORS: tuple[Callable[[Plain], str | None], ...] = (
    misspell_a_key,
    drop_the_name,
    shout_the_name,
    empty_the_title,
    ask_for_another_version,
    make_the_form_a_text,
    forget_a_label,
    misspell_a_kind,
    write_a_text_where_yes_or_no_goes,
    give_a_field_twice,
    offer_one_option,
    offer_an_option_twice,
    misspell_what_a_step_does,
    run_code_in_a_step,
    name_a_step_twice,
    remove_all_steps,
    show_nothing,
    show_what_is_not_there,
    show_it_as_a_dance,
    forget_the_version,
    use_an_unknown_template,
    use_a_version_nobody_approved,
    leave_a_slot_unfilled,
    fill_a_slot_that_is_not_there,
    name_a_field_that_is_not_there,
    look_ahead,
    write_an_expression,
    ask_for_labels_and_fields,
    ask_for_a_single_label,
    choose_something_never_said,
    choose_without_an_outcome,
    choose_without_a_condition,
    jump_back,
    compare_a_text_by_size,
    give_a_sample_without_a_field,
    read_what_is_no_document,
)
