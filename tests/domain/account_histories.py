"""What may happen to one account, for Hypothesis to draw: small numbers and few ids."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final, TypeAlias, TypeVar

from attrs import evolve, fields
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from regulars.domain import two_accounts
from regulars.domain.ledger_policies import (
    Arithmetic,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.loyalty import ActivatePoints, Command
from regulars.domain.redemption import CapturePoints, ReleasePoints, ReverseRedemption
from regulars.domain.reversal import ReversePoints
from regulars.domain.values import CustomerId, LotId
from tests.domain.chronicle import PROGRAM
from tests.domain.examples import ANNA, BO
from tests.domain.points import (
    adjust,
    award,
    capture,
    close,
    give,
    join,
    limit,
    migrate,
    redeem,
    refunded,
    release,
    reserve,
    rule,
    undo,
)
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


def _adjusting(number: int, points: int, expiry: timedelta | None, owed: bool) -> Told:  # noqa: FBT001 - as it is drawn
    return lambda at, _, spend: adjust(
        points, at, f"a-{number}", expires_at=_after(at, expiry), owed=owed, spend=spend
    )


def _migrating(number: int, points: int, expiry: timedelta | None) -> Told:
    return lambda at, _, __: migrate(points, at, f"migrated/{number}", _after(at, expiry))


def _limiting(days: int | None) -> Told:
    return lambda at, _, __: limit(days, at)


def _closing() -> Told:
    return lambda at, _, __: close(at)


class _Choices:
    """Choices that one number makes, well mixed: quick to draw, and left out one by one."""

    def __init__(self, number: int) -> None:
        self._random = Random(number)  # noqa: S311 - nothing is kept secret by it

    def of(self, options: Sequence[Chosen]) -> Chosen:
        return self._random.choice(options)


def _told(choices: _Choices) -> Told:
    order, number = choices.of(sorted(PRICES)), choices.of((1, 2))
    points, later = choices.of((1, 5, 12, 20, 30, 40, 65)), choices.of(_LATER)
    match choices.of("aaaaaaaarrrrrrsssssshhhccluuuxxjjmi" + "k" * choices.of((0, 0, 0, 1))):
        case "j":
            points *= choices.of((1, 1, -1, -1))
            return _adjusting(number, points, later, owed=choices.of((False, True)))
        case "m":
            return _migrating(number, points, later)
        case "i":
            return _limiting(choices.of((1, 2, 5, 9, None)))
        case "k":
            return _closing()
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


Posting: TypeAlias = Command | two_accounts.Command

_OF_OTHERS: Final = (ReversePoints, ActivatePoints, CapturePoints, ReleasePoints, ReverseRedemption)
"""What may be asked of an account about points that another account had first."""


def _whose(command: Command, customer: CustomerId, owner: CustomerId) -> Command:
    """The command for a customer's account, about what is the owner's."""
    names = {
        spec.name: type(name)(f"{owner}/{name}")
        for spec in fields(type(command))
        if spec.name in {"lot", "reservation", "redemption", "adjustment"}
        for name in (getattr(command, spec.name),)
    }
    whose = customer if isinstance(command, _OF_OTHERS) else owner
    return evolve(command, customer=whose, **names)


@st.composite
def two_lives(draw: st.DrawFn, *, longest: int = 24) -> tuple[Posting, ...]:
    """The commands of Anna's account and Bo's, between which points go, in time."""
    policy, spend = draw(policies), draw(spends)
    at, commands = NOON, list[Posting]()
    for lot, owner in draw(st.sampled_from([(), (("o-1", ANNA), ("o-2", BO)), (("o-1", BO),)])):
        commands.append(_whose(award(lot, PRICES[lot]), owner, owner))
    for number in draw(st.lists(st.integers(0, 2**32), min_size=8, max_size=longest)):
        choices = _Choices(number)
        tell, customer, owner = _told(choices), choices.of((ANNA, BO)), choices.of((ANNA, BO))
        other = BO if customer == ANNA else ANNA
        points, which = choices.of((1, 5, 12, 20, 40)), choices.of((1, 2, 3))
        at += choices.of(_GAPS)
        kind = choices.of("oooooootttj")
        if kind == "t":
            given = give(points, at, f"t-{which}", spend)
            commands.append(evolve(given, customer=customer, receiver=other))
        elif kind == "j":
            commands.append(evolve(join(at), absorbed=customer, survivor=other))
        else:
            commands.append(_whose(tell(at, policy, spend), customer, owner))
    return tuple(commands)
