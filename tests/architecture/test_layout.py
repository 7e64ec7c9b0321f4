import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.architecture.repository import ROOT, SHIPPED, code

MEANINGLESS = {"base", "common", "helper", "helpers", "interfaces", "misc", "util", "utils"}
DEEPEST = 2
LONGEST = 400
SILENCER = re.compile(r"noqa(: [A-Z0-9, ]+)?|(type|pyright): ignore(\[[\w, -]+\])?|pragma: no \w+")
COMMENT = re.compile(rf"#[#: -]*({SILENCER.pattern}).*")

EVERY_FILE = code(*SHIPPED, "tests", "benchmarks")


def nameless(paths: Iterable[Path]) -> list[Path]:
    words = {
        path: {part.removeprefix("test_") for part in path.with_suffix("").parts} for path in paths
    }
    return [path for path in words if words[path] & MEANINGLESS]


def buried(paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if len(path.parts) - 1 > DEEPEST]


def unexplained(comments: Iterable[str]) -> list[str]:
    return [
        comment
        for comment in comments
        if SILENCER.search(comment) and not SILENCER.sub("", comment).strip("#:- ")
    ]


def silencing(path: Path) -> Iterator[str]:
    """The comments that begin by silencing; whoever begins otherwise says something."""
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        if found := COMMENT.search(line):
            yield found[0]


def test_every_file_and_folder_is_named_for_what_lives_there() -> None:
    assert nameless(EVERY_FILE) == []


def test_every_file_is_at_most_two_folders_deep() -> None:
    assert buried(EVERY_FILE) == []


def test_every_shipped_file_is_short_enough_to_read() -> None:
    lines = {path: len((ROOT / path).read_text().splitlines()) for path in code(*SHIPPED)}

    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_every_silenced_warning_says_why() -> None:
    silent = {path: unexplained(silencing(path)) for path in EVERY_FILE}

    assert {path: found for path, found in silent.items() if found} == {}


def test_a_name_that_says_nothing_is_noticed() -> None:
    paths = [
        Path("domain/utils.py"),
        Path("tests/common/test_order.py"),
        Path("tests/test_base.py"),
    ]

    assert nameless([*paths, Path("adapters/database.py")]) == paths


def test_a_folder_too_deep_is_noticed() -> None:
    paths = [Path("domain/order/lines/tips.py"), Path("domain/order/lines.py")]

    assert buried(paths) == paths[:1]


def test_a_silencer_without_a_reason_is_noticed() -> None:
    silencers = [
        "# noqa: S101",
        "# type: ignore[misc]",
        "# type: ignore[misc]  # noqa: S101",
        "# pyright: ignore[reportPrivateUsage] -",
        "# pragma: no cover",
    ]

    assert unexplained([*silencers, "# noqa: S101 - why", "# type: ignore[a]  # why"]) == silencers
