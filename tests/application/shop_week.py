"""A week at the noodle shop: what the examples of reading are computed on, by hand."""

from datetime import UTC, datetime

from attrs import evolve

from regulars.domain.consents import GrantConsent, WithdrawConsent
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, RemoveDeliveryAddress
from regulars.domain.merchant import PublishMenuItem, RegisterMerchant
from regulars.domain.order import CancelOrder, MarkDelivered
from regulars.domain.personal import Address, Content
from regulars.domain.program import DefineProgram, PublishEarningRules
from regulars.domain.purchase import Channel, Line, PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.values import (
    BEGINNING,
    AddressId,
    CustomerId,
    ItemId,
    MerchantId,
    Money,
    OrderId,
    RefundId,
)
from tests.application.histories import tell
from tests.application.memory_crm import Parts, memory_core
from tests.domain.chronicle import PROGRAM, Command
from tests.domain.examples import ANNA, BO, NOODLES, giving

BAKERY = MerchantId("bakery")
FRIDAY = datetime(2024, 5, 17, 4, 0, tzinfo=UTC)  # noon in Shanghai
SATURDAY = datetime(2024, 5, 17, 16, 30, tzinfo=UTC)  # half past midnight there
MONDAY = datetime(2024, 5, 20, 3, 59, 59, 999_999, tzinfo=UTC)

SOUP = Line(
    line=1, item=ItemId("soup"), quantity=2, name="Soup", category="mains", unit_price=20_00
)
TEA = Line(line=2, item=ItemId("tea"), quantity=1, category="drinks", unit_price=5_00)
RICE = Line(line=1, item=ItemId("rice"), quantity=3)


def place(
    order: str,
    at: datetime,
    total: int,
    *lines: Line,
    customer: CustomerId | None = ANNA,
    merchant: MerchantId | None = NOODLES,
    currency: str = "CNY",
    channel: Channel = Channel.DELIVERY,
    payment_method: str | None = "card",
) -> PlaceOrder:
    return PlaceOrder(
        order=OrderId(order),
        at=at,
        currency=currency,
        total=total,
        customer=customer,
        merchant=merchant,
        lines=lines,
        channel=channel,
        payment_method=payment_method,
    )


def delivered(order: str, at: datetime) -> MarkDelivered:
    return MarkDelivered(order=OrderId(order), at=at)


def refund(order: str, at: datetime, amount: int, refund_id: str = "r-1") -> IssueRefund:
    return IssueRefund(order=OrderId(order), at=at, refund=RefundId(refund_id), amount=amount)


WEEK: tuple[Command, ...] = (
    DefineProgram(program=PROGRAM, at=BEGINNING, name="Regulars"),
    PublishEarningRules(program=PROGRAM, at=BEGINNING, rules=giving(1)),
    RegisterMerchant(merchant=NOODLES, at=BEGINNING, name="Noodles", category="mains"),
    PublishMenuItem(
        merchant=NOODLES,
        at=BEGINNING,
        item=ItemId("tea"),
        name="Tea 茶",
        price=Money(minor=5_00, currency="CNY"),
    ),
    RegisterCustomer(customer=ANNA, at=FRIDAY, source="flyer"),
    AddDeliveryAddress(
        customer=ANNA, at=FRIDAY, address_id=AddressId("home"), address=Address(text="Lane 7")
    ),
    AddDeliveryAddress(
        customer=ANNA, at=FRIDAY, address_id=AddressId("office"), address=Address(text="Lane 8")
    ),
    RemoveDeliveryAddress(customer=ANNA, at=FRIDAY, address_id=AddressId("home")),
    GrantConsent(customer=ANNA, at=FRIDAY, purpose="marketing", channel="sms"),
    GrantConsent(customer=ANNA, at=FRIDAY, purpose="analytics"),
    GrantConsent(customer=ANNA, at=FRIDAY, purpose="marketing", channel="email"),
    WithdrawConsent(customer=ANNA, at=FRIDAY, purpose="marketing", channel="sms"),
    place("o-1", FRIDAY, 45_00, SOUP, TEA),
    delivered("o-1", FRIDAY),
    place("o-2", SATURDAY, 40_00, SOUP, evolve(SOUP, line=2), channel=Channel.PICKUP),
    delivered("o-2", SATURDAY),
    place("o-3", MONDAY, 9_99, RICE, merchant=BAKERY, currency="USD", payment_method=None),
    delivered("o-3", MONDAY),
    place("o-4", MONDAY, 30_00, TEA),
    CancelOrder(order=OrderId("o-4"), at=MONDAY),
    place("o-5", MONDAY, 30_00, TEA),
    place("o-6", MONDAY, 7_00, TEA, customer=None),
    delivered("o-6", MONDAY),
    place("o-7", MONDAY, 45_50, SOUP, customer=BO, merchant=BAKERY),
    delivered("o-7", MONDAY),
    refund("o-1", MONDAY, 10_50),
    refund("o-2", MONDAY, 50_00),
    SubmitReview(
        order=OrderId("o-1"), at=MONDAY, customer=ANNA, stars=4, text=Content(text="Warm.")
    ),
    SubmitReview(order=OrderId("o-2"), at=MONDAY, customer=ANNA, dish_stars=5),
)


def shop_week() -> Parts:
    return tell(memory_core(), WEEK)
