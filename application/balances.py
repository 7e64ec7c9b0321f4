"""Balances: what an account holds at any moment, what becomes of it, and when it expires."""

from datetime import datetime

from attrs import frozen

from regulars.application.questions import Look, Question, asked_at
from regulars.domain import due
from regulars.domain.lots import PointsExpired
from regulars.domain.values import CustomerId, ProgramId


@frozen(kw_only=True)
class Balance:
    """
    What an account holds at a moment, in points.

    `balance` = earned + migrated + transferred + adjusted - reversed - expired - redeemed -
    forfeited = available + pending + reserved - debt. `transferred` is what came from other
    accounts less what went there, merges included, and `adjusted` what persons put in less what
    they took out. `available` can be spent, `pending` cannot yet, `reserved` is held and `debt`
    owed.
    """

    program: str
    customer: str
    opened_at: datetime | None
    earned: int = 0
    migrated: int = 0
    transferred: int = 0
    adjusted: int = 0
    reversed: int = 0
    expired: int = 0
    redeemed: int = 0
    forfeited: int = 0
    balance: int = 0
    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0


@frozen(kw_only=True)
class PointsBalance(Question[Balance | None]):
    """
    The balance of a customer's account in one programme; None if there is no account.

    What expired, activated and lapsed by the moment asked about counts, recorded or not.
    """

    customer: str
    program: str = "default"

    def answer(self, look: Look) -> Balance | None:
        """The balance."""
        account = look.account(ProgramId(self.program), CustomerId(self.customer))
        # What is told late may lie before the moment at which the account was opened.
        if not (account.opened or account.lots.ids or account.debt):
            return None
        then = due.AccountAt(account, asked_at(look, account))
        totals = account.totals
        expired = totals.expired + sum(
            one.points for one in then.due if isinstance(one, PointsExpired)
        )
        return Balance(
            program=self.program,
            customer=self.customer,
            opened_at=totals.opened_at,
            earned=totals.earned,
            migrated=totals.migrated,
            transferred=totals.transferred,
            adjusted=totals.adjusted,
            reversed=totals.reversed,
            expired=expired,
            redeemed=totals.redeemed,
            forfeited=totals.forfeited,
            balance=then.available + then.pending + then.reserved - then.debt,
            available=then.available,
            pending=then.pending,
            reserved=then.reserved,
            debt=then.debt,
        )


@frozen(kw_only=True)
class Expiry:
    """`points` of a lot that can be used until `expires_at`, and what of all expires by then."""

    lot: str
    points: int
    expires_at: datetime
    total: int


@frozen(kw_only=True)
class ExpirySchedule(Question[tuple[Expiry, ...]]):
    """
    What of a customer's usable points expires when, if nothing is earned or spent before.

    The next to expire comes first. What never expires, waits or is held is left out.
    """

    customer: str
    program: str = "default"

    def answer(self, look: Look) -> tuple[Expiry, ...]:
        """The schedule."""
        account = look.account(ProgramId(self.program), CustomerId(self.customer))
        found: list[Expiry] = []
        total = 0
        for one in due.schedule(account, asked_at(look, account)):
            total += one.points
            found.append(
                Expiry(lot=one.lot, points=one.points, expires_at=one.expires_at, total=total)
            )
        return tuple(found)
