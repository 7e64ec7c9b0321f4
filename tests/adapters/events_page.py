"""Writes docs/events.md from the code: `python -m tests.adapters.events_page`."""

from collections.abc import Iterable
from inspect import getdoc
from itertools import groupby
from pathlib import Path
from typing import Any

from regulars.adapters.codec import STORED
from tests.adapters.stored_fields import fields_of, parts_of

PAGE = Path(__file__).parents[2] / "docs" / "events.md"

OPENING = """\
# Events

Everything that is ever stored, by the name and version under which it is stored.
`python -m tests.adapters.events_page` writes this page from the code, and a test compares them.

Bodies are JSON; times are UTC, sealed boxes are base64.
Stream, version, position, times, actor, correlation and causation are columns beside the body.
"""


def page() -> str:
    streams = groupby(STORED.items(), key=lambda stored: stored[0].__module__.rpartition(".")[2])
    parts = {part: None for event in STORED for part in parts_of(event)}
    sections = [OPENING]
    for module, events in streams:
        sections.append(f"## {module.capitalize()}\n")
        sections += [described(f"{name} {version}", event) for event, (name, version) in events]
    sections.append("## Parts\n")
    sections += [described(part.__name__, part) for part in sorted(parts, key=str)]
    return "\n".join(sections)


def described(title: str, kind: type[Any]) -> str:
    rows = [f"| `{name}` | {words} |" for name, words in fields_of(kind).items()]
    return "\n".join(
        [f"### {title}\n", *sentences(getdoc(kind)), "\n| field | type |\n|---|---|", *rows, ""]
    )


def sentences(docstring: str | None) -> Iterable[str]:
    for paragraph in (docstring or "").split("\n\n"):
        yield " ".join(paragraph.split()).replace(". ", ".\n")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
