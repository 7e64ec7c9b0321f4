"""Writes docs/events.md from the code: `python -m tests.adapters.events_page`."""

from collections.abc import Iterable, Sequence
from inspect import getdoc, getmembers, isfunction
from itertools import groupby
from pathlib import Path
from typing import Any, get_args, get_type_hints

from regulars.adapters.codec import CODEC, Codec
from regulars.adapters.upcasting import Stored
from regulars.application.boxed import BOXED
from regulars.application.catalogue import VIEWS
from regulars.application.events import Event
from regulars.application.views import View
from regulars.domain import policies
from regulars.domain.personal import DATA_CLASS
from tests.adapters.stored_fields import fields_of, parts_of

PAGE = Path(__file__).parents[2] / "docs" / "events.md"

OPENING = """\
# Events

Everything that is ever stored, by the name and version under which it is stored.
`python -m tests.adapters.events_page` writes this page from the code, and a test compares them.

Bodies are JSON; times are UTC, sealed boxes are base64.
Of a box, the data class under whose key it is sealed stands beside it.
Stream, version, position, times, actor, correlation and causation are columns beside the body.
Its own aggregate reads every event; which views and policies do stands below its fields.
"""

OLDER = """\
## Older versions

What is read and no longer written, and what it has become.
"""


def page(codec: Codec = CODEC, views: Sequence[View[Any, Any]] = VIEWS) -> str:
    streams = groupby(
        codec.stored.items(), key=lambda stored: stored[0].__module__.rpartition(".")[2]
    )
    parts = {part: None for event in codec.stored for part in parts_of(event)}
    sections = [OPENING]
    for module, events in streams:
        sections.append(f"## {module.replace('_', ' ').capitalize()}\n")
        for event, (name, version) in events:
            sections += [described(f"{name} {version}", event), f"{readers(event, views)}\n"]
    sections.append("## Parts\n")
    sections += [described(part.__name__, part) for part in sorted(parts, key=str)]
    return "\n".join([*sections, *older(codec)])


def described(title: str, kind: type[Any]) -> str:
    boxes = data_classes(kind)
    rows = [
        f"| `{name}` | {words}{f', data class {boxes[name]}' if name in boxes else ''} |"
        for name, words in fields_of(kind).items()
    ]
    return "\n".join(
        [f"### {title}\n", *sentences(getdoc(kind)), "\n| field | type |\n|---|---|", *rows, ""]
    )


def sentences(docstring: str | None) -> Iterable[str]:
    for paragraph in (docstring or "").split("\n\n"):
        yield " ".join(paragraph.split()).replace(". ", ".\n")


def data_classes(kind: type[Any]) -> dict[str, str]:
    """The data class of each box of an event, by the name of its field."""
    return {
        boxed.field: DATA_CLASS[personal].value
        for command, all_boxed in BOXED.items()
        for boxed in all_boxed
        if boxed.event is kind
        for personal in get_args(get_type_hints(command)[boxed.field])
        if personal in DATA_CLASS
    }


def readers(event: type[Event], views: Sequence[View[Any, Any]]) -> str:
    """The views and policies that read an event, in a sentence."""
    seen = [f"`{view.name}`" for view in views if event in view.reads]
    asking = [
        f"`{name}`"
        for name, policy in getmembers(policies, isfunction)
        if get_type_hints(policy).get("event") is event
    ]
    told = [
        f"{label} {', '.join(names)}"
        for label, names in (("views", seen), ("policies", asking))
        if names
    ]
    return f"Read by {'; '.join(told) or 'no view and no policy'}."


def older(codec: Codec) -> Iterable[str]:
    """What each older name and version has become."""
    yield OLDER
    lines = [
        f"| {said(stored)} | {', '.join(map(said, into)) or 'nothing'} |"
        for stored, into in sorted(codec.chain.older.items())
    ]
    if lines:
        yield "\n".join(["| stored as | has become |\n|---|---|", *lines, ""])
    else:
        yield "There are none yet.\n"


def said(stored: Stored) -> str:
    name, version = stored
    return f"{name} {version}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
