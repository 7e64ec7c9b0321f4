"""Postings: every change of a balance, recorded or only due, and why it is what it is."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import frozen

from regulars.application.aggregates import account_stream
from regulars.application.events import moment
from regulars.application.loyalty import LEDGER, LedgerEntry
from regulars.application.projecting import computed
from regulars.application.questions import Look, Question, asked_at
from regulars.domain.due import AccountAt
from regulars.domain.lots import PointsExpired
from regulars.domain.values import CustomerId, ProgramId, decimal_text


@frozen(kw_only=True)
class Posting:
    """
    One change of a balance, and why.

    `lot` are the points that it is about, if they came together, `order` the order that earned
    them or that they were spent on, `redemption` what was spent at once.
    `points` were added, or taken if below zero; `balance` is what the account held after it;
    `why` is the computation in words; `position` names the event, and is None where points expired
    that nobody recorded yet.
    """

    position: int | None
    at: datetime
    lot: str | None
    order: str | None
    refund: str | None
    redemption: str | None
    points: int
    balance: int
    why: str


@frozen(kw_only=True)
class PointsLedger(Question[tuple[Posting, ...]]):
    """
    Every posting of a customer's account in one programme, each explained.

    Those recorded come first, in the order of their recording, then what expired by the moment
    asked about and is not recorded yet. Their points add up to the balance.
    """

    customer: str
    program: str = "default"

    def answer(self, look: Look) -> tuple[Posting, ...]:
        """The postings."""
        program, customer = ProgramId(self.program), CustomerId(self.customer)
        rows = computed(LEDGER, look.events(account_stream(program, customer)))
        recorded = tuple(_recorded(rows[key] for key in sorted(rows)))
        account = look.account(program, customer)
        due = AccountAt(account, asked_at(look, account)).due
        expired = [one for one in due if isinstance(one, PointsExpired)]
        return recorded + tuple(_due(expired, recorded[-1].balance if recorded else 0))


def _recorded(rows: Iterable[LedgerEntry]) -> Iterator[Posting]:
    lots: dict[str, LedgerEntry] = {}
    balance = 0
    for row in rows:
        balance += row.points
        if row.lot is not None and row.refund_id is None and row.what is None:
            lots[row.lot] = row
        yield Posting(
            position=row.position,
            at=moment(row.occurred_at),
            lot=row.lot,
            order=row.order_id,
            refund=row.refund_id,
            redemption=row.redemption,
            points=row.points,
            balance=balance,
            why=_why(row, lots.get(row.lot or "")),
        )


def _due(expired: Iterable[PointsExpired], balance: int) -> Iterator[Posting]:
    for one in expired:
        balance -= one.points
        yield Posting(
            position=None,
            at=one.expired_at,
            lot=one.lot,
            order=None,
            refund=None,
            redemption=None,
            points=-one.points,
            balance=balance,
            why="expired",
        )


def _why(row: LedgerEntry, lot: LedgerEntry | None) -> str:
    if row.what is not None:
        return row.what
    if row.refund_id is None:
        return _earned(row)
    forgiven = f"; {row.written_off} are not asked for" if row.written_off else ""
    if lot is None:
        left = f"refund {row.refund_id} left {row.kept} points"
        return f"{left} to an order earned elsewhere or later{forgiven}"
    if lot.currency is None:
        return f"{lot.occasion}: refund {row.refund_id} left {row.kept}{forgiven}"
    before = row.kept - row.points + row.written_off
    paid, by = _paid(row, lot.currency), _by(lot, row.kept)
    return f"refund {row.refund_id} left {paid}, {by} of {before}{forgiven}"


def _earned(row: LedgerEntry) -> str:
    if row.currency is None:
        return f"{row.occasion}: {row.points} points"
    return f"{_paid(row, row.currency)}: {row.exact} {_by(row, row.kept)}"


def _paid(row: LedgerEntry, currency: str) -> str:
    return f"{decimal_text(row.base, currency)} {currency} paid for goods"


def _by(lot: LedgerEntry, kept: int) -> str:
    return f"by {lot.rules or 'no rule'} (rules {lot.rules_version}), rounded down: {kept}"
