"""The same loyalty accounts in stock eventsourcing, and a view of them as its runner keeps it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import sleep
from typing import Any, TypeAlias, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, AggregateEvent, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder
from eventsourcing.utils import get_topic

from regulars.application.events import Event
from regulars.domain.loyalty import LoyaltyAccountOpened, PointsEarned

_Json: TypeAlias = dict[str, Any]


class StockAccount(Aggregate):
    """An account that knows its balance and what each order earned."""

    class Opened(Aggregate.Created):
        """The customer takes part in the programme."""

        program: str
        customer: str

    class Earned(AggregateEvent):
        """An order earned points."""

        program: str
        customer: str
        lot: str
        points: int
        evaluation: _Json
        on: str
        order: str | None
        currency: str | None
        rules_version: int | None
        standing: _Json
        pending: bool
        activates_at: str | None
        expires_at: str | None

    @event(Opened)
    def __init__(self, *, program: str, customer: str) -> None:
        self.program = program
        self.customer = customer
        self.balance = 0
        self.lots: dict[str, int] = {}

    @event(Earned)
    def earn(  # noqa: PLR0913 - the fields of the event
        self,
        *,
        program: str,  # noqa: ARG002 - the event has it
        customer: str,  # noqa: ARG002 - the event has it
        lot: str,
        points: int,
        evaluation: _Json,  # noqa: ARG002 - the event has it
        on: str,  # noqa: ARG002 - the event has it
        order: str | None,  # noqa: ARG002 - the event has it
        currency: str | None,  # noqa: ARG002 - the event has it
        rules_version: int | None,  # noqa: ARG002 - the event has it
        standing: _Json,  # noqa: ARG002 - the event has it
        pending: bool,  # noqa: ARG002 - the event has it
        activates_at: str | None,  # noqa: ARG002 - the event has it
        expires_at: str | None,  # noqa: ARG002 - the event has it
    ) -> None:
        """An order earns points."""
        self.balance += points
        self.lots[lot] = points


OPENED = get_topic(StockAccount.Opened)
EARNED = get_topic(StockAccount.Earned)


def stock_account(events: Iterable[Event]) -> StockAccount:
    """An account, not saved yet, that records the same content as our events of one."""
    left = iter(events)
    first = next(left)
    if not isinstance(first, LoyaltyAccountOpened):
        raise TypeError(f"an account begins as opened, not with {first!r}")
    account = StockAccount(program=first.program, customer=first.customer)
    for earned in left:
        if not isinstance(earned, PointsEarned):
            raise TypeError(f"no earning: {earned!r}")
        account.earn(**msgspec.to_builtins(earned))
    return account


def save_accounts(stock: Application[UUID], histories: Iterable[Sequence[Event]]) -> None:
    """Save accounts of ours there as well."""
    for events in histories:
        stock.save(stock_account(events))


class StockTotals(SQLiteTrackingRecorder):
    """Rows like those of our view of accounts, each written together with its place in the log."""

    def __init__(self, datastore: SQLiteDatastore, **kwargs: Any) -> None:  # noqa: ANN401 - as its base has them
        super().__init__(datastore, **kwargs)
        self.create_table_statements.append(
            "CREATE TABLE IF NOT EXISTS totals (program TEXT NOT NULL, customer TEXT NOT NULL,"
            " opened_at INTEGER, earned INTEGER NOT NULL DEFAULT 0,"
            " reversed INTEGER NOT NULL DEFAULT 0, expired INTEGER NOT NULL DEFAULT 0,"
            " redeemed INTEGER NOT NULL DEFAULT 0, balance INTEGER NOT NULL DEFAULT 0,"
            " PRIMARY KEY (program, customer))"
        )
        self.create_table_statements.append(
            "CREATE INDEX IF NOT EXISTS totals_customer ON totals (customer)"
        )

    def write(self, tracking: Tracking, statement: str, values: Mapping[str, Any]) -> None:
        """Run one statement, in one transaction with the tracking."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(statement, dict(values))
            self._insert_tracking(cursor, tracking)

    def balances(self) -> int:
        """What all accounts add up to."""
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT coalesce(sum(balance), 0) AS balances FROM totals")
            return cast("int", cursor.fetchone()["balances"])


class StockAccounts(Projection[StockTotals]):
    """Keeps `StockTotals` up with the events of accounts; of the others it tracks the place."""

    name = "accounts"

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:  # noqa: ANN401, ARG002 - events of two aggregates
        """Fold one event into its row."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def _(self, domain_event: StockAccount.Opened, tracking: Tracking) -> None:
        at = round(domain_event.timestamp.timestamp() * 1_000_000)
        self.view.write(
            tracking,
            "INSERT INTO totals (program, customer, opened_at)"
            " VALUES (:program, :customer, :at) ON CONFLICT (program, customer)"
            " DO UPDATE SET opened_at = excluded.opened_at",
            {"program": domain_event.program, "customer": domain_event.customer, "at": at},
        )

    @process_event.register
    def _(self, domain_event: StockAccount.Earned, tracking: Tracking) -> None:
        self.view.write(
            tracking,
            "INSERT INTO totals (program, customer, earned, balance)"
            " VALUES (:program, :customer, :points, :points)"
            " ON CONFLICT (program, customer) DO UPDATE SET"
            " earned = earned + :points, balance = balance + :points",
            {
                "program": domain_event.program,
                "customer": domain_event.customer,
                "points": domain_event.points,
            },
        )


def run_view(env: Mapping[str, str], file: Path, *, upto: int) -> int:
    """Bring a view in a new file up to a place in the log. Returns what all accounts add up to."""
    settings = {
        **env,
        "ACCOUNTS_PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "ACCOUNTS_SQLITE_DBNAME": str(file),
    }
    with ProjectionRunner(
        application_class=Application[UUID],
        projection_class=StockAccounts,
        view_class=StockTotals,
        env=settings,
    ) as runner:
        while not runner.view.has_tracking_id(runner.app_name, upto):
            if runner.is_interrupted.is_set():
                break
            sleep(0.005)
        return runner.view.balances()
