"""
What people tell of themselves is imported, and found nowhere but in the caller's own files.

Every detail is a canary (see canaries.py), in good rows and in bad ones.
"""

import tempfile
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from regulars import connect
from regulars.adapters.cli import regulars
from regulars.adapters.history_files import HistoryFiles, UnreadableHistory, find_files
from regulars.application.history import Reject
from regulars.testing.canaries import nameless_files
from tests.acceptance import aviary
from tests.acceptance.aviary import CANARIES
from tests.acceptance.killed import DATABASE, Moment, run_killed
from tests.acceptance.overheard import Overheard
from tests.acceptance.past_orders import write_past_orders
from tests.acceptance.recorded import boxes, opened_log
from tests.adapters.cli_shop import Shop

URL: Final = f"sqlite:///{DATABASE}"
COMMANDS: Final = (
    ("import", "history"),
    ("import", "history", "--keep-extra"),
    ("import", "history", "--timezone", "UTC"),
    ("report",),
    ("report", "--as-of", "2024-05-02", "--top", "100"),
    ("profile", "zofie"),
    ("profile", "born-on-a-phone"),
    ("balance", "zofie", "--explain"),
    ("balance", "zofie", "--as-of", "2024-05-01"),
    ("events",),
    ("events", "--stream", "customer-zofie"),
    ("rebuild",),
    ("verify",),
    ("verify", "--keys", "no.keys"),
    ("import", "history", "--program", "history/reviews-of-the-aviary.csv"),
    ("import", "history/customers-of-the-aviary.jsonl", "--rejects", "history/reviews.csv"),
    ("import", "--reviews", "history/customers-of-the-aviary.jsonl"),
)


def test_while_an_import_runs_no_file_tells_of_anybody(
    shop: Shop,
    overheard: Overheard,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(shop.folder))
    aviary.write_history(shop.folder / "history")
    rejects: list[Reject] = []
    spooled = False

    def look(*told: object) -> None:
        nonlocal spooled
        overheard.text("progress", *told)
        overheard.folder(shop.folder)
        spooled = spooled or any(b"order-of-zofie" in one for one in nameless_files().values())

    def reject(one: Reject) -> None:
        rejects.append(one)
        look(one)

    with (
        connect(URL) as crm,
        HistoryFiles(
            find_files([Path("history")]),
            timezone=None,
            keep_extra=True,
            spool_folder=shop.folder,
            reject=reject,
            progress=look,
        ) as history,
    ):
        imported = crm.import_history(history, reject=reject, told=look)
        look(imported, *crm.events(), *history.notices)

    assert (imported.orders, imported.customers, imported.reviews) == (2, 1, 2)
    assert len(rejects) == 18
    assert spooled or not Path("/proc/self/fd").is_dir()
    overheard.finds += CANARIES.in_database(f"sqlite:///{shop.folder / DATABASE}")
    overheard.log(caplog)
    assert overheard.finds == []
    assert CANARIES.in_folder(shop.folder / "history")
    with opened_log(shop.folder / DATABASE) as (log, vault):
        opened = [value for one in log.read() for value in boxes(one, vault).values()]
    assert {aviary.CONTACT, aviary.PROFILE, aviary.ADDRESS, aviary.COLUMNS} <= {*opened}


@pytest.mark.parametrize("more", [(), ("--json",)], ids=["for people", "in JSON"])
def test_no_command_prints_or_writes_what_people_tell_of_themselves(
    shop: Shop, overheard: Overheard, more: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    aviary.write_history(shop.folder / "history")
    unreadable = aviary.write_unreadable(shop.folder / "history" / "unreadable")
    stops = [("import", f"history/unreadable/{name}") for name in unreadable]

    for words in (*COMMANDS, *stops):
        asked = [*words, "--database", URL, *more]
        result = CliRunner().invoke(regulars, asked, obj=connect)
        overheard.text(" ".join(asked), result.output, result.stdout, result.stderr)
        if result.exception is not None:
            overheard.error(" ".join(asked), result.exception)
        assert result.exit_code == 3 or words not in stops
        if "import" in words:
            overheard.folder(shop.folder)

    overheard.folder(shop.folder)
    overheard.log(caplog)
    assert overheard.finds == []
    assert len((shop.folder / f"{DATABASE}.rejects.csv").read_bytes()) > 100


@pytest.mark.slow
def test_a_killed_import_leaves_no_file_that_tells_of_anybody(
    tmp_path: Path, overheard: Overheard
) -> None:
    write_past_orders(tmp_path / "history", orders=2_000, seed=6)
    aviary.write_history(tmp_path / "history")
    events = 0
    for seconds in (0.0, 0.05, 0.1, 0.2):
        cut = run_killed(tmp_path, Moment(events=events + 1, seconds=seconds))
        assert cut is not None
        events = cut.events

        assert (tmp_path / f"{DATABASE}-wal").stat().st_size > 0
        overheard.folder(tmp_path)

    overheard.finds += CANARIES.in_database(f"sqlite:///{tmp_path / DATABASE}")
    assert overheard.finds == []
    assert CANARIES.in_folder(tmp_path / "history")


def test_files_that_cannot_be_read_are_told_of_without_what_stands_in_them(
    tmp_path: Path, overheard: Overheard
) -> None:
    folder = tmp_path / "history"
    for name in aviary.write_unreadable(folder):
        with HistoryFiles(
            find_files([folder / name]),
            timezone=None,
            keep_extra=True,
            spool_folder=tmp_path,
            reject=lambda one: overheard.text("a reject", one),
            progress=None,
        ) as history:
            with pytest.raises(UnreadableHistory) as unreadable:
                overheard.text("rows", *history.customers())
            overheard.error(name, unreadable.value)

    assert overheard.finds == []
    assert overheard.texts > 5
