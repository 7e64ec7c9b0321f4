"""The tables of docs/privacy.md: every right names its law, its command and the test of it."""

import re
from pathlib import Path
from typing import Final

import pytest

import regulars
from regulars import privacy
from regulars.application.events import Command
from tests.acceptance.test_readme import INLINE, missing_calls
from tests.architecture.repository import missing_tests

PAGE: Final = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text(encoding="utf-8")
ARTICLE: Final = re.compile(r"\d+(\(\d\))?(\([a-z]\))?")
COMMANDS: Final = {kind.__name__ for kind in Command.__args__}


def rows(title: str, page: str = PAGE) -> list[list[str]]:
    """The rows of the table under a heading, each a list of its cells."""
    section = page.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


RIGHTS: Final = rows("Rights and duties")


@pytest.mark.parametrize("right", RIGHTS, ids=lambda right: right[0])
def test_a_right_names_its_law_its_call_and_its_test(right: list[str]) -> None:
    _, gdpr, pipl, how, held_by = right

    assert not [one for one in f"{gdpr}, {pipl}".split(", ") if not ARTICLE.fullmatch(one)]
    assert INLINE.findall(how)
    assert not [call for call in INLINE.findall(how) if not is_there(call)]
    assert held_by.count("::test_") == len(INLINE.findall(held_by)) > 0
    assert missing_tests(held_by) == []


def is_there(call: str) -> bool:
    """Whether what a row calls is on the command line, of `Crm`, a command, or a public name."""
    if call.startswith("regulars "):
        return not missing_calls(f"`{call}`")
    if not call.startswith("Crm."):
        return call in COMMANDS or hasattr(regulars, call) or hasattr(privacy, call)
    with regulars.connect("sqlite://", environment={}) as crm:
        found: object = crm
        for name in call.split(".")[1:]:
            found = getattr(found, name, None)
        return callable(found)


def test_no_right_stands_there_twice() -> None:
    assert len({right for right, *_ in RIGHTS}) == len(RIGHTS) > 20


@pytest.mark.parametrize("who", rows("Who gets what"), ids=lambda who: who[0])
def test_what_is_promised_of_somebody_is_tested_or_said_to_be_no_promise(who: list[str]) -> None:
    *_, promised, held_by = who

    assert (promised == "Nothing is promised") == (not held_by)
    assert missing_tests(held_by) == []


@pytest.mark.parametrize(
    "call", ["regulars forget", "Crm.forget", "Crm.erasures.undo", "ForgetMe", "regulars keys burn"]
)
def test_a_call_that_is_not_there_is_noticed(call: str) -> None:
    assert not is_there(call)
