from datetime import timedelta
from typing import Any

import pytest
from attrs import asdict, evolve

from regulars.domain import two_accounts
from regulars.domain.account import AccountClosed, AccountMerged
from regulars.domain.due import balance
from regulars.domain.lots import PointsDebtSettled, PointsExpired
from regulars.domain.loyalty import Command, LoyaltyAccountOpened
from regulars.domain.redemption import ImpossiblePoints, NotEnoughPoints
from regulars.domain.transfer import (
    PointsTransferredIn,
    PointsTransferredOut,
    TransferDiffers,
    TransferPoints,
    TransferredLot,
)
from regulars.domain.two_accounts import OneAccount
from regulars.domain.values import CustomerId, LotId, Refusal, TransferId
from tests.domain.account_histories import Posting
from tests.domain.chronicle import PROGRAM, Chronicle
from tests.domain.examples import ANNA, BO
from tests.domain.points import award, close, day, give, join, limit, redeem, refunded
from tests.domain.story import NOON

SOON = NOON + timedelta(days=5)


def town(*commands: Posting) -> Chronicle:
    written = Chronicle()
    for command in commands:
        written.recorded(command)
    return written


def of_bo(*commands: Command) -> tuple[Command, ...]:
    return tuple(evolve(command, customer=BO) for command in commands)


def test_both_halves_tell_of_each_other_and_of_each_lot() -> None:
    written = town(award("o-1", 20_00, expires_at=SOON))

    events = written.recorded(give(12))

    lots = (
        TransferredLot(
            lot=LotId("transfer/anna/t-1/1"),
            of=LotId("o-1"),
            points=12,
            awarded_at=NOON,
            expires_at=SOON,
        ),
    )
    assert events == [
        LoyaltyAccountOpened(program=PROGRAM, customer=BO),
        PointsTransferredOut(
            program=PROGRAM,
            customer=ANNA,
            transfer=TransferId("t-1"),
            receiver=BO,
            points=12,
            lots=lots,
            transferred_at=NOON,
        ),
        PointsTransferredIn(
            program=PROGRAM,
            customer=BO,
            transfer=TransferId("t-1"),
            sender=ANNA,
            points=12,
            lots=lots,
            transferred_at=NOON,
        ),
    ]
    assert written.recorded(give(12)) == []


def test_wp12_what_is_transferred_keeps_its_expiry_and_is_neither_more_nor_less() -> None:
    written = town(
        award("o-1", 100_00, day("2025-06-01"), expires_at=day("2026-01-11")),
        award("o-2", 150_00, day("2025-07-01"), expires_at=day("2026-03-11")),
    )

    _, out, _ = written.recorded(give(120, day("2025-08-01")))

    assert isinstance(out, PointsTransferredOut)
    assert [(lot.points, lot.expires_at) for lot in out.lots] == [
        (100, day("2026-01-11")),
        (20, day("2026-03-11")),
    ]
    for when, left, got in (
        ("2026-01-10", 130, 120),
        ("2026-01-11", 130, 20),
        ("2026-03-11", 0, 0),
    ):
        held = [balance(written.account(who), day(when)).available for who in (ANNA, BO)]
        assert held == [left, got]


def vars_of(refusal: Any) -> dict[str, object]:  # noqa: ANN401 - every refusal has fields of its own
    return asdict(refusal)


REFUSED: dict[str, tuple[tuple[Posting, ...], Refusal]] = {
    "more than there is": ((give(21),), NotEnoughPoints(available=20, wanted=21)),
    "none": ((give(0),), ImpossiblePoints(points=0)),
    "of other points": ((give(5), give(6)), TransferDiffers(transfer=TransferId("t-1"))),
    "to another": (
        (give(5), evolve(give(5), receiver=CustomerId("chen"))),
        TransferDiffers(transfer=TransferId("t-1")),
    ),
    "to oneself": ((evolve(give(5), receiver=ANNA),), OneAccount(customer=ANNA)),
    "of a closed account": ((close(), give(5)), AccountClosed(customer=ANNA)),
    "to a closed account": (
        (*of_bo(award("o-2", 0), close()), give(5)),
        AccountClosed(customer=BO),
    ),
    "of a merged account": ((join(), give(5)), AccountMerged(customer=ANNA, into=BO)),
}


@pytest.mark.parametrize(("told", "why"), REFUSED.values(), ids=REFUSED)
def test_a_transfer_that_cannot_be_is_refused(told: tuple[Posting, ...], why: Refusal) -> None:
    written = town(award("o-1", 20_00), *told[:-1])
    facts = list(written.facts)

    with pytest.raises(type(why)) as refused:
        written.recorded(told[-1])

    assert vars_of(refused.value) == vars_of(why)
    assert str(refused.value) == str(why)
    assert written.facts == facts


def test_what_the_receiver_owes_is_paid_first() -> None:
    written = town(*of_bo(award("o-2", 30_00), redeem(30), refunded("o-2", 0)))
    written.recorded(award("o-1", 50_00))

    *_, settled = written.recorded(give(40))

    assert isinstance(settled, PointsDebtSettled)
    assert (settled.customer, settled.points) == (BO, 30)
    assert balance(written.account(BO), NOON).available == 10


def test_what_fell_due_in_either_account_is_recorded_first_and_both_halves_at_one_moment() -> None:
    later = NOON + timedelta(days=9)
    written = town(
        award("o-1", 20_00),
        award("o-3", 7_00, expires_at=SOON),
        *of_bo(award("o-2", 5_00, expires_at=SOON), limit(90, later)),
    )

    events = written.recorded(give(5, NOON + timedelta(days=1)))

    assert [type(event) for event in events] == [
        PointsExpired,
        PointsTransferredOut,
        PointsTransferredIn,
    ]
    assert [fact.at for fact in written.facts[-2:]] == [later, later]


def test_giver_and_taker_are_those_that_a_command_names() -> None:
    gift: TransferPoints = give(1)

    assert (two_accounts.giver(gift), two_accounts.taker(gift)) == (ANNA, BO)
    assert (two_accounts.giver(join()), two_accounts.taker(join())) == (ANNA, BO)
