"""Writes docs/questions.md from the code: `python -m tests.adapters.questions_page`."""

from inspect import getdoc
from pathlib import Path
from typing import Any, Final, get_args

from regulars import Query, Question
from tests.adapters.commands_page import (
    THEMES,
    imported,
    made_of,
    parts,
    row,
    spelled,
    theme_of,
    types_of,
)
from tests.adapters.events_page import sentences
from tests.architecture.test_public_names import SAID_BY_THE_CORE, below

PAGE: Final = Path(__file__).parents[2] / "docs" / "questions.md"

OPENING: Final = """\
# Questions

Everything that a host can ask with `Crm.ask`, by theme, with each field and what it answers.
`python -m tests.adapters.questions_page` writes this page from the code, and a test compares them.
What is said stands in [commands](commands.md).

`ask(question, as_of=…)` answers as of a time, counting what had occurred by then, or as of a
position of the log, counting what had been recorded up to there; without it the answer is now.
Now, and as of a time that is not past, all that was told counts, also what was told a little ahead
of the clock.
What fell due by that moment counts, whether or not anybody recorded it.
Personal data is in no answer: it is read by `Crm.reveal` and `Crm.card`, as [privacy](privacy.md)
says.
"""


def questions() -> list[type[Any]]:
    """Each question and query that a host asks, once."""
    found = dict.fromkeys([*below(Query), *below(Question)])
    return [one for one in found if one.__name__ not in SAID_BY_THE_CORE and one.__name__[0] != "_"]


def answer(question: type[Any]) -> Any:  # noqa: ANN401 - a type hint is any object
    """The type of what a question answers."""
    return next(get_args(one)[0] for one in question.__orig_bases__ if get_args(one))


def page() -> str:
    """The page, as the code has it."""
    asked = questions()
    sections = [f"{paragraph}\n" for paragraph in sentences(OPENING.strip())]
    for theme in THEMES:
        own = [one for one in asked if theme_of(one) is theme]
        if own:
            sections.append(f"## {theme.__name__.rpartition('.')[2].capitalize()}\n")
            sections += [said(one) for one in own]
    sections.append("## Parts\n\nWhat stands in an answer, by name.\n")
    sections += parts(made_of([answer(one) for one in asked]))
    return "\n".join(sections)


def said(question: type[Any]) -> str:
    """A question: what it is about, its fields, and what it answers."""
    return "\n".join(
        [
            f"### {question.__name__}\n",
            *sentences(getdoc(question)),
            "\n| field | type | default | meaning |\n|---|---|---|---|",
            *(row(question, name, words) for name, words in types_of(question).items()),
            "",
            f"Answers {spelled(answer(question))}.",
            f"Imported from {imported(question)}.",
            "",
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
