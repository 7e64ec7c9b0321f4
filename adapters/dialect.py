"""What the databases do differently, each in a module of its own: `sqlite` and `postgres`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, get_args

from attrs import frozen
from sqlalchemy import Connection, Engine, TableClause
from sqlalchemy.sql.expression import ClauseElement

from regulars.adapters.settings import check_choice, check_seconds
from regulars.application.ports import Wakeup
from regulars.domain.evidence import Traces

if TYPE_CHECKING:
    from regulars.adapters.database import Database

Synchronous = Literal["FULL", "NORMAL"]

EVENT_ID: Final = 5
FINGERPRINT: Final = 11
"""Where these stand in a row of the log that has no position yet."""


class Cursor(Protocol):
    """The rows that a statement gave."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row of any columns
        """The next row; None behind the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


class Driver(Protocol):
    """The driver's own connection, with what both databases' drivers can do."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run one statement."""
        ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run one statement for each row of values."""
        ...

    @property
    def in_transaction(self) -> bool:
        """Whether one is open, even if the database has given it up."""
        ...


@frozen(kw_only=True)
class Opening:
    """
    How a database is to be opened; see `Database`.

    Raises:
        ValueError: `synchronous` is none of what it can be, or `busy_seconds` no time to wait.
        TypeError: `busy_seconds` is no number.
    """

    synchronous: Synchronous = "FULL"
    create: bool = True
    busy_seconds: float = 30
    older: bool = False
    read_only: bool = False

    def __attrs_post_init__(self) -> None:
        check_choice("synchronous", self.synchronous, get_args(Synchronous))
        check_seconds("busy_seconds", self.busy_seconds)


class Dialect(Protocol):
    """What one kind of database says in its own way, for one URL."""

    name: str
    """The URL, without a password."""
    path: Path | None
    """The file, if it is one."""
    passing: bool
    """Whether the database ends with the connection."""
    errors: type[Exception]
    """What the driver raises."""
    conflicts: type[Exception]
    """What the driver raises for a row that breaks a constraint."""
    head: str
    """Gives the highest position that the log ever gave, in a row; no row if there is none."""
    lock: str
    """Keeps every other writer out until the transaction ends, without writing anything."""
    of_tenant: str
    """The condition that an event is the `:tenant`'s, for reads in the order of the log."""
    scans_for_pairs: bool
    """Whether a list of pairs is looked for in the whole table, whatever its indexes."""
    optimistic: int
    """Requests up to which it pays to decide before a transaction is begun; see `Storage`."""

    @staticmethod
    def insert(table: TableClause) -> Any:  # noqa: ANN401 - each dialect has its own class
        """An insert that knows `on_conflict_do_update`."""
        ...

    @staticmethod
    def compile(statement: ClauseElement) -> str:
        """The SQL text of a Core statement for the driver, its values by their places."""
        ...

    def engine(self) -> Engine:
        """Makes connections that begin no transaction by themselves."""
        ...

    def driver(self, connection: Connection) -> Driver:
        """The driver's connection below a new one of SQLAlchemy."""
        ...

    def prepare(self, database: "Database") -> None:
        """
        Settle how a new connection works, and make the tables if that is asked for.

        Raises:
            NotOurDatabase: it is something else, or of a newer format.
            OlderFormat: its tables are of an older format, and that is not asked for.
        """
        ...

    def may_write(self, driver: Driver) -> bool:
        """Whether who opened it may write there, however this connection was opened."""
        ...

    def format(self, driver: Driver) -> int:
        """
        The format of the tables that are there.

        Raises:
            NotOurDatabase: there are none of ours.
        """
        ...

    def join(self, connection: Connection, parting: ExitStack) -> Driver:
        """
        The driver's connection inside a transaction of the host's, begun if that was put off.

        What is set on it meanwhile is set back by `parting`.

        Raises:
            TypeError: it is another driver.
            RuntimeError: it commits each statement.
        """
        ...

    def present(self, driver: Driver, names: Sequence[str]) -> set[str]:
        """Those of these tables that stand where ours do."""
        ...

    def is_same(self, mine: Driver, other: Driver) -> bool:
        """Whether two connections are to one and the same tables, whatever their URLs say."""
        ...

    def place(self, driver: Driver) -> object:
        """Equal for two connections to the same tables of one running server, or of one file."""
        ...

    def is_lost(self, driver: Driver) -> bool:
        """Whether a connection with nothing begun on it is of no use, so another one is needed."""
        ...

    def let_go(self, driver: Driver) -> None:
        """End whatever is begun or under way on the connection, which may be closed by it."""
        ...

    def begin(self, driver: Driver) -> None:
        """Begin to write: nobody else does until the end, and all they wrote is seen."""
        ...

    def begin_reading(self, driver: Driver) -> None:
        """Begin to read as of one moment."""
        ...

    def commit(self, driver: Driver) -> None:
        """Keep what was written, or raise."""
        ...

    def rows(self, driver: Driver, statement: str, values: Sequence[Any]) -> list[Any]:
        """All rows that a statement gives, the fastest way there is; values are plain ones."""
        ...

    def wakeup(self, database: "Database", *, poll_seconds: float) -> Wakeup:
        """What a reader of the log waits on, looking every `poll_seconds` where nobody tells."""
        ...

    def append(
        self, driver: Driver, insert: str, rows: Sequence[tuple[object, ...]], *, fresh: bool
    ) -> int:
        """
        Add rows to the log behind its head, or none, so that the transaction can go on either way.

        Rows come without their positions. Returns the last one. If they are to be `fresh`, one
        with a fingerprint breaks `events_id` where the log has another of its block of ids.
        """
        ...

    def is_alone(self, rows: int, held: Mapping[str, int]) -> bool:
        """Whether `append_alone` is made for so many rows, and costs less than a transaction."""
        ...

    def append_alone(
        self,
        driver: Driver,
        insert: str,
        rows: Sequence[Sequence[Any]],
        held: Mapping[str, int],
    ) -> int:
        """
        Add rows without positions in a transaction of their own. Returns the new head.

        None are added if a stream of `held` has moved past its version, or if one has a fingerprint
        and the log another of its block of ids: that breaks `events_id`. Only where `is_alone`.
        """
        ...

    def settle(self, driver: Driver) -> None:
        """Return once all that could be read before is kept through a power cut."""
        ...

    def scrub(self, driver: Driver) -> Traces:
        """Have bytes that were overwritten leave the files; tells what became of them."""
        ...

    def raise_head(self, driver: Driver, position: int) -> None:
        """Let the log give no position up to this one any more."""
        ...

    def reworded(self, error: Exception) -> Exception:
        """An error of the driver in our words, never with a value in it."""
        ...
