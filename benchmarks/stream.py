"""`stream`: one stream of 10,000 events loaded and folded, against stock eventsourcing."""

from pathlib import Path
from typing import Final

from benchmarks.measure import Benchmark, Result, Settings, alternate, timed
from benchmarks.stock import stock_application
from benchmarks.stock_accounts import StockAccount, stock_account
from regulars.adapters.database import Database
from regulars.adapters.event_log import SqlLog
from regulars.application.aggregates import ACCOUNT, account_stream
from regulars.application.events import Event, EventId, Pending, moment
from regulars.domain.earning import Evaluation, Step
from regulars.domain.earning_rules import RuleId
from regulars.domain.loyalty import Account, LoyaltyAccountOpened, PointsEarned
from regulars.domain.values import CustomerId, LotId, OrderId, ProgramId

_PROGRAM: Final = ProgramId("default")
_CUSTOMER: Final = CustomerId("c-000001")
_STREAM: Final = account_stream(_PROGRAM, _CUSTOMER)
_A_MINUTE: Final = 60_000_000


def _run(settings: Settings, folder: Path) -> Result:
    events = 500 if settings.quick else 10_000
    history: list[Event] = [
        LoyaltyAccountOpened(program=_PROGRAM, customer=_CUSTOMER),
        *(_earned(number) for number in range(1, events)),
    ]
    points = sum(event.points for event in history if isinstance(event, PointsEarned))
    database = Database(f"sqlite:///{folder / 'ours.db'}")
    stock = stock_application(folder / "stock.db")
    log = SqlLog(database)
    log.append([_pending(place, event) for place, event in enumerate(history, 1)], recorded_at=1)
    copy = stock_account(history)
    stock.save(copy)

    def ours() -> tuple[int, float]:
        with timed() as elapsed:
            state = Account()
            for _, event, occurred_at in log.facts(_STREAM):
                ACCOUNT.fold(state, event, moment(occurred_at))
        _check(state.balance, points)
        return events, elapsed.seconds

    def theirs() -> tuple[int, float]:
        with timed() as elapsed:
            account: StockAccount = stock.repository.get(copy.id)
        _check(account.balance, points)
        return events, elapsed.seconds

    try:
        rates, stock_rates = alternate(ours, theirs, runs=settings.runs, turns=5)
    finally:
        stock.close()
        database.close()
    return Result(
        unit="events per second",
        ours=rates,
        reference=stock_rates,
        ours_is="EventLog.facts and the fold of the account, lots included",
        reference_is="stock eventsourcing: Application on its SQLite module, repository.get",
        sizes={"events in the stream": events, "loads a run": 5},
        durability="reads only; each side with the settings that it comes with",
        left_out=("snapshots, on both sides",),
    )


def _earned(number: int) -> PointsEarned:
    points = number % 50
    step = Step(
        rule=RuleId("earning"),
        base=100 * points,
        multipliers=(),
        exact_numerator=points,
        exact_denominator=1,
    )
    return PointsEarned(
        program=_PROGRAM,
        customer=_CUSTOMER,
        lot=LotId(f"o-{number:08}"),
        points=points,
        evaluation=Evaluation(
            points=points,
            desired=points,
            exact_numerator=points,
            exact_denominator=1,
            amount=100 * points,
            steps=(step,),
        ),
        order=OrderId(f"o-{number:08}"),
        currency="EUR",
        rules_version=1,
    )


def _pending(place: int, event: Event) -> Pending:
    return Pending(
        stream=_STREAM,
        version=place,
        event=event,
        event_id=EventId(place.to_bytes(16, "big")),
        occurred_at=place * _A_MINUTE,
        actor="policy",
        correlation=f"o-{place:08}",
        causation=f"o-{place:08}",
    )


def _check(balance: int, points: int) -> None:
    if balance != points:
        raise ValueError(f"the account holds {balance} points, not {points}")


STREAM: Final = Benchmark(
    name="stream",
    line="one stream of 10,000 events loaded and folded, against stock eventsourcing",
    goal=12,
    run=_run,
)
