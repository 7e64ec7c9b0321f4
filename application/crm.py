"""The front of the core: what a host calls."""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import RLock
from types import TracebackType
from typing import Final, Self, TypeVar

from regulars.application import audit
from regulars.application.aggregates import program_stream
from regulars.application.asking import Asking
from regulars.application.batch import Outcome, Receipt
from regulars.application.books import BOOKS
from regulars.application.catalogue import VIEWS, views_named
from regulars.application.door import Request
from regulars.application.erasures import Erasures
from regulars.application.events import Command
from regulars.application.following import Following
from regulars.application.gate import Gate
from regulars.application.group_commit import GroupCommit
from regulars.application.handling import Commands
from regulars.application.history import History, Reject
from regulars.application.importing import Imported, Importing, Told
from regulars.application.joined import Joined
from regulars.application.key_rotation import KeyRotation
from regulars.application.lookup import Lookup
from regulars.application.ports import Finding, Storage, Vault
from regulars.application.program import default_program
from regulars.application.projecting import Progress, Projector
from regulars.application.protecting import Protecting
from regulars.application.queries import AsOf, Query
from regulars.application.questions import Question
from regulars.application.reader import Reader
from regulars.application.retaining import Retaining
from regulars.domain import program
from regulars.domain.values import ProgramId

Answer = TypeVar("Answer")


class Crm(Reader, Following):
    """
    The customer-relationship and loyalty core over one storage. Made by `regulars.connect`.

    Safe to share between threads, which take turns; commands that would wait for one another are
    recorded in one transaction. A context manager: leaving it closes it. `lookup` looks after the
    index that customers are found by, `protection` after who reaches whom through which number,
    `keys` after the keys that personal data is sealed under, `erasures` after their destruction,
    `retention` after that of data whose time is over, and `positions` after how far a host's
    followers are. If it is `read_only`, it writes nothing.
    """

    def __init__(  # noqa: PLR0913 - the parts that the composition root names
        self,
        *,
        storage: Storage,
        vault: Vault,
        keys: KeyRotation,
        commands: Commands,
        gate: Gate,
        projector: Projector,
        asking: Asking,
        lookup: Callable[[RLock], Lookup],
        protection: Callable[["Crm", RLock], Protecting],
        program_id: ProgramId,
        join: Callable[[object], AbstractContextManager[Joined]],
        erasures: Callable[[AbstractContextManager[object]], Erasures],
        retention: Callable[[AbstractContextManager[object], Erasures], Retaining],
        close: Callable[[], None],
    ) -> None:
        self._vault = vault
        self._commands = commands
        self._projector = projector
        self._asking = asking
        self.read_only: Final = asking.read_only
        self._program_id = program_id
        self._join = join
        self._close = close
        self._lock = RLock()
        Reader.__init__(self, gate, lookup(self._lock), self._lock)
        Following.__init__(self, storage, self._lock)
        self.protection: Final = protection(self, self._lock)
        self._group = GroupCommit(self._recorded, self._lock)
        self.erasures: Final = erasures(self._lock)
        self.retention: Final = retention(self._lock, self.erasures)
        self.keys: Final = keys
        self._program_seen: int | None = None

    def execute(
        self,
        command: Command,
        *,
        by: str,
        id: str | None = None,  # noqa: A002 - the word that a host uses
        correlation: str | None = None,
    ) -> Receipt:
        """
        Record what `command` leads to, points and views included, in one transaction.

        `by` names who asks, as an opaque id such as `agent:42`. With an `id` the command is
        idempotent: a repeat with the same content records nothing and returns the first receipt.
        A command that had nothing to record is not remembered, and decided again.
        `correlation` ties commands of one conversation together; alone, a command is its own.

        Raises:
            Refusal: the command cannot be; nothing was recorded.
            StorageUnavailable: the store does not answer; nothing was recorded, unless it was lost
                in the middle: the command, sent again with its `id`, is recorded once.
        """
        request = Request(id=id, commands=(command,), by=by, correlation=correlation)
        return self._group.execute(request)

    def submit(
        self,
        command: Command,
        *,
        by: str,
        id: str | None = None,  # noqa: A002 - the word that a host uses
        correlation: str | None = None,
    ) -> Future[Receipt]:
        """
        Have `command` recorded by a thread of the core; the future holds what `execute` returns.

        Those that wait together are recorded in one transaction, and each is told once that is
        kept. Cancelled before its turn, it records nothing. What it calls must not wait for us.
        """
        request = Request(id=id, commands=(command,), by=by, correlation=correlation)
        return self._group.submit(request)

    async def execute_async(
        self,
        command: Command,
        *,
        by: str,
        id: str | None = None,  # noqa: A002 - the word that a host uses
        correlation: str | None = None,
    ) -> Receipt:
        """
        As `submit`, for a task of `asyncio`, which it costs less than a future.

            receipt = await crm.execute_async(PlaceOrder(...), by="web", id="o-1")
        """
        request = Request(id=id, commands=(command,), by=by, correlation=correlation)
        return await self._group.awaited(request)

    def execute_all(self, requests: Sequence[Request]) -> list[Outcome]:
        """
        Record many requests in one transaction, each whole or refused by itself.

        Returns a receipt or a refusal for each, in order.

        Raises:
            StorageUnavailable: the store does not answer; nothing was recorded of any, unless it
                was lost in the middle; see `execute`.
        """
        with self._lock:
            return self._recorded(requests)

    def _recorded(self, requests: Sequence[Request]) -> list[Outcome]:
        self._ensure_program()
        return self._commands.execute_all(requests)

    def joined(self, connection: object) -> AbstractContextManager[Joined]:
        """
        The core inside a transaction of the host's, on its SQLAlchemy `Connection` or `Session`.

            with engine.begin() as connection, crm.joined(connection) as inside:
                connection.execute(insert(tabs).values(order="o-1"))
                inside.execute(PlaceOrder(...), by="checkout", id="o-1")

        What both write is kept or lost together, when the host commits or rolls back.

        Raises:
            TypeError: it is none of SQLAlchemy's over sqlite3 or psycopg, whichever is used.
            RuntimeError: no transaction is begun on it, or it commits each statement.
            NotOurDatabase: it leads to another database than this.
            StorageUnavailable: the store does not answer, or cannot be written now.
        """
        return self._join(connection)

    def publish(self, commands: Sequence[program.Command]) -> None:
        """Record what is new of a programme's definition and rules; what is known stays."""
        with self._lock:
            self._commands.execute(Request(commands=tuple(commands), by="host"))

    def _ensure_program(self) -> None:
        # A store that was lost and found again may have lost the programme.
        if self._program_seen == self._storage.incarnation:
            return
        with self._storage.snapshot():
            known = any(True for _ in self._storage.log.facts(program_stream(self._program_id)))
        if not known:
            name = f"default-program/{self._program_id}"
            commands = default_program(self._program_id)
            self._commands.execute(Request(id=name, commands=commands, by="host"))
        self._program_seen = self._storage.incarnation

    def ask(self, query: Query[Answer] | Question[Answer], *, as_of: AsOf | None = None) -> Answer:
        """
        The answer now, or as of a time (what had occurred by then) or a position of the log.

        A question about the past is answered from the log itself: it costs as much reading as
        there are events that it may depend on. A `Question` counts in what fell due by the moment
        asked about, which is now by the clock where none is told. As of now, and of a time that is
        not past, all counts that was told, also what was told ahead of the clock.
        What it names has to be an id (`InvalidId`), and what else it says a text (`InvalidText`).
        """
        with self._lock:
            return self._asking.ask(query, as_of)

    def import_history(
        self, history: History, *, reject: Callable[[Reject], None], told: Told | None = None
    ) -> Imported:
        """
        Record past orders, each once however often this runs.

        Rows that cannot be recorded are told to `reject`. Views stay behind: `catch_up` brings
        them up to the log, as do the next command and the next question.

        Raises:
            StorageUnavailable: the store does not answer; batches recorded before stand.
        """
        with self._lock:
            self._ensure_program()
            importing = Importing(
                commands=self._commands,
                log=self._storage.log,
                reject=reject,
                told=told or (lambda _kind, _rows: None),
            )
            return importing.run(history)

    def keep_findings(self, findings: Sequence[Finding]) -> None:
        """Keep rejected rows, each once."""
        with self._lock, self._storage.transaction():
            self._storage.findings.add(findings)

    def forget_findings(self, files: Collection[str]) -> None:
        """Let go of the rejected rows of files that are about to be read again."""
        with self._lock, self._storage.transaction():
            self._storage.findings.forget(files)

    def findings(self) -> list[Finding]:
        """The rows that imports rejected, by file, row and field."""
        with self._lock, self._storage.snapshot():
            return list(self._storage.findings.all())

    def catch_up(self, *, progress: Progress | None = None) -> int:
        """Bring every view up to the log. Returns the position reached."""
        with self._lock:
            return self._projector.catch_up(progress=progress)

    def rebuild(self, *names: str, progress: Progress | None = None) -> int:
        """
        Compute the named views, or all, again from the log. Returns the position reached.

        With no name every snapshot and the books are dropped as well, to be made again as commands
        and questions need them.

        Raises:
            UnknownView: there is no view of that name.
        """
        with self._lock:
            if not names:
                with self._storage.transaction():
                    self._storage.snapshots.forget()
                    self._storage.views.clear(BOOKS)
                self._commands.forget()
            return self._projector.rebuild(views_named(names), progress=progress)

    def verify(self, *, progress: Progress | None = None) -> audit.Verdict:
        """
        Replay the log and compare every view, snapshot, version and box with what is kept.

        Views that may not be written now are compared as of where they stand.

        Raises:
            UndecodableEvent: an event is not what its name promises.
        """
        with self._lock:
            self._asking.catch_up()
            return audit.verify(
                self._storage,
                self._vault,
                self.keys,
                VIEWS,
                lagging=self._asking.read_only,
                progress=progress,
            )

    def close(self) -> None:
        """
        Record what was submitted, stop what is subscribed, and let go of the storage.

        Closing twice does no harm.
        """
        self._group.close()
        with self._lock:
            self._followers.stop()
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
