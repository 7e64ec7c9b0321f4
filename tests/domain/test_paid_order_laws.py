"""
The laws of orders that discounts and points pay for in part, over generated orders and refunds.

`pytest -k l5` finds a law by its id.
"""

from random import Random
from typing import Final, NamedTuple

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from regulars.domain.coupon import CouponRedeemed
from regulars.domain.discounts import CouponOf, falling_to
from regulars.domain.due import AccountBalance, balance
from regulars.domain.ledger_policies import Capture
from regulars.domain.loyalty import PointsEarned
from regulars.domain.offer_terms import Basket, Scope, Terms
from regulars.domain.order import AcceptOrder
from regulars.domain.program import DefineProgram, PublishEarningRules, SetProgramPolicies
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.purchase import Line, OrderPlaced, PlaceOrder, priced
from regulars.domain.redemption import RedemptionReversed
from regulars.domain.refund import IssueRefund, RefundIssued, Returned
from regulars.domain.reversal import PointsReversed
from regulars.domain.values import ItemId, RefundId
from tests.domain.carts import TEA, off, paid_by_points, percent, place, quoted
from tests.domain.chronicle import PROGRAM, Chronicle, chronicle
from tests.domain.examples import ANNA, DELIVER, ORDER, REFUND, giving
from tests.domain.laws import law
from tests.domain.points import award, redeem
from tests.domain.story import NOON, minutes, order_story
from tests.domain.test_offer import C1, DEFINE, ISSUE, SPRING

HAD: Final = 10**6
"""The points that Anna has before."""

COUPON: Final = CouponOf(program=PROGRAM, offer=SPRING, coupon=C1)
ACCEPT: Final = AcceptOrder(order=ORDER, at=NOON + minutes(1))


class Case(NamedTuple):
    """An order that points pay for, and the units and the money that go back."""

    placed: PlaceOrder
    coupon: Terms
    units: tuple[int, ...]
    money: int
    capture: Capture
    spent: bool
    seed: int

    def refunds(self, way: int) -> list[IssueRefund]:
        """The same goods and money, each way in other parts and in another order."""
        random = Random(self.seed + way)  # noqa: S311 - nothing is kept secret by it
        units, left = list(self.units), self.money
        random.shuffle(units)
        parts: list[IssueRefund] = []
        while units:
            cut = random.randint(1, len(units))
            some, units = units[:cut], units[cut:]
            lines = tuple(
                Returned(line=line, quantity=some.count(line)) for line in sorted(set(some))
            )
            parts.append(evolve(REFUND, amount=None, lines=lines))
        while left:
            amount = random.randint(1, left)
            left -= amount
            parts.append(evolve(REFUND, amount=amount))
        random.shuffle(parts)
        return [evolve(one, refund=RefundId(f"r-{place}")) for place, one in enumerate(parts)]


def _cart(random: Random) -> tuple[PlaceOrder, Terms]:
    """
    Noodles and tea with up to two offers that count, of which points pay something.

    The first that counts is a coupon of these terms.
    """
    lines = tuple(
        Line(
            line=line,
            item=random.choice([TEA, ItemId("soup")]),
            quantity=random.randint(1, 4),
            unit_price=random.randint(0, 9_999),
        )
        for line in range(1, random.randint(2, 5))
    )
    fee = random.randint(0, 900)
    tea = evolve(percent(random.randint(1, 99)), scope=Scope(items=(TEA,)))
    offers = [percent(random.randint(1, 60)), off(random.randint(1, 9_999)), tea, tea]
    told = Basket(currency="CNY", lines=lines, delivery_fee=fee)
    chosen = random.sample(offers, random.randint(0, 2))
    coupon = next((one for one in chosen if quoted(told, one).discounts), DEFINE.terms)
    command = place(told, *chosen)
    first, rest = command.discounts[:1], command.discounts[1:]
    used = tuple(evolve(one, coupon=COUPON) for one in first)
    command = evolve(command, discounts=(*used, *rest))
    value = random.choice([1, 1, 3, 7])
    if command.total < value:
        return command, coupon
    most = command.total // value
    points = random.choice([random.randint(1, most), most])
    return paid_by_points(command, points, value), coupon


def case(seed: int) -> Case:
    """What that number makes of everything that there is to choose: quick to draw."""
    random = Random(seed)  # noqa: S311 - nothing is kept secret by it
    command, coupon = _cart(random)
    units = [line.line for line in command.lines for _ in range(line.quantity)]
    random.shuffle(units)
    back = units[random.choice([0, 0, random.randint(0, len(units))]) :]
    (placed,) = order_story().when(command)
    assert isinstance(placed, OrderPlaced)
    cash = sum(line.part(back.count(line.line)).cash for line in priced(placed))
    return Case(
        placed=command,
        coupon=coupon,
        units=tuple(back),
        money=random.choice([0, 0, random.randint(0, command.total - cash)]),
        capture=random.choice(list(Capture)),
        spent=random.choice([False, True]),
        seed=seed,
    )


cases: Final = st.integers(0, 2**32).map(case)


class Outcome(NamedTuple):
    """What came of a case: what the account holds, the money that went back, and the points."""

    holds: AccountBalance
    money: int
    restored: int
    kept: int


def town(case: Case, times: int) -> Chronicle:
    """
    The town in which the order of a case was delivered, and perhaps all points spent since.

    Everything about the order was told so many times.
    """
    policies = ProgramPolicies(capture=case.capture)
    told = chronicle(
        [
            DefineProgram(program=PROGRAM, at=NOON, name="Regulars"),
            PublishEarningRules(program=PROGRAM, at=NOON, rules=giving(1)),
            SetProgramPolicies(program=PROGRAM, at=NOON, policies=policies),
            evolve(DEFINE, terms=case.coupon),
            ISSUE,
            award("before", HAD * 100),
            *(command for command in (case.placed, ACCEPT, DELIVER) for _ in range(times)),
        ]
    )
    left = holds(told).available
    if case.spent and left:
        told.tell(redeem(left, DELIVER.at))
    return told


def holds(told: Chronicle) -> AccountBalance:
    state = told.accounts[PROGRAM, ANNA].state
    return balance(state, state.as_of)


def outcome(told: Chronicle) -> Outcome:
    return Outcome(
        holds=holds(told),
        money=sum(one.amount for one in told.all(RefundIssued)),
        restored=sum(one.points for one in told.all(RedemptionReversed)),
        kept=sum(one.points for one in told.all(PointsEarned) if one.order == ORDER)
        - sum(one.points for one in told.all(PointsReversed)),
    )


def refunded(case: Case, way: int, *, times: int = 1) -> Chronicle:
    told = town(case, times)
    for command in case.refunds(way):
        for _ in range(times):
            told.tell(command)
    return told


def accounted_for(case: Case, told: Chronicle) -> None:
    """O1 to O4, O7: what was paid, and what went back by the shares that were stored, once."""
    (placed,) = told.all(OrderPlaced)
    paid = placed.points_payment
    prices = {line.line: (line.unit_price or 0) * line.quantity for line in placed.lines}
    by_points = paid.amount if paid else 0
    assert sum(prices.values()) - placed.discount == placed.total + by_points
    for one in placed.discounts:
        assert one.amount == one.delivery + sum(share.amount for share in one.shares)
    assert len(told.all(CouponRedeemed)) == bool(placed.discounts)
    pieces = [piece for one in told.all(RefundIssued) for piece in one.lines]
    assert all(one.gross == one.discount + one.points + one.cash for one in pieces)
    assert all(min(one.discount, one.points, one.cash) >= 0 for one in pieces)
    for line in placed.lines:
        units = case.units.count(line.line)
        own = [piece for piece in pieces if piece.line == line.line]
        discount = sum(falling_to(line.line, one.shares) for one in placed.discounts)
        assert sum(one.quantity for one in own) == units
        assert sum(one.gross for one in own) == prices[line.line] * units // line.quantity
        assert sum(one.discount for one in own) == discount * units // line.quantity
        points = falling_to(line.line, paid.shares) if paid else 0
        back = sum(one.points for one in own)
        assert back == points if units == line.quantity else back <= points


def agree(case: Case) -> None:
    """L5, L6, L7, O1 to O4, O7 and R4 of one case."""
    told, other = refunded(case, 1), refunded(case, 2, times=2)

    result = outcome(told)
    assert result == outcome(other)
    for one in (told, other):
        accounted_for(case, one)
    assert not (result.holds.available and result.holds.debt)
    issued = told.all(RefundIssued)
    cash = sum(line.cash for one in issued for line in one.lines)
    assert result.money == cash + case.money
    paid = case.placed.points_payment
    if paid is None:
        assert result.restored == 0
        return
    worth = sum(line.points for one in issued for line in one.lines)
    if not case.money:
        assert result.restored == paid.points * worth // paid.amount
    assert paid.points * worth // paid.amount <= result.restored <= paid.points
    if result.money == case.placed.total and worth == paid.amount:
        assert (result.restored, result.kept) == (paid.points, 0)


@law
@given(cases)
def test_l5_l6_o1_o2_o3_o4_o7_an_order_is_refunded_alike_in_any_parts(
    case: Case,
) -> None:
    agree(case)
