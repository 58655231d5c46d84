"""What is wrong with a spec: located, worded for its maker, and with the way to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

from allotment.kernel.errors import Invalid


@dataclass(frozen=True)
class SpecProblem:
    """One thing to mend.

    `where` is a path people can follow: steps by their name, fields by theirs (`steps.reply.with.text`,
    `form.industry.options`, `result.1.from`). `line` counts from 1 when the spec was read from YAML.
    """

    where: str
    message: str
    remedy: str = ""
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}, {self.where}" if self.line else self.where
        return f"{place}: {self.message} {self.remedy}".strip()


class BrokenSpec(Invalid):
    """A spec that cannot be read as an app; `problems` has every reason found."""

    code = "broken-spec"

    def __init__(self, problems: Iterable[SpecProblem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        more = len(self.problems) - 1
        also = f" (and {more} more)" if more else ""
        super().__init__(f"{first.where}: {first.message}{also}", hint=first.remedy, where=first.where)
