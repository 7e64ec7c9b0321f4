"""An import that is killed and run again leaves what an unbroken run leaves."""

import json
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any

import pytest
from click.testing import CliRunner

from regulars import connect
from regulars.adapters.cli import regulars
from tests.acceptance.killed import DATABASE, WORDS, Cut, Moment, cut, run_killed
from tests.acceptance.past_orders import write_past_orders
from tests.acceptance.recorded import Table, derived, key_names, log_content, tables


def finished(folder: Path) -> dict[str, Any]:
    """What the import says that nobody kills; there are bad rows in it."""
    with chdir(folder):
        whole = CliRunner().invoke(regulars, WORDS, obj=connect, catch_exceptions=False)
    assert whole.exit_code == 1, whole.output
    said: dict[str, Any] = json.loads(whole.stdout)
    return said


def content(folder: Path) -> tuple[Table, Table, dict[str, Table], str]:
    """All that an import leaves, but for what is random or a reading of the clock."""
    database = folder / DATABASE
    rejects = (folder / f"{DATABASE}.rejects.csv").read_text(encoding="utf-8")
    return log_content(database), key_names(database), derived(database), rejects


def prepared(folder: Path, *, orders: int) -> tuple[Path, int]:
    """A folder with a history and its unbroken import, and the events that this recorded."""
    unbroken = folder / "unbroken"
    write_past_orders(unbroken / "history", orders=orders, seed=20)
    finished(unbroken)
    return unbroken, cut(unbroken / DATABASE).events


def fresh(unbroken: Path, name: str) -> Path:
    """A folder with the same history and nothing imported."""
    folder = unbroken.parent / name
    copytree(unbroken / "history", folder / "history")
    return folder


def leftovers(folder: Path) -> set[str]:
    """Files that do not belong there."""
    belong = {"history", DATABASE, f"{DATABASE}.keys", f"{DATABASE}.rejects.csv"}
    return {path.name for path in folder.iterdir()} - belong


def assert_the_same(folder: Path, unbroken: Path) -> None:
    found, expected = content(folder), content(unbroken)
    for name, one, other in zip(("log", "keys"), found[:2], expected[:2], strict=True):
        assert one == other, name
    for view, rows in expected[2].items():
        assert found[2][view] == rows, view
    assert found[2:] == expected[2:]
    assert leftovers(folder) == set()


def assert_a_further_run_records_nothing(folder: Path) -> None:
    before = tables(folder / DATABASE)
    again = finished(folder)
    assert (again["events"], again["orders"], again["customers"]) == (0, 0, 0)
    assert tables(folder / DATABASE) == before


def is_partial(one: Cut | None, events: int) -> bool:
    return one is not None and 0 < one.events < events


def moments(events: int, seed: int) -> Iterable[Moment]:
    """
    Ten moments: before the first event, six on the way, and three before and after the views.

    An import records in batches, so that the seconds fall into the batch that follows.
    """
    chance = Random(seed)  # noqa: S311 - no secret
    yield Moment(events=0, seconds=chance.uniform(0.3, 1.2))
    for _ in range(6):
        yield Moment(events=chance.randint(1, events * 9 // 10), seconds=chance.uniform(0, 0.15))
    yield Moment(events=events, seconds=0)
    yield Moment(events=events, seconds=chance.uniform(0, 0.3))
    yield Moment(events=events, seconds=0, views=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_ten_moments_and_run_again_it_leaves_what_an_unbroken_import_leaves(
    tmp_path: Path,
) -> None:
    unbroken, events = prepared(tmp_path, orders=1_200)
    cuts: list[Cut | None] = []
    for number, moment in enumerate(moments(events, 4)):
        folder = fresh(unbroken, f"killed-{number}")
        cuts.append(run_killed(folder, moment))

        finished(folder)

        assert_the_same(folder, unbroken)
        assert_a_further_run_records_nothing(folder)
    assert sum(is_partial(one, events) for one in cuts) >= 4, cuts
    assert any(one and one.folded < one.events == events for one in cuts), cuts


def test_killed_again_and_again_it_ends_with_what_an_unbroken_import_leaves(
    tmp_path: Path,
) -> None:
    unbroken, events = prepared(tmp_path, orders=400)
    folder = fresh(unbroken, "killed")
    cuts = [
        run_killed(folder, Moment(events=max(1, events * part // 2), seconds=0.02))
        for part in range(2)
    ]

    finished(folder)

    assert any(is_partial(one, events) for one in cuts), cuts
    assert_the_same(folder, unbroken)
    assert_a_further_run_records_nothing(folder)
