from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from attrs import evolve

from regulars.adapters.codec import STORED, Codec
from regulars.adapters.older_events import UPCASTERS
from regulars.adapters.upcasting import Payload, Turned, Upcaster
from regulars.application import aggregates
from regulars.application.aggregates import ACCOUNT, Aggregate, aggregate_of
from regulars.testing.snapshots import AGGREGATES
from tests.adapters.golden_files import edited
from tests.application.fold_source import FOLDS, golden, source
from tests.architecture.repository import ROOT

NAMES = {stream.partition("-")[0]: aggregate for stream, aggregate in AGGREGATES.items()}

MODULE = '''
from attrs import define

STEP = 1


@define
class Purse:
    """What is in it."""

    coins: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.coins


def fold(state: Purse, event: object, at: object) -> None:
    """Record what happened."""
    if state.is_empty:
        _add(state, STEP)  # the first one


def _add(state: Purse, coins: int) -> None:
    state.coins += coins


def decide(command: object, state: Purse) -> list[object]:
    return []
'''


@pytest.fixture
def purse(tmp_path: Path) -> Aggregate:
    return written(tmp_path / "purse.py", MODULE)


def written(file: Path, text: str) -> Aggregate:
    """An aggregate whose fold stands in a file of its own."""
    file.write_text(text, encoding="utf-8")
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module: Any = module_from_spec(spec)
    spec.loader.exec_module(module)
    return evolve(ACCOUNT, state=module.Purse, fold=module.fold)


@pytest.mark.parametrize("name", NAMES)
def test_a_fold_that_reads_otherwise_has_a_new_version(name: str) -> None:
    aggregate = NAMES[name]
    file = golden(name, aggregate)
    raise_it = f"raise the fold_version of {name} in application/aggregates.py, and add its file"

    assert file.exists(), raise_it
    assert source(aggregate) == file.read_text(encoding="utf-8"), raise_it


def test_what_a_fold_once_was_is_never_edited() -> None:
    if which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("only a checkout remembers what the files were")
    assert edited(FOLDS) == []


def test_every_aggregate_is_watched() -> None:
    every = {value for value in vars(aggregates).values() if isinstance(value, Aggregate)}

    assert set(NAMES.values()) == every
    assert [aggregate_of(stream) for stream in AGGREGATES] == list(AGGREGATES.values())
    assert aggregate_of("parcel-1") is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if state.is_empty:", "if not state.is_empty:"),
        ("state.coins += coins", "state.coins -= coins"),
        ("STEP = 1", "STEP = 2"),
        ("return not self.coins", "return self.coins < 5"),
    ],
)
def test_a_change_of_what_is_folded_is_noticed(
    tmp_path: Path, purse: Aggregate, old: str, new: str
) -> None:
    assert old in MODULE
    changed = written(tmp_path / "changed.py", MODULE.replace(old, new))

    assert source(changed) != source(purse)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# the first one", "# only once"),
        ('"""Record what happened."""', '"""Write it down."""'),
        ("_add(state, STEP)", "_add(\n            state, STEP\n        )"),
        ("state: Purse, coins: int", "state: Purse, coins: object"),
        ("return []", "return [command]"),
    ],
)
def test_a_change_of_words_alone_is_let_through(
    tmp_path: Path, purse: Aggregate, old: str, new: str
) -> None:
    assert old in MODULE
    changed = written(tmp_path / "changed.py", MODULE.replace(old, new))

    assert source(changed) == source(purse)


def test_an_upcaster_that_leads_to_other_events_is_noticed() -> None:
    def kept(payload: Payload) -> list[Turned]:
        return [("PointsEarned", 1, payload)]

    def doubled(payload: Payload) -> list[Turned]:
        return [("PointsEarned", 1, {**payload, "points": payload["points"] * 2})]

    granted = Upcaster(of=("PointsGranted", 1), into=(("PointsEarned", 2),), turn=kept)
    read = {
        source(ACCOUNT, Codec(STORED, [*UPCASTERS, evolve(granted, turn=one)]))
        for one in (kept, doubled)
    }

    assert len({*read, source(ACCOUNT)}) == 3
