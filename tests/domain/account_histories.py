"""What may happen to one account, for Hypothesis to draw: small numbers and few ids."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeAlias, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from regulars.domain.ledger_policies import (
    Arithmetic,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.loyalty import ActivatePoints, Command
from regulars.domain.values import LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA
from tests.domain.points import award, capture, redeem, refunded, release, reserve, rule, undo
from tests.domain.story import NOON

PRICES: Final = {"o-1": 40_00, "o-2": 25_50, "o-3": 12_34, "o-4": 9_99, "o-5": 30_00}
RULES: Final = rule(1)
WHOLE: Final = 4

Told: TypeAlias = Callable[[datetime, ReturnPolicy, SpendOrder], Command]
"""A command, but for its moment and the policies of the programme."""

_LATER: Final = [None, None, *(timedelta(hours=hours) for hours in (0, 5, 30, 80, 300))]
_GAPS: Final = [timedelta(hours=hours) for hours in (0, 0, 1, 1, 7, 7, 31, 200)]
_LATE: Final = [timedelta(0), timedelta(0), timedelta(0), timedelta(hours=-9)]

Chosen = TypeVar("Chosen")

policies: Final[SearchStrategy[ReturnPolicy]] = st.builds(
    ReturnPolicy,
    reversal=st.sampled_from([Reversal.ALLOW_DEBT, *Reversal]),
    arithmetic=st.sampled_from([Arithmetic.RECOMPUTE, *Arithmetic]),
    restore=st.sampled_from(Restore),
    reinstate_days=st.sampled_from([0, 2]),
)
spends: Final = st.sampled_from(SpendOrder)


def _after(at: datetime, later: timedelta | None) -> datetime | None:
    return None if later is None else at + later


def _awarding(
    lot: str,
    pending: bool,  # noqa: FBT001 - as it is drawn
    active: timedelta | None,
    expiry: timedelta | None,
) -> Told:
    return lambda at, _, __: award(
        lot,
        PRICES[lot],
        at,
        pending=pending,
        activates_at=_after(at, active),
        expires_at=_after(at, expiry),
    )


def _activating(lot: str, expiry: timedelta | None) -> Told:
    return lambda at, _, __: ActivatePoints(
        program=PROGRAM, customer=ANNA, at=at, lot=LotId(lot), expires_at=_after(at, expiry)
    )


def _refunding(lot: str, number: int, quarters: int) -> Told:
    price = PRICES[lot]
    return lambda at, policy, _: refunded(
        lot, price * quarters // WHOLE, at, price=price, refund=f"r-{number}", policy=policy
    )


def _redeeming(number: int, points: int) -> Told:
    return lambda at, _, spend: redeem(points, at, f"s-{number}", spend)


def _reserving(number: int, points: int, lapse: timedelta | None) -> Told:
    return lambda at, _, spend: reserve(points, at, f"h-{number}", _after(at, lapse), spend)


def _capturing(number: int, spent: int) -> Told:
    return lambda at, _, __: capture(at, f"h-{number}", f"s-{spent}")


def _releasing(number: int) -> Told:
    return lambda at, _, __: release(at, f"h-{number}")


def _undoing(number: int, quarters: int) -> Told:
    return lambda at, policy, _: undo(
        quarters, WHOLE, at, redemption=f"s-{number}", refund=f"r-{quarters}", policy=policy
    )


class _Choices:
    """Choices that one number makes, well mixed: quick to draw, and left out one by one."""

    def __init__(self, number: int) -> None:
        self._random = Random(number)  # noqa: S311 - nothing is kept secret by it

    def of(self, options: Sequence[Chosen]) -> Chosen:
        return self._random.choice(options)


def _told(choices: _Choices) -> Told:
    order, number = choices.of(sorted(PRICES)), choices.of((1, 2))
    points, later = choices.of((1, 5, 12, 20, 30, 40, 65)), choices.of(_LATER)
    match choices.of("aaaaaarrrrrsssshhccluuuxx"):
        case "a":
            pending = choices.of((False, False, True))
            active = choices.of(_LATER) if choices.of((False, False, True)) else None
            return _awarding(order, pending, active, later)
        case "x":
            return _activating(order, later)
        case "r":
            return _refunding(order, number, choices.of(range(WHOLE)))
        case "s":
            return _redeeming(number, points)
        case "h":
            return _reserving(number, points, later)
        case "c":
            return _capturing(number, choices.of((1, 2)))
        case "l":
            return _releasing(number)
        case _:
            return _undoing(number, WHOLE - choices.of(range(WHOLE)))


_FIRST: Final = st.sampled_from([("o-1", "o-2"), ("o-5",), ()])


@st.composite
def lives(draw: st.DrawFn, *, late: bool = True, longest: int = 18) -> tuple[Command, ...]:
    """The commands of one account, in time but for those that are told `late`."""
    policy, spend = draw(policies), draw(spends)
    at, commands = NOON, list[Command](award(lot, PRICES[lot]) for lot in draw(_FIRST))
    for number in draw(st.lists(st.integers(0, 2**32), min_size=8, max_size=longest)):
        choices = _Choices(number)
        tell, slip = _told(choices), choices.of(_LATE)
        at += choices.of(_GAPS)
        commands.append(tell(at + slip if late else at, policy, spend))
    return tuple(commands)
