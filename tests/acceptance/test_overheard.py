"""Whoever listens hears it wherever it is said: one detail, planted in each kind of place."""

import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final, NoReturn

import pytest
from attrs import frozen
from sqlalchemy import create_engine, text

from tests.acceptance.aviary import NAME
from tests.acceptance.overheard import Overheard
from tests.postgres_server import new_database

NOTHING: Final = "a word of no one"


@frozen
class Stage:
    """Where something is planted, and who listens; what `opened` holds open closes at the end."""

    folder: Path
    overheard: Overheard
    caplog: pytest.LogCaptureFixture
    opened: ExitStack

    def database(self, journal: str) -> sqlite3.Connection:
        database = sqlite3.connect(self.folder / "shop.db", isolation_level=None)
        self.opened.enter_context(closing(database))
        database.execute(f"PRAGMA journal_mode = {journal}")
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE IF NOT EXISTS notes (words TEXT)")
        return database


@pytest.fixture
def stage(
    tmp_path: Path, overheard: Overheard, caplog: pytest.LogCaptureFixture
) -> Iterator[Stage]:
    with ExitStack() as opened:
        yield Stage(tmp_path, overheard, caplog, opened)


def main_file(stage: Stage, words: str) -> None:
    stage.database("DELETE").execute("INSERT INTO notes VALUES (?)", (words,))
    stage.overheard.folder(stage.folder)


def free_page(stage: Stage, words: str) -> None:
    database = stage.database("DELETE")
    database.execute("INSERT INTO notes VALUES (?)", (words,))
    database.execute("DELETE FROM notes")
    stage.overheard.folder(stage.folder)


def write_ahead_log(stage: Stage, words: str) -> None:
    stage.database("WAL").execute("INSERT INTO notes VALUES (?)", (words,))
    (stage.folder / "shop.db").write_bytes(b"")
    stage.overheard.folder(stage.folder)


def journal(stage: Stage, words: str) -> None:
    database = stage.database("DELETE")
    database.execute("INSERT INTO notes VALUES (?)", (words,))
    database.execute("BEGIN")
    database.execute("UPDATE notes SET words = ''")
    (stage.folder / "shop.db").write_bytes(b"")
    stage.overheard.folder(stage.folder)


def file_with_a_name(stage: Stage, words: str) -> None:
    (stage.folder / "spool").mkdir()
    (stage.folder / "spool" / "rows").write_bytes(b"\0" + words.encode() + b"\xff")
    stage.overheard.folder(stage.folder)


def file_without_a_name(stage: Stage, words: str) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(words.encode())
        file.flush()
        stage.overheard.folder(stage.folder)


def name_of_a_file(stage: Stage, words: str) -> None:
    (stage.folder / f"{words}.csv").touch()
    stage.overheard.folder(stage.folder)


def table(url: str, stage: Stage, words: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (words TEXT)"))
        connection.execute(text("INSERT INTO notes VALUES (:words)"), {"words": words})
    engine.dispose()
    stage.overheard.finds += stage.overheard.canaries.in_database(url)


def table_of_sqlite(stage: Stage, words: str) -> None:
    table(f"sqlite:///{stage.folder / 'shop.db'}", stage, words)


def table_of_postgresql(stage: Stage, words: str) -> None:
    table(new_database().replace("postgresql:", "postgresql+psycopg:"), stage, words)


def state_of_a_notification(stage: Stage, words: str) -> None:
    stage.overheard.finds += stage.overheard.canaries.in_bytes(words.encode("utf-16"), "a state")


def message(stage: Stage, words: str) -> None:
    stage.overheard.text("a message", {"to": ["anybody", words]})


@frozen
class Shows:
    """What it holds stands in its repr alone."""

    words: str

    def __str__(self) -> str:
        return "nothing"


def what_shows_in_a_repr(stage: Stage, words: str) -> None:
    stage.overheard.text("a value", Shows(words))


def failed(words: str) -> NoReturn:
    raise ValueError(words)


def log_message(stage: Stage, words: str) -> None:
    logging.getLogger("regulars").debug("registered %s", words)
    stage.overheard.log(stage.caplog)


def log_argument_that_is_not_formatted(stage: Stage, words: str) -> None:
    logging.getLogger("regulars").debug("registered %(id)s", {"id": 7, "name": words})
    stage.overheard.log(stage.caplog)


def logged_traceback(stage: Stage, words: str) -> None:
    try:
        failed(words)
    except ValueError:
        logging.getLogger("regulars").exception("failed")
    stage.overheard.log(stage.caplog)


def echoed_sql(stage: Stage, words: str) -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text("SELECT :words"), {"words": words})
    engine.dispose()
    stage.overheard.log(stage.caplog)


def raised(stage: Stage, error: Callable[[], NoReturn]) -> None:
    with pytest.raises(LookupError) as caught:
        error()
    stage.overheard.error("an error", caught.value)


def text_of_an_exception(stage: Stage, words: str) -> None:
    def error() -> NoReturn:
        raise LookupError(words)

    raised(stage, error)


def cause_of_an_exception(stage: Stage, words: str) -> None:
    def error() -> NoReturn:
        raise LookupError("no") from ValueError(words)

    raised(stage, error)


def exception_that_was_handled_before(stage: Stage, words: str) -> None:
    def error() -> NoReturn:
        try:
            failed(words)
        except ValueError:
            raise LookupError("no") from None

    raised(stage, error)


PLACES: Final = (
    main_file,
    free_page,
    write_ahead_log,
    journal,
    file_with_a_name,
    pytest.param(
        file_without_a_name,
        marks=pytest.mark.skipif(
            not Path("/proc/self/fd").is_dir(), reason="this system does not list open files"
        ),
    ),
    name_of_a_file,
    table_of_sqlite,
    table_of_postgresql,
    state_of_a_notification,
    message,
    what_shows_in_a_repr,
    log_message,
    log_argument_that_is_not_formatted,
    logged_traceback,
    echoed_sql,
    text_of_an_exception,
    cause_of_an_exception,
    exception_that_was_handled_before,
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_detail_is_heard_in_every_kind_of_place(
    place: Callable[[Stage, str], None], stage: Stage
) -> None:
    place(stage, f"for {NAME}")

    assert {find.canary for find in stage.overheard.finds} == {"name"}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_where_nothing_is_said_nothing_is_heard(
    place: Callable[[Stage, str], None], stage: Stage
) -> None:
    place(stage, NOTHING)

    assert stage.overheard.finds == []
