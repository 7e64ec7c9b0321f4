"""The order that the examples tell of: Anna's noodles for ¥100, on a Friday at noon."""

from fractions import Fraction
from typing import Final

from attrs import evolve

from regulars.domain.earning_rules import Group, Rate, Rule, RuleId, RuleSet
from regulars.domain.order import MarkDelivered
from regulars.domain.purchase import PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.values import CustomerId, MerchantId, OrderId, RefundId
from tests.domain.story import NOON, OrderStory, minutes, order_story

ANNA: Final = CustomerId("anna")
BO: Final = CustomerId("bo")
NOODLES: Final = MerchantId("noodles")
ORDER: Final = OrderId("o-1")
FIRST: Final = RefundId("r-1")
SECOND: Final = RefundId("r-2")

PLACE: Final = PlaceOrder(
    order=ORDER, at=NOON, currency="CNY", total=100_00, customer=ANNA, merchant=NOODLES
)
DELIVER: Final = MarkDelivered(order=ORDER, at=NOON + minutes(40))
REFUND: Final = IssueRefund(order=ORDER, at=NOON + minutes(90), refund=FIRST, amount=40_00)


def giving(points: int, per: int | str = 1) -> RuleSet:
    """The set of the one rule that gives so many points for each `per` units of money."""
    of = Fraction(per)
    rate = Rate(points=points, per_numerator=of.numerator, per_denominator=of.denominator)
    return RuleSet(groups=(Group(rules=(Rule(rule=RuleId("earning"), rate=rate),)),))


def delivered(place: PlaceOrder = PLACE) -> OrderStory:
    return order_story().given(place, DELIVER)


def refund(amount: int, refund_id: str = FIRST) -> IssueRefund:
    return evolve(REFUND, amount=amount, refund=RefundId(refund_id))
