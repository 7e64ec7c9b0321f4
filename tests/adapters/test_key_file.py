import logging
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from regulars.adapters.key_file import KeyFile
from regulars.adapters.key_ring import UnusableKeys, create_key_file, read_key_file
from regulars.application.errors import StorageUnavailable
from regulars.application.key_rotation import CannotRetire
from regulars.application.keys import KeyWrapper
from regulars.application.ports import KeyUnavailable
from tests.acceptance.cashiers import begin
from tests.adapters.vaults import ANNA, SECRET
from tests.forked import Forked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "shop.keys"
    create_key_file(path)
    return path


def test_a_new_key_wraps_and_the_old_one_unwraps(path: Path) -> None:
    keys: KeyFile = KeyFile(path)
    port: KeyWrapper = keys
    old = keys.kek_id
    wrapped = keys.wrap(SECRET, ANNA, 1)

    new = keys.rotate()

    assert port.kek_id == new != old
    assert keys.kek_ids == [old, new]
    assert keys.unwrap(wrapped, ANNA, 1, kek_id=old) == SECRET
    assert keys.unwrap(keys.wrap(SECRET, ANNA, 1), ANNA, 1, kek_id=new) == SECRET
    assert keys.unwrap(keys.wrap(SECRET, ANNA, 1, kek_id=old), ANNA, 1, kek_id=old) == SECRET


def test_other_processes_see_a_rotation_by_themselves(path: Path) -> None:
    here, there = KeyFile(path), KeyFile(path)

    new = there.rotate()
    wrapped = there.wrap(SECRET, ANNA, 1)

    assert here.unwrap(wrapped, ANNA, 1, kek_id=new) == SECRET
    assert here.kek_id == new


def test_a_retired_key_is_gone_for_good(path: Path) -> None:
    keys = KeyFile(path)
    old = keys.kek_id
    wrapped = keys.wrap(SECRET, ANNA, 1)
    new = keys.rotate()

    keys.retire(old)

    assert keys.kek_ids == [new]
    assert isinstance(keys.unwrap(wrapped, ANNA, 1, kek_id=old), KeyUnavailable)
    with pytest.raises(StorageUnavailable, match=old):
        keys.wrap(SECRET, ANNA, 1, kek_id=old)
    assert old not in path.read_text()


def test_the_key_that_wraps_and_one_that_is_not_there_are_not_retired(path: Path) -> None:
    keys = KeyFile(path)
    before = path.read_bytes()

    with pytest.raises(CannotRetire, match="wraps new keys"):
        keys.retire(keys.kek_id)
    with pytest.raises(CannotRetire, match="is not in"):
        keys.retire("kek-0")

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_rotation_keeps_comments_and_rights_and_leaves_nothing_beside(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    path.chmod(0o640)
    path.write_text(f"{path.read_text()}# ours is active\n\n")
    before = path.read_text().splitlines()

    KeyFile(path).rotate()

    after = path.read_text().splitlines()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [line for line in after if line.startswith("#")] == [
        line for line in before if line.startswith("#")
    ]
    assert len(after) == len(before) + 1
    assert list(path.parent.iterdir()) == [path]


def test_two_do_not_change_the_file_at_once(path: Path) -> None:
    lock = path.with_name(".shop.keys.lock")
    lock.touch()
    before = path.read_bytes()

    with pytest.raises(UnusableKeys, match="somebody else is changing it"):
        KeyFile(path).rotate()
    assert path.read_bytes() == before
    lock.unlink()

    KeyFile(path).rotate()


def test_a_file_that_is_gone_is_told_of(path: Path) -> None:
    keys = KeyFile(path)
    wrapped, kek = keys.wrap(SECRET, ANNA, 1), keys.kek_id
    path.unlink()

    assert keys.unwrap(wrapped, ANNA, 1, kek_id=kek) == SECRET
    assert isinstance(keys.unwrap(wrapped, ANNA, 1, kek_id="kek-0"), KeyUnavailable)
    for change in (keys.rotate, lambda: keys.retire(kek), lambda: keys.wrap(SECRET, ANNA, 1)):
        with pytest.raises(UnusableKeys, match=r"shop\.keys"):
            change()


RACE = """
import sys
from pathlib import Path
from regulars.adapters.key_file import KeyFile
from regulars.adapters.key_ring import UnusableKeys

keys, made = KeyFile(Path(sys.argv[1])), 0
print("ready", flush=True)
sys.stdin.readline()
while made < 20:
    try:
        print(keys.rotate())
        made += 1
    except UnusableKeys:
        pass
"""


def test_no_key_is_lost_when_two_processes_rotate(path: Path) -> None:
    with ExitStack() as closing:
        racers = [closing.enter_context(Forked("-c", RACE, str(path))) for _ in range(2)]
        begin(*racers)
        made = [word for racer in racers for word in racer.answer().split()]

    assert len(made) == 40
    assert set(made) < set(read_key_file(path).kek_ids)
