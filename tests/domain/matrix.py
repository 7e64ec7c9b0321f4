"""
Tables of what each command does at each point of a life, written by hand and read here.

`+` the event is recorded, `++` one that it takes for granted as well, `=` there is nothing to add;
any other sign is a refusal, by the legend of the table.
"""

import re
from collections.abc import Mapping
from typing import TypeAlias, TypeVar

from attrs import frozen

from regulars.domain.values import Refusal
from tests.domain.story import Story, Timed

State = TypeVar("State")
Command = TypeVar("Command", bound=Timed)
Event = TypeVar("Event")
Legend: TypeAlias = Mapping[type[Refusal], str]


@frozen
class Row:
    """A point of a life, and what each command, by the head of its column, does there."""

    point: str
    cells: Mapping[str, str]

    def __str__(self) -> str:
        return self.point


def rows(table: str) -> list[Row]:
    """The rows of a table whose columns are two blanks or more apart."""
    heads, *lines = [re.split(r"\s{2,}", line.strip()) for line in table.strip("\n").splitlines()]
    return [Row(point, dict(zip(heads, cells, strict=True))) for point, *cells in lines]


def outcome(story: Story[State, Command, Event], command: Command, legend: Legend) -> str:
    """The sign of what `command` does in `story`."""
    try:
        return "+" * len(story.when(command)) or "="
    except Refusal as refusal:
        return legend[type(refusal)]
