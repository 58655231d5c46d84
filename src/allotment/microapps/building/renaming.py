"""Naming a step as its maker calls it, at the end of an edit."""

from django import forms

from allotment.microapps.building import steps
from allotment.microapps.building.editors import KEEP, SAVE, Do, Edited
from allotment.microapps.building.naming import Plain, spoken


def renamed(plain: Plain, key: str, name: forms.Form, do: Do) -> Edited:
    """Name the step as its maker calls it, unless this is an automatic save; close it when they are done."""
    if do.verb == KEEP:
        return Edited(plain, key, stays=True)
    at = steps.step_names(plain).index(key)
    if name.cleaned_data["words"].strip() != spoken(key):
        plain = steps.rename_step(plain, key, name.cleaned_data["words"])
    return Edited(plain, steps.step_names(plain)[at], stays=do.verb != SAVE)
