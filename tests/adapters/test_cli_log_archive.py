import gzip
import json
from pathlib import Path

import pytest

from tests.adapters.cli_shop import Shop, secrets_in

COPY = ("--database", "sqlite:///copy.db")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path).opened()


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz"])
def test_an_exported_log_is_imported_with_its_positions_and_views(shop: Shop, name: str) -> None:
    written = shop.json("log", "export", name)

    said = shop.run("log", "import", name, *COPY).stdout

    assert said == f"Imported 26 events from {name}; every view is computed\n"
    status = shop.json("log", "status", *COPY)
    assert status["hash"] == written["hash"]
    assert {view["lag"] for view in status["views"]} == {0}
    assert shop.json("report", *COPY) == shop.json("report")


def test_export_and_import_tell_what_they_did(shop: Shop) -> None:
    said = shop.run("log", "export", "log.jsonl").stdout
    written = shop.json("log", "export", "log.jsonl", "--replace")
    kept = shop.json("log", "import", "log.jsonl", *COPY)

    assert said.startswith("Exported 26 events to log.jsonl\nHash ")
    assert (written["events"], written["head"], written["tenant"]) == (26, 26, "default")
    assert kept == {"file": "log.jsonl", "events": 26}


def test_an_export_holds_no_personal_data_and_no_keys(shop: Shop) -> None:
    shop.run("log", "export", "log.jsonl")
    content = Path("log.jsonl").read_text(encoding="utf-8")
    key = Path("regulars.db.keys").read_text(encoding="utf-8").split()[-2]

    assert "envelope" in content
    assert secrets_in([content]) == []
    assert key not in content


def test_an_imported_log_has_boxes_without_their_keys(shop: Shop) -> None:
    shop.run("log", "export", "log.jsonl")
    shop.run("log", "import", "log.jsonl", *COPY)

    assert shop.json("log", "check", *COPY)["sound"]
    boxes = shop.json("verify", *COPY, status=1)["boxes"]
    assert boxes == {"open": 0, "erased": 0, "without_key": 3, "tampered": []}


def test_an_import_that_is_refused_leaves_nothing(shop: Shop) -> None:
    shop.run("log", "export", "log.jsonl")
    file = Path("log.jsonl")
    file.write_text(file.read_text(encoding="utf-8").replace("o1", "o9"), encoding="utf-8")
    before = shop.files()

    said = shop.run("log", "import", "log.jsonl", *COPY, status=3)

    assert said.stderr.startswith("Error: log.jsonl: line 28 is not the checksum")
    assert shop.files() == before


def test_a_log_with_events_takes_no_other_in(shop: Shop) -> None:
    shop.run("log", "export", "log.jsonl")

    said = shop.run("log", "import", "log.jsonl", status=3)

    assert said.stderr.startswith("Error: sqlite:///regulars.db: its log has 26 events")


@pytest.mark.parametrize("packed", [False, True])
def test_a_log_goes_through_a_pipe(shop: Shop, *, packed: bool) -> None:
    piped = shop.run("log", "export", "-")
    shop.run("log", "export", "log.jsonl")
    log = piped.stdout_bytes
    assert log == Path("log.jsonl").read_bytes()
    assert piped.stderr.startswith("Exported 26 events to standard output\nHash ")
    told = json.loads(shop.run("log", "export", "-", "--json").stderr)
    assert (told["file"], told["events"]) == ("-", 26)

    said = shop.run("log", "import", "-", *COPY, given=gzip.compress(log) if packed else log)

    assert said.stdout == "Imported 26 events from standard input; every view is computed\n"
    assert shop.json("log", "check", *COPY) == shop.json("log", "check")
    assert not shop.files() & {"-"}


def test_a_pipe_that_breaks_off_brings_nothing_back(shop: Shop) -> None:
    log = shop.run("log", "export", "-").stdout_bytes

    said = shop.run("log", "import", "-", *COPY, given=log[:-9], status=3).stderr

    assert said == "Error: the input: line 28 is cut short; nothing was imported\n"
    assert "copy.db" not in shop.files()
