import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest

from regulars.adapters.codec import STORED
from regulars.application.events import Command
from tests.architecture.repository import missing_tests

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PAGES: Final = [
    README,
    *(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]

FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE: Final = re.compile(r"`([^`\n]+)`")
LINK: Final = re.compile(r"\]\(([^)#]+)[^)]*\)")
FOLDERS: Final = r"adapters|application|benchmarks|docs|domain|regulars|tests|\.ci"
TAGS: Final = r"regulars/(?:box|digest|index|mark)/"  # of the cryptography: they look like places
PLACE: Final = re.compile(rf"(?<![\w./-])(?!{TAGS})(?:{FOLDERS})/[\w./<>-]*[\w/>]")
TARGET: Final = re.compile(r"\bmake (\w+)")
CALL: Final = re.compile(r"^regulars (?!-)([\w-]+)(.*)$", re.MULTILINE)
OPTION: Final = re.compile(r"(?<!\S)(--[\w-]+)")
MODULE: Final = re.compile(r"\bregulars(?:\.(?!toml|db)\w+)+")


def code_of(page: str) -> str:
    """Everything that stands as code in a page, a piece a line."""
    fenced = [block for _, block in FENCED.findall(page)]
    return "\n".join([*fenced, *INLINE.findall(FENCED.sub("", page))])


def missing_places(page: str, folder: Path) -> list[str]:
    """Files and folders that a page names by their place or links to, and that are not there."""
    places = [(ROOT, place) for place in PLACE.findall(page)]
    links = [(folder, link) for link in LINK.findall(page) if "://" not in link]
    return [
        place
        for start, place in places + links
        if not any(start.glob(re.sub(r"<[^>]+>", "*", place)))
    ]


def missing_targets(page: str) -> list[str]:
    """What a page makes, and the Makefile does not."""
    known = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return [target for target in TARGET.findall(code_of(page)) if target not in known]


def missing_calls(page: str) -> list[str]:
    """Subcommands and options that a page calls, and the command line does not have."""
    front: Any = import_module("regulars.adapters.cli").regulars
    return list(_missing(front.commands, CALL.findall(code_of(page))))


def _missing(commands: dict[str, Any], calls: list[tuple[str, str]]) -> Iterator[str]:
    for name, rest in calls:
        if name not in commands:
            yield name
            continue
        if hasattr(commands[name], "commands"):
            below, _, options = rest.strip().partition(" ")
            called = [(below, options)] if below else []
            yield from (f"{name} {one}" for one in _missing(commands[name].commands, called))
            continue
        known = {option for parameter in commands[name].params for option in parameter.opts}
        yield from (f"{name} {option}" for option in OPTION.findall(rest) if option not in known)


def missing_names(page: str) -> list[str]:
    """Dotted names of the package that a page names, and that cannot be imported."""
    return [name for name in MODULE.findall(code_of(page)) if not _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        import_module(name)
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return bool(module) and _is_there(module) and hasattr(import_module(module), attribute)
    return True


def test_the_code_of_the_readme_runs_and_its_second_run_records_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = dict(FENCED.findall(README.read_text(encoding="utf-8")))
    script = tmp_path / "readme.py"
    script.write_text(blocks["python"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REGULARS_KEYS", raising=False)

    run_path(str(script))
    first = capsys.readouterr().out
    run_path(str(script))

    assert "balance=24" in first
    assert capsys.readouterr().out == first


def test_the_map_of_the_readme_has_every_command_and_every_event_once() -> None:
    page = README.read_text(encoding="utf-8")
    table = re.findall(r"^\|(.+)\|(.+)\|.+\|$", page, re.MULTILINE)
    commands = [name for row in table for name in INLINE.findall(re.sub(r"\(.*?\)", "", row[0]))]
    events = [name for row in table for name in INLINE.findall(row[1])]

    assert sorted(commands) == sorted(kind.__name__ for kind in Command.__args__)
    assert sorted(events) == sorted(name for name, _ in STORED.values())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_nothing_that_is_not_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert missing_places(text, page.parent) == []
    assert missing_targets(text) == []
    assert missing_calls(text) == []
    assert missing_names(text) == []
    assert missing_tests(text) == []


def test_the_readme_fits_on_one_screen() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 60


def test_what_is_not_there_is_noticed() -> None:
    page = """\
See [the past](docs/past.md), docs/nowhere.md, tests/adapters/stored/<Name>.txt
and `regulars.application.crm.Shop`; run `make tea` and
tests/acceptance/test_readme.py::test_what_is_not_there_is_noticed, ::test_nothing,
tests/acceptance/test_readme.py::test_nothing and

```
regulars brew --strong
regulars report --timezone UTC --loud
regulars log
regulars log burn
regulars log export log.jsonl --replace --loud
```
"""

    assert missing_places(page, ROOT) == [
        "docs/past.md",
        "docs/nowhere.md",
        "tests/adapters/stored/<Name>.txt",
        "docs/past.md",
    ]
    assert missing_targets(page) == ["tea"]
    assert missing_calls(page) == ["brew", "report --loud", "log burn", "log export --loud"]
    assert missing_names(page) == ["regulars.application.crm.Shop"]
    assert missing_tests(page) == ["tests/acceptance/test_readme.py::test_nothing"]
