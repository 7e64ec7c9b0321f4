"""The core with all its parts in the hand: in memory, or over a database that a test opens."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field, frozen

from regulars.adapters.blinding import KeyedBlinder
from regulars.adapters.codec import encode
from regulars.adapters.database import Database
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryStorage
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.normalisers import dialled
from regulars.adapters.storage import SqlStorage
from regulars.application.asking import Asking
from regulars.application.batch import Outcome, Receipt
from regulars.application.books import BOOKS
from regulars.application.calling import Calling
from regulars.application.catalogue import VIEWS
from regulars.application.contacts import Contacts
from regulars.application.crm import Crm
from regulars.application.door import Door, Request
from regulars.application.erasing import Erasing
from regulars.application.erasure_sinks import ErasureSink, SnapshotSink
from regulars.application.erasures import Erasures
from regulars.application.events import Recorded
from regulars.application.gate import Gate
from regulars.application.handling import Commands
from regulars.application.joined import Joined
from regulars.application.key_history import KeyHistory
from regulars.application.key_rotation import KeyRotation
from regulars.application.keys import KeyStore
from regulars.application.lookup import Lookup
from regulars.application.number_protection import NoNumbers, NumberProtection
from regulars.application.ports import Storage, Vault
from regulars.application.projecting import Projector
from regulars.application.protecting import FOLLOWER, Protecting
from regulars.application.retaining import Retaining
from regulars.application.views import View
from regulars.domain.evidence import Traces
from regulars.domain.reading import DEFAULT_POLICY, ReadingPolicy
from regulars.domain.values import ProgramId
from tests.adapters.vaults import RING, vault
from tests.domain.chronicle import PROGRAM, Command

TENANT = "shop"


@define
class Ticking:
    """A clock that is a `tick` further each time it is looked at."""

    at: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)
    tick: timedelta = timedelta(seconds=1)

    def now(self) -> datetime:
        self.at += self.tick
        return self.at


@frozen(kw_only=True)
class Parts:
    """What a core is made of."""

    storage: Storage
    keys: KeyStore
    vault: Vault
    door: Door
    commands: Commands
    projector: Projector
    crm: Crm
    clock: Ticking = field(factory=Ticking)

    def events(self, after: int = 0) -> list[Recorded]:
        return list(self.storage.log.read(after=after))

    def execute(self, *commands: Command, id: str | None = None, by: str = "agent:7") -> Receipt:  # noqa: A002 - the word that a host uses
        return self.commands.execute(Request(id=id, commands=commands, by=by))

    def execute_all(self, *requests: Request) -> list[Outcome]:
        return self.commands.execute_all(requests)

    def rows(self) -> dict[str, list[Any]]:
        return {view.name: list(self.storage.views.rows(view)) for view in VIEWS}


def no_host(connection: object) -> AbstractContextManager[Joined]:
    raise NotImplementedError(connection)


def core(
    storage: Storage,
    keys: KeyStore,
    *,
    inline: bool = True,
    views: Sequence[View[Any, Any]] = VIEWS,
    program: ProgramId = PROGRAM,
    sinks: Sequence[ErasureSink] = (),
    scrub: Callable[[], Traces] = lambda: Traces.GONE,
    numbers: NumberProtection | None = None,
    close: Callable[[], None] = lambda: None,
    policy: ReadingPolicy = DEFAULT_POLICY,
    join: Callable[[object], AbstractContextManager[Joined]] = no_host,
    clock: Ticking | None = None,
    ahead: timedelta | None = None,
    read_only: bool = False,
) -> Parts:
    clock = clock or Ticking()
    opener = vault(keys, TENANT, history=KeyHistory(storage.log))
    blinder = KeyedBlinder(TENANT, keys, RING, clock=clock)
    door = Door(
        tenant=TENANT,
        vault=opener,
        stored_as=storage.log.stored_as,
        encode=encode,
        contacts=Contacts(storage.contacts, blinder),
        policy=policy,
    )
    projector = Projector(storage, views)
    commands = Commands(
        storage=storage,
        door=door,
        clock=clock,
        projector=projector,
        inline=inline,
        program=program,
        ahead=ahead,
    )
    gate = Gate(log=storage.log, vault=opener, commands=commands, clock=clock, policy=policy)
    crm = Crm(
        storage=storage,
        vault=opener,
        keys=KeyRotation(keys, RING, alone=storage.transaction, begin_anew=opener.renounce_marks),
        commands=commands,
        gate=gate,
        projector=projector,
        asking=Asking(
            storage=storage,
            commands=commands,
            projector=projector,
            clock=clock,
            inline=inline,
            read_only=read_only,
        ),
        lookup=lambda lock: Lookup(
            storage=storage, vault=opener, blinder=blinder, gate=gate, scrub=scrub, lock=lock
        ),
        protection=lambda crm, lock: Protecting(
            storage=storage,
            calling=Calling(
                storage=storage,
                gate=gate,
                clock=clock,
                dialled=lambda phone: dialled(phone, "CN"),
                lock=lock,
            ),
            numbers=numbers or NoNumbers(),
            clock=clock,
            record=lambda command: crm.execute(command, by=FOLLOWER),
            lock=lock,
        ),
        program_id=program,
        join=join,
        erasures=lambda lock: Erasures(
            Erasing(
                lock=lock,
                storage=storage,
                vault=opener,
                keys=keys,
                commands=commands,
                clock=clock,
                tenant=TENANT,
                sinks=(SnapshotSink(storage), storage.contacts, *sinks),
                scrub=scrub,
            )
        ),
        retention=lambda lock, erasures: Retaining(
            lock,
            storage=storage,
            commands=commands,
            erasures=erasures,
            clock=clock,
            rules=policy.retention,
        ),
        close=close,
    )
    return Parts(
        storage=storage,
        keys=keys,
        vault=opener,
        door=door,
        commands=commands,
        projector=projector,
        crm=crm,
        clock=clock,
    )


def memory_core(
    *,
    inline: bool = True,
    views: Sequence[View[Any, Any]] = VIEWS,
    close: Callable[[], None] = lambda: None,
    clock: Ticking | None = None,
    ahead: timedelta | None = None,
) -> Parts:
    storage = MemoryStorage(tenant=TENANT)
    return core(
        storage,
        MemoryKeyStore(),
        inline=inline,
        views=views,
        close=close,
        clock=clock,
        ahead=ahead,
    )


def sql_core(
    database: Database,
    *,
    inline: bool = True,
    views: Sequence[View[Any, Any]] = VIEWS,
    policy: ReadingPolicy = DEFAULT_POLICY,
) -> Parts:
    storage = SqlStorage(database, [*views, BOOKS], tenant=TENANT)
    return core(storage, SqlKeyStore(database), inline=inline, views=views, policy=policy)


def request(*commands: Command, id: str | None = None, by: str = "agent:7") -> Request:  # noqa: A002 - the word that a host uses
    return Request(id=id, commands=commands, by=by)
