"""Writes docs/commands.md from the code: `python -m tests.adapters.commands_page`."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from inspect import getdoc
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any, Final, NewType, get_args, get_origin, get_type_hints

from attrs import NOTHING, fields, has

import regulars
from regulars import campaigns, customers, loyalty, offers, orders, privacy, programs, reports
from regulars.application.events import Command
from regulars.domain.personal import Sealed
from tests.adapters.events_page import sentences
from tests.adapters.field_meanings import MEANINGS
from tests.adapters.outcomes import asked_for, outcomes
from tests.architecture.test_public_names import SAID_BY_THE_CORE

PAGE: Final = Path(__file__).parents[2] / "docs" / "commands.md"

THEMES: Final = (customers, orders, programs, loyalty, offers, campaigns, privacy, reports)
"""The doors, in the order in which docs/embedding.md tells of them."""

OPENING: Final = """\
# Commands

Everything that a host can say with `Crm.execute`, by theme, with each field.
`python -m tests.adapters.commands_page` writes this page from the code, and a test compares them.
See the [cookbook](cookbook.md) for what is said together, [questions](questions.md) for what is
asked, and [events](events.md) for what is recorded.

All fields are given by name; those without a default have to be.
Amounts are whole minor units of their currency, points are whole numbers, times have a time zone.
Ids are texts of 1 to 200 characters of the host's own, and say nothing about a person.
A code is 1 to 100 letters, digits and `._:/#-`.
What is not said to be sealed stands in clear for ever.

A command records its events after those that fell due before it, as points that expired.
Then policies ask for other commands, in the same transaction; if one of these is refused, so is
the command, and nothing is recorded.
Besides what stands with it, any command may be refused for what is said in it or who says it:
`InvalidId`, `InvalidText`, `ReservedId`, `IdempotencyConflict`, `TooFarAhead`, `MayNotWrite`; one
that brings personal data also with `InvalidPersonalData`, `SubjectErased`, `ErasureWaits`,
`ContactTaken` and `MergedInto`.
A field of another type, a time without a zone and a number of more than 64 bits are mistakes of
the program: `TypeError`, `ValueError`.
"""


def page() -> str:
    """The page, as the code has it."""
    spoken = [one for one in get_args(Command) if one.__name__ not in SAID_BY_THE_CORE]
    sections = [f"{paragraph}\n" for paragraph in sentences(OPENING.strip())]
    for theme in THEMES:
        own = [one for one in spoken if theme_of(one) is theme]
        if own:
            name = theme.__name__.rpartition(".")[2]
            sections.append(f"## {name.capitalize()}\n\n{theme.__doc__}\n")
            sections += [said(one) for one in own]
    sections += [
        "## Parts\n\nWhat stands in a command, by name.\n",
        *parts(made_of(fields_of(spoken))),
    ]
    sections += ["## Refusals\n", refusals(spoken)]
    sections += ["## What the core says itself\n", by_the_core()]
    return "\n".join(sections)


def theme_of(kind: type[Any]) -> ModuleType:
    """The theme from which a host imports a class."""
    return next(theme for theme in THEMES if kind.__name__ in theme.__all__)


def imported(kind: type[Any]) -> str:
    """Where a class is imported from."""
    front = ["`regulars`"] if kind.__name__ in regulars.__all__ else []
    theme = [f"`{one.__name__}`" for one in THEMES if kind.__name__ in one.__all__]
    return " or ".join([*front, *theme])


def said(command: type[Any]) -> str:
    """A command: what it does, its fields, and what comes of it."""
    found = outcomes(command)
    asked = set[type[Any]]().union(*map(asked_for, found.events))
    told = [f"Imported from {imported(command)}."]
    told += [f"Records {named(found.events)}."] if found.events else []
    told += [f"Then asks for {named(asked)}."] if asked else []
    told += [f"Refused with {named(found.refusals)}."] if found.refusals else []
    return "\n".join(
        [
            f"### {command.__name__}\n",
            *sentences(getdoc(command)),
            "\n| field | type | default | meaning |\n|---|---|---|---|",
            *(row(command, name, words) for name, words in types_of(command).items()),
            "",
            *told,
            "",
        ]
    )


def row(kind: type[Any], name: str, words: str) -> str:
    """A field of a command or question: what it is, and what it means."""
    meaning = MEANINGS.get(f"{kind.__name__}.{name}") or MEANINGS[name]
    return f"| `{name}` | {words} | {default(kind, name)} | {meaning} |"


def types_of(kind: type[Any]) -> Mapping[str, str]:
    """The types of the fields of a class, in words, without what only the core puts there."""
    hints = get_type_hints(kind)
    return {spec.name: spelled(hints[spec.name]) for spec in fields(kind) if spec.init}


def spelled(hint: Any) -> str:  # noqa: ANN401 - a type hint is any object
    """A type in words."""
    if isinstance(hint, NewType):
        return f"`{hint.__name__}`"
    if get_origin(hint) is tuple:
        kinds = get_args(hint)
        if kinds[-1] is Ellipsis:
            return f"tuple of {spelled(kinds[0])}"
        return f"({', '.join(map(spelled, kinds))})"
    if isinstance(hint, type):
        return "`None`" if hint is NoneType else f"`{hint.__name__}`"
    return " or ".join(spelled(one) for one in get_args(hint) if one is not Sealed)


def default(kind: type[Any], name: str) -> str:
    """What a field is if it is not given."""
    value: object = getattr(fields(kind), name).default
    if value is NOTHING:
        return ""
    if isinstance(value, Enum):
        return f"`{type(value).__name__}.{value.name}`"
    own: type[Any] = type(value)
    if has(own):
        return f"`{own.__name__}()`" if value == own() else f"`{own.__name__}(…)`"
    return f"`{value!r}`"


def made_of(hints: Iterable[Any]) -> list[type[Any]]:
    """The classes and enumerations of ours that types are made of, at any depth, by name."""
    found = dict[type[Any], None]()
    left = [*hints]
    while left:
        hint = left.pop()
        left += get_args(hint)
        if isinstance(hint, type) and hint not in found and (has(hint) or issubclass(hint, Enum)):
            found[hint] = None
            left += get_type_hints(hint).values() if has(hint) else ()
    return sorted(found, key=lambda one: one.__name__)


def fields_of(kinds: Iterable[type[Any]]) -> list[Any]:
    """The types of all fields of some classes."""
    return [hint for kind in kinds for hint in get_type_hints(kind).values()]


def parts(kinds: Iterable[type[Any]]) -> Iterator[str]:
    """Classes and enumerations that stand in others, each with its fields or members."""
    for part in kinds:
        if part is Sealed:
            continue
        head = [f"### {part.__name__}\n", *sentences(getdoc(part)), ""]
        if issubclass(part, Enum):
            table = [", ".join(f"`{part.__name__}.{one.name}`" for one in part) + "."]
        else:
            table = ["| field | type | default |", "|---|---|---|"]
            table += [
                f"| `{name}` | {words} | {default(part, name)} |"
                for name, words in types_of(part).items()
            ]
        yield "\n".join([*head, *table, "", f"Imported from {imported(part)}.", ""])


def refusals(kinds: Iterable[type[Any]]) -> str:
    """Every refusal of some commands, what it says, and where it is imported from."""
    found = {refusal for kind in kinds for refusal in outcomes(kind).refusals}
    rows = [
        f"| `{one.__name__}` | {' '.join((getdoc(one) or '').split())} | {imported(one)} |"
        for one in sorted(found, key=lambda one: one.__name__)
    ]
    return "\n".join(["| refusal | why | imported from |\n|---|---|---|", *rows, ""])


def by_the_core() -> str:
    """The commands that no host says: by whom they are, and what they may be refused with."""
    rows: list[str] = []
    for kind in sorted(get_args(Command), key=lambda one: one.__name__):
        if kind.__name__ in SAID_BY_THE_CORE:
            why = named(outcomes(kind).refusals)
            rows.append(f"| `{kind.__name__}` | {SAID_BY_THE_CORE[kind.__name__]} | {why} |")
    return "\n".join(["| command | said by | refused with |\n|---|---|---|", *rows, ""])


def named(kinds: Iterable[type[Any]]) -> str:
    """Classes by name, as code."""
    return ", ".join(f"`{name}`" for name in sorted(one.__name__ for one in kinds))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
