"""`liability` and `lots`: loyalty accounts, many of them, and one that is very long."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final

from benchmarks.files import opened
from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from regulars.adapters.database import Database
from regulars.adapters.storage import SqlStorage
from regulars.application.aggregates import account_stream
from regulars.application.balances import ExpirySchedule, PointsBalance
from regulars.application.books import BOOKS, Books
from regulars.application.events import Event, EventId, Pending, microseconds
from regulars.application.liability import Liability
from regulars.application.loyalty import ACCOUNTS
from regulars.application.ports import Storage
from regulars.application.projecting import Projector
from regulars.application.questions import Question, past
from regulars.domain.earning import Evaluation
from regulars.domain.lots import Allocation
from regulars.domain.loyalty import AwardPoints, LoyaltyAccountOpened, PointsEarned
from regulars.domain.redemption import PointsRedeemed, RedeemPoints
from regulars.domain.reward import Reward
from regulars.domain.values import CustomerId, LotId, ProgramId, RedemptionId

_PROGRAM: Final = ProgramId("default")
_START: Final = datetime(2024, 1, 1, 4, tzinfo=UTC)
_POSTINGS: Final = 20
_EVERY: Final = timedelta(days=30)
_LIFE: Final = timedelta(days=365)
_MONTH_END: Final = date(2025, 3, 31)
_POINTS: Final = Evaluation(points=100, desired=100, exact_numerator=100, exact_denominator=1)
_GIFT: Final = Reward(kind="gift")
_AT_ONCE: Final = 20_000


def _customer(number: int) -> CustomerId:
    return CustomerId(f"c-{number:07}")


def _account(number: int) -> Iterator[tuple[datetime, Event]]:
    """An account's opening and postings: of each two months, one earns and the next spends some."""
    customer, start = _customer(number), _START + timedelta(minutes=number % 40_000)
    yield start, LoyaltyAccountOpened(program=_PROGRAM, customer=customer)
    for month in range(_POSTINGS):
        at, lot = start + month * _EVERY, LotId(f"o-{number}-{month // 2}")
        if month % 2:
            yield (
                at,
                PointsRedeemed(
                    program=_PROGRAM,
                    customer=customer,
                    redemption=RedemptionId(f"r-{month}"),
                    points=60,
                    allocations=(Allocation(lot=lot, points=60),),
                    reward=_GIFT,
                ),
            )
        else:
            yield (
                at,
                PointsEarned(
                    program=_PROGRAM,
                    customer=customer,
                    lot=lot,
                    points=100,
                    evaluation=_POINTS,
                    expires_at=at + _LIFE,
                ),
            )


def _pending(accounts: int) -> Iterator[Pending]:
    ids = 0
    for number in range(accounts):
        stream = account_stream(_PROGRAM, _customer(number))
        for version, (at, event) in enumerate(_account(number), 1):
            ids += 1
            yield Pending(
                stream=stream,
                version=version,
                event=event,
                event_id=EventId(ids.to_bytes(16, "big")),
                occurred_at=microseconds(at),
                actor="host",
                correlation=stream,
            )


def _liability(settings: Settings, folder: Path) -> Result:
    accounts = 200 if settings.quick else 1_000_000 if settings.whole else 20_000
    database = Database(f"sqlite:///{folder / 'accounts.db'}", synchronous="NORMAL")
    try:
        storage = SqlStorage(database, [ACCOUNTS, BOOKS])
        told = _pending(accounts)
        while batch := list(islice(told, _AT_ONCE)):
            with storage.transaction():
                storage.log.append(batch, recorded_at=microseconds(_START))
        Projector(storage, [ACCOUNTS]).catch_up()
        began = perf_counter()
        Books(storage).catch_up()
        made = perf_counter() - began
        return _compared(settings, storage, accounts, {"seconds to make the books": made})
    finally:
        database.close()


def _compared(
    settings: Settings, storage: Storage, accounts: int, details: dict[str, Any]
) -> Result:
    chance = Random(9)  # noqa: S311 - the same accounts every time
    asked = min(accounts, 100 if settings.quick else 2_000)
    statement = Liability(program=_PROGRAM, on=_MONTH_END)
    end = datetime(2025, 3, 31, 15, 59, 59, 999_999, tzinfo=UTC)
    seconds: list[float] = []

    def ours() -> tuple[int, float]:
        with timed() as elapsed, storage.snapshot():
            Books(storage).catch_up()
            statement.answer(storage.views)
        seconds.append(elapsed.seconds)
        return accounts, elapsed.seconds

    def one_by_one() -> tuple[int, float]:
        some = chance.sample(range(accounts), asked)
        with timed() as elapsed, storage.snapshot():
            for number in some:
                _asked(storage, PointsBalance(customer=_customer(number)), end)
        return asked, elapsed.seconds

    rates, singly = alternate(ours, one_by_one, runs=settings.runs)
    with storage.snapshot():
        some = [_customer(number) for number in chance.sample(range(accounts), asked)]
        balances = [_asked(storage, PointsBalance(customer=one), end) for one in some]
        schedules = [_asked(storage, ExpirySchedule(customer=one), end) for one in some]
    return Result(
        unit="accounts per second",
        ours=rates,
        reference=singly,
        ours_is="the liability as of a month end, from the books",
        reference_is="the balance as of that moment, of account after account",
        sizes={"accounts": accounts, "postings of an account": _POSTINGS},
        durability="reads only",
        left_out=("making the books, which is in the details",),
        details=details
        | {
            "seconds of a statement": median(seconds),
            "milliseconds of a balance as of a time": median(balances) * 1_000,
            "milliseconds of an expiry schedule": median(schedules) * 1_000,
        },
    )


def _asked(storage: Storage, question: Question[Any], at: datetime) -> float:
    began = perf_counter()
    question.answer(past(storage.log, at))
    return perf_counter() - began


def _lots(settings: Settings, folder: Path) -> Result:
    lots = 200 if settings.quick else 10_000
    turns = 20 if settings.quick else 200
    with opened(folder / "lots.db", views="deferred") as crm:
        few, many = _customer(10), _customer(lots)
        for customer, count in ((few, 10), (many, lots)):
            for number in range(count):
                lot = LotId(f"l-{number}")
                command = AwardPoints(
                    program=_PROGRAM,
                    customer=customer,
                    at=_START + timedelta(minutes=number),
                    lot=lot,
                    evaluation=_POINTS,
                )
                crm.execute(command, by="host")
        spent = 0

        def side(customer: CustomerId) -> tuple[int, float]:
            nonlocal spent
            with timed() as elapsed:
                for _ in range(turns):
                    spent += 1
                    redeem = RedeemPoints(
                        program=_PROGRAM,
                        customer=customer,
                        at=_START + timedelta(days=30),
                        redemption=RedemptionId(f"s-{spent}"),
                        points=1,
                        reward=_GIFT,
                    )
                    crm.execute(redeem, by="host")
                    crm.ask(PointsBalance(customer=customer))
            return turns, elapsed.seconds

        runs = min(settings.runs, 1_000 // turns - 1)
        rates, short = alternate(lambda: side(many), lambda: side(few), runs=max(1, min(runs, 4)))
    return Result(
        unit="redemptions with a balance per second",
        ours=rates,
        reference=short,
        ours_is=f"an account of {lots} lots",
        reference_is="an account of 10 lots",
        sizes={"lots": lots, "redemptions": turns},
        durability="SQLite with synchronous=FULL",
        left_out=("views, which are deferred",),
    )


LIABILITY: Final = Benchmark(
    name="liability",
    line="loyalty: what all accounts hold as of a month end, against one balance after another",
    goal=100,
    run=_liability,
)
LOTS: Final = Benchmark(
    name="lots",
    line="loyalty: redemption and balance of an account of 10,000 lots, against one of 10",
    goal=0.2,
    run=_lots,
)
