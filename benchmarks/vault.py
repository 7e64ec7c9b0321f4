"""`seal`, `boxes`, `rewrap`: what a box adds, what it costs who does not open it, keys anew."""

from collections.abc import Iterable, Iterator
from itertools import islice
from os import urandom
from pathlib import Path
from typing import Final

from attrs import evolve

from benchmarks.files import opened
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.orders import CUSTOMERS, EVENTS, lives
from benchmarks.placed import order_streams
from regulars.adapters.blinding import KeyedBlinder
from regulars.adapters.clock import SystemClock
from regulars.adapters.codec import CODEC, encode
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.adapters.key_ring import KeyRing
from regulars.adapters.keys import SqlKeyStore
from regulars.adapters.memory import MemoryLog
from regulars.adapters.memory_contact_index import MemoryContactIndex
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.aggregates import ORDER
from regulars.application.contacts import Contacts
from regulars.application.door import Door, Request
from regulars.application.events import Command, moment
from regulars.application.key_history import KeyHistory
from regulars.application.key_rotation import KeyRotation
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.loyalty import ACCOUNTS, LEDGER
from regulars.application.sales import SALES
from regulars.domain.order import Order
from regulars.domain.personal import DataClass
from regulars.domain.purchase import PlaceOrder
from regulars.domain.reading import DEFAULT_POLICY

_BOX_SECONDS: Final = 8e-6
_KEYS_A_SECOND: Final = 20_000
_OLD, _NEW = urandom(32), urandom(32)
_MONEY: Final = (ACCOUNTS.name, LEDGER.name, SALES.name)


def _placed(orders: int) -> Iterator[PlaceOrder]:
    return (one for one in lives(0, orders) if isinstance(one, PlaceOrder))


def _bare(command: Command) -> Command:
    return evolve(command, extra=None) if isinstance(command, PlaceOrder) else command


def _seal(settings: Settings, folder: Path) -> Result:  # noqa: ARG001 - every benchmark's arguments
    orders = 500 if settings.quick else 5_000
    sealing = [_request(command) for command in _placed(orders)]
    bare = [_request(_bare(command)) for command in _placed(orders)]
    keys, ring, clock = MemoryKeyStore(), KeyRing({"k": _OLD}, active="k"), SystemClock()
    door = Door(
        tenant="default",
        vault=EnvelopeVault("default", keys, ring, history=KeyHistory(MemoryLog()), clock=clock),
        stored_as=_stored_as,
        encode=encode,
        contacts=Contacts(MemoryContactIndex(), KeyedBlinder("default", keys, ring, clock=clock)),
        policy=DEFAULT_POLICY,
    )
    added: list[float] = []

    def ours() -> tuple[int, float]:
        seconds = max(_admitted(door, sealing) - _admitted(door, bare), 1e-9)
        added.append(1e6 * seconds / orders)
        return orders, seconds

    def budget() -> tuple[int, float]:
        return orders, orders * _BOX_SECONDS

    rates, budgets = alternate(ours, budget, runs=settings.runs, turns=4)
    return Result(
        unit="boxes per second",
        ours=rates,
        reference=budgets,
        ours_is="Door.admit of orders with a box, less the same without, keys at hand",
        reference_is="8 microseconds for each box",
        sizes={"orders": orders, "customers": CUSTOMERS},
        durability="nothing is stored",
        left_out=("the digest of a request with an id", "making of keys"),
        details={"microseconds_a_box": added},
    )


def _request(command: Command) -> Request:
    return Request(commands=(command,), by="host")


def _stored_as(event: type) -> tuple[str, int]:
    return CODEC.stored[event]


def _admitted(door: Door, requests: Iterable[Request]) -> float:
    with timed() as elapsed:
        for request in requests:
            door.admit(request)
    return elapsed.seconds


def _boxes(settings: Settings, folder: Path) -> Result:
    orders = 200 if settings.quick else 3_000
    sides = {"with": folder / "with.db", "without": folder / "without.db"}
    for side, file in sides.items():
        _record(file, orders, boxes=side == "with")

    def of(side: str) -> tuple[int, float]:
        with opened(sides[side], views="deferred") as crm, timed() as elapsed:
            crm.rebuild(*_MONEY)
        database = Database(f"sqlite:///{sides[side]}")
        log, streams = SqlLog(database), order_streams(orders)
        with timed() as replayed:
            for name in streams:
                state = Order()
                for _, event, occurred_at in log.facts(name):
                    ORDER.fold(state, event, moment(occurred_at))
        database.close()
        return 2 * orders * EVENTS, elapsed.seconds + replayed.seconds

    rates, bare_rates = alternate(
        lambda: of("with"), lambda: of("without"), runs=settings.runs, turns=2
    )
    return Result(
        unit="events per second",
        ours=rates,
        reference=bare_rates,
        ours_is="orders, each with a box, replayed one by one, and the views of money rebuilt",
        reference_is="the same orders without a box",
        sizes={"orders": orders, "events": orders * EVENTS},
        durability="SQLite, journal WAL, synchronous FULL",
        left_out=("opening boxes",),
    )


def _record(file: Path, orders: int, *, boxes: bool) -> None:
    commands = lives(0, orders) if boxes else map(_bare, lives(0, orders))
    with opened(file, views="deferred") as crm:
        while some := list(islice(commands, 600)):
            crm.execute_all([_request(command) for command in some])


def _rewrap(settings: Settings, folder: Path) -> Result:
    number = 1_000 if settings.quick else 100_000
    database = Database(f"sqlite:///{folder / 'keys.db'}")
    store = SqlKeyStore(database)
    both = {"old": _OLD, "new": _NEW}
    rings = {kek: KeyRing(both, active=kek) for kek in both}
    store.provision_many([_stored(rings["old"], each) for each in range(number)])
    active = "old"

    def ours() -> tuple[int, float]:
        nonlocal active
        active = "new" if active == "old" else "old"
        rotation = KeyRotation(
            store, rings[active], alone=database.transaction, begin_anew=lambda: False
        )
        with timed() as elapsed:
            done = rotation.rewrap()
        if done.rewrapped != number or rotation.status().waiting:
            raise ValueError(f"of {number} keys, {done.rewrapped} were wrapped anew")
        return number, elapsed.seconds

    def budget() -> tuple[int, float]:
        return number, number / _KEYS_A_SECOND

    rates, budgets = alternate(ours, budget, runs=settings.runs)
    database.close()
    return Result(
        unit="keys per second",
        ours=rates,
        reference=budgets,
        ours_is="KeyRotation.rewrap from one key of a ring to another, in batches of 2,000",
        reference_is="100,000 keys in 5 seconds",
        sizes={"keys": number},
        durability="SQLite, journal WAL, synchronous FULL, each batch committed",
        left_out=("a key management service",),
    )


def _stored(ring: KeyRing, number: int) -> StoredKey:
    name = KeyName("default", f"customer/{number:08}", DataClass.CONTACT)
    return StoredKey(
        name=name,
        version=1,
        state=KeyState.ACTIVE,
        wrapped=ring.wrap(urandom(32), name, 1),
        kek=ring.kek_id,
        created_at=1,
    )


SEAL: Final = Benchmark(
    name="seal",
    line="a box sealed at the door, against the 8 microseconds that it may add",
    goal=1,
    run=_seal,
)
BOXES: Final = Benchmark(
    name="boxes",
    line="replay and views of money over events with boxes, against the same without",
    goal=0.952,
    run=_boxes,
)
REWRAP: Final = Benchmark(
    name="rewrap",
    line="data keys wrapped anew, against 100,000 in 5 seconds",
    goal=1,
    run=_rewrap,
)
