"""Erasures that a restored backup knows nothing of, asked for again from a register."""

import json
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from click.testing import CliRunner

from regulars import connect
from regulars.adapters.cli import regulars
from tests.adapters.cli_shop import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop after a backup from before the erasure in its register was restored."""
    monkeypatch.chdir(tmp_path)
    shop = Shop(tmp_path).opened()
    copyfile("regulars.db", "backup.db")
    certificate = shop.json("erase", "ada", "--yes", "--class", "contact")
    shop.keep("one.json", json.dumps(certificate))
    shop.keep("register.json", json.dumps(shop.json("erasures")))
    copyfile("backup.db", "regulars.db")
    assert shop.json("verify")["boxes"]["erased"] == 0
    return shop


@pytest.mark.parametrize("file", ["one.json", "register.json"])
def test_an_erasure_that_a_restored_backup_lost_is_asked_for_again(shop: Shop, file: str) -> None:
    (again,) = shop.json("erasures", "--from", file, "--yes")["erasures"]
    said = shop.run("erasures", "--from", file, "--by", "po-1")

    first = json.loads((shop.folder / "one.json").read_text())
    same = ("customer", "erasure", "basis", "classes", "complete")
    assert [again[name] for name in same] == [first[name] for name in same]
    assert "0 erasures of 1 to be asked for again" in said.stderr
    assert shop.json("verify")["boxes"]["erased"] == 1


def test_without_a_yes_nothing_is_erased_again(shop: Shop) -> None:
    words = ("erasures", "--from", "one.json")
    said: Any = CliRunner().invoke(regulars, words, obj=connect, input="n\n")

    assert said.exit_code == 1
    assert said.stderr.endswith("Nothing was erased\n")
    assert shop.json("erasures") == {"erasures": []}
    assert "add --yes" in shop.run(*words, "--json", status=2).stderr


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        ("nonsense", "is no certificates"),
        ('{"erasures": [{"tenant": "default"}]}', "is no certificates"),
        ({"tenant": "other"}, "erasure 1 is of tenant 'other'"),
        ({"courier": "c-7"}, "erasure 1 names nobody, or several"),
        ({"customer": None}, "erasure 1 names nobody, or several"),
    ],
)
def test_a_file_that_is_no_register_is_refused_with_what_is_wrong(
    shop: Shop, content: str | dict[str, object] | None, why: str
) -> None:
    if isinstance(content, dict):
        one = json.loads((shop.folder / "one.json").read_text())
        content = json.dumps({"erasures": [one | content]})
    if content is not None:
        shop.keep("bad.json", content)

    assert why in shop.run("erasures", "--from", "bad.json", "--yes", status=3).stderr
    assert shop.json("erasures") == {"erasures": []}
