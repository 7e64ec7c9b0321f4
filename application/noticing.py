"""Notices of expiry to every account of a programme, recorded account by account."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from regulars.application.crm import Crm
from regulars.application.door import Request
from regulars.application.questions import Look, Question
from regulars.domain.expiry_notice import IssueExpiryNotice, PointsExpiryNoticeIssued
from regulars.domain.loyalty import LoyaltyAccountOpened
from regulars.domain.values import CustomerId, ProgramId, Refusal

NOTIFIER: Final = "notices"
"""Who asks for notices of expiry."""

_AT_ONCE: Final = 500


@frozen(kw_only=True)
class NoticeDays(Question[int | None]):
    """How many days before the end of a lot a programme has its customers told; None if never."""

    program: ProgramId

    def answer(self, look: Look) -> int | None:
        """The answer, from nothing but `look`."""
        return look.program(self.program).policies_at(look.at).notice_days


class Noticing:
    """Issues the notices of one core. Sending them is left to the host."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def run(
        self,
        program: ProgramId,
        *,
        at: datetime,
        days: int,
        told: Callable[[PointsExpiryNoticeIssued], None],
        progress: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> int:
        """
        Record a notice in each account of which points expire within `days` that nobody was told.

        `told` gets each. Returns how many accounts there are. Stopped at any time and run again,
        it does what is left, and no lot is told of twice.

        Raises:
            Refusal: `days` are too many or too few.
            StorageUnavailable: the store does not answer; what was recorded stands.
        """
        customers = self._customers(program)
        for start in range(0, len(customers), _AT_ONCE):
            some = customers[start : start + _AT_ONCE]
            requests = [
                Request(
                    commands=(IssueExpiryNotice(program=program, customer=one, at=at, days=days),),
                    by=NOTIFIER,
                )
                for one in some
            ]
            for outcome in self._crm.execute_all(requests):
                if isinstance(outcome, Refusal):
                    raise outcome
                for event in outcome.events:
                    if isinstance(event, PointsExpiryNoticeIssued):
                        told(event)
            progress(start + len(some), len(customers))
        return len(customers)

    def _customers(self, program: ProgramId) -> Sequence[CustomerId]:
        return [
            opened.event.customer
            for opened in self._crm.events(types={LoyaltyAccountOpened})
            if isinstance(opened.event, LoyaltyAccountOpened) and opened.event.program == program
        ]
