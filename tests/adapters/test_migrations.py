import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

import regulars
from regulars.adapters import migrations
from regulars.adapters.database import Database
from regulars.adapters.migrations import verbatim
from regulars.adapters.schema import FORMAT
from tests.adapters.older_formats import connected, make_tables, record_in_first_format, revisions
from tests.adapters.table_schemas import schema_of
from tests.postgres_server import new_database

FORMATS = Path(__file__).parent / "formats"
KEPT = sorted({int(file.name.partition(".")[0]) for file in FORMATS.iterdir()})
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
ENVIRONMENT = """\
from alembic import context
from sqlalchemy import create_engine

engine = create_engine(context.config.attributes["url"])
with engine.begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
"""
OWN = """\
import regulars
from alembic import op

revision = "tabs"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE tabs (tab TEXT)")
    {ours}
    op.execute("DROP TABLE tabs")
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    files = (f"sqlite:///{tmp_path}/shop-{number}.db" for number in range(9))
    return new_database if request.param == "postgresql" else lambda: next(files)


@pytest.fixture
def newest(new_url: Callable[[], str]) -> str:
    """A database as it is made today."""
    url = new_url()
    Database(url).close()
    return url


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Config]:
    """What a host tells its own Alembic, with the settings that the page shows."""
    (settings,) = re.findall(r"^```ini\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)

    def over(url: str, *, ours: str = "pass") -> Config:
        Path("migrations/versions").mkdir(parents=True)
        Path("migrations/env.py").write_text(ENVIRONMENT)
        Path("migrations/versions/tabs.py").write_text(OWN.format(ours=ours))
        Path("alembic.ini").write_text(settings)
        made = make_url(url)
        if made.get_backend_name() == "postgresql":
            made = made.set(drivername="postgresql+psycopg")
        return Config("alembic.ini", attributes={"url": made})

    return over


def without_versions(url: str) -> str:
    """The schema but for the table in which Alembic keeps what it has done."""
    with connected(url) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    return schema_of(url)


@pytest.mark.parametrize("number", KEPT)
def test_the_revisions_make_the_tables_that_each_format_had(
    new_url: Callable[[], str], number: int
) -> None:
    url = new_url()

    make_tables(url, *range(1, number + 1))

    kind = make_url(url).get_backend_name()
    assert schema_of(url) == (FORMATS / f"{number}.{kind}.txt").read_text(encoding="utf-8")


def test_what_every_format_but_the_newest_had_is_kept() -> None:
    assert set(range(1, FORMAT)) <= set(KEPT)


def test_whoever_changes_the_tables_writes_a_revision(
    new_url: Callable[[], str], newest: str
) -> None:
    url = new_url()

    make_tables(url, *range(1, FORMAT + 1))

    assert schema_of(url) == schema_of(newest)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE snapshots ADD COLUMN note TEXT",
        "ALTER TABLE snapshots RENAME COLUMN fold TO folded",
        "CREATE INDEX events_by_type ON events (type)",
        "CREATE TABLE notes (note TEXT)",
        "DROP TABLE import_findings",
        "DROP TRIGGER events_contiguous",
    ],
)
def test_a_change_of_the_tables_is_noticed(newest: str, change: str) -> None:
    before = schema_of(newest)
    if change.startswith("DROP TRIGGER") and make_url(newest).get_backend_name() == "postgresql":
        change += " ON events"

    with connected(newest) as host:
        host.execute(text(change))

    assert schema_of(newest) != before


@pytest.mark.parametrize(
    "change",
    [
        "ALTER FUNCTION events_appended() SECURITY DEFINER",
        "ALTER TABLE keys DROP CONSTRAINT keys_state",
        'ALTER TABLE events ALTER tenant TYPE TEXT COLLATE "POSIX"',
        "CREATE SEQUENCE numbers",
    ],
)
def test_what_stands_beside_the_tables_is_looked_at_too(change: str) -> None:
    url = new_database()
    Database(url).close()
    before = schema_of(url)

    with connected(url) as host:
        host.execute(text(change))

    assert schema_of(url) != before


def test_there_is_one_revision_for_each_format() -> None:
    (folder,) = migrations.__path__
    scripts = ScriptDirectory(folder, version_locations=[folder])

    chain = [script.revision for script in scripts.walk_revisions()]

    assert chain == revisions(*range(FORMAT, 0, -1))
    assert scripts.get_revisions("regulars@head") == scripts.get_revisions(chain[0])


def test_a_host_takes_the_migration_over_into_its_own_alembic(
    new_url: Callable[[], str], newest: str, host: Callable[..., Config]
) -> None:
    url = new_url()
    record_in_first_format(url)
    alembic = host(url)

    command.stamp(alembic, "regulars_0001")
    command.upgrade(alembic, "heads")

    assert regulars.migrate(url).revisions == ()
    assert without_versions(url) == schema_of(newest)


def test_a_host_makes_all_tables_with_its_own_alembic(
    new_url: Callable[[], str], newest: str, host: Callable[..., Config]
) -> None:
    url = new_url()

    command.upgrade(host(url), "regulars@head")

    assert without_versions(url) == schema_of(newest)


def test_a_host_migrates_inside_a_migration_of_its_own(
    new_url: Callable[[], str], newest: str, host: Callable[..., Config]
) -> None:
    url = new_url()
    record_in_first_format(url)

    command.upgrade(host(url, ours="regulars.migrate(op.get_bind())"), "tabs")

    assert without_versions(url) == schema_of(newest)


def test_there_is_no_way_back_but_a_backup(
    new_url: Callable[[], str], host: Callable[..., Config]
) -> None:
    url = new_url()
    alembic = host(url)
    command.upgrade(alembic, "regulars@head")

    with pytest.raises(NotImplementedError, match="backup"):
        command.downgrade(alembic, "regulars@-1")


def test_statements_for_postgresql_arrive_as_they_stand() -> None:
    statement = dedent("""\
        CREATE FUNCTION told() RETURNS text LANGUAGE plpgsql AS $$
        DECLARE many int[] := '{1,2}'::int[]; BEGIN RETURN format('%s %%', many[1:1]); END $$""")

    def kept(url: str, told: Callable[[Any], object]) -> object:
        told(url)
        with closing(psycopg.connect(url)) as connection:
            query = "SELECT prosrc, told() FROM pg_proc WHERE oid = 'told'::regproc"
            return connection.execute(query).fetchone()

    def plainly(url: str) -> None:
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            connection.execute(statement.encode())

    def by_revision(url: str) -> None:
        with connected(url) as connection:
            Operations(MigrationContext.configure(connection)).execute(verbatim(statement))

    assert kept(new_database(), by_revision) == kept(new_database(), plainly)
