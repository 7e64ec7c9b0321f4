"""An example of each class of events, every field with a value of its own."""

from typing import Final

from regulars.application.events import Event
from regulars.domain.actor import (
    AccessRecorded,
    ActorReinstated,
    ActorSuspended,
    Look,
    WriteRefused,
)
from regulars.domain.bank_card import BankCardBound, BankCardUnbound
from regulars.domain.consents import ConsentGranted, ConsentWithdrawn
from regulars.domain.customer import (
    CustomerDetailsUpdated,
    CustomerRegistered,
    DeliveryAddressAdded,
    DeliveryAddressRemoved,
)
from regulars.domain.discounts import Discount, OnReturn, PointsPayment, Share
from regulars.domain.merchant import (
    MenuItemPublished,
    MerchantDetailsUpdated,
    MerchantRegistered,
)
from regulars.domain.order import (
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderDelivered,
    OrderPickedUp,
    OrderReady,
    PreparationStarted,
)
from regulars.domain.personal import DataClass, Sealed
from regulars.domain.protection import (
    AddressHidden,
    CourierAssigned,
    OrderChatClosed,
    OrderChatOpened,
    OrderRedirected,
    Party,
    PartyNamed,
    VirtualNumberAssigned,
    VirtualNumberRevoked,
)
from regulars.domain.purchase import Channel, Line, OrderPlaced
from regulars.domain.real_name import RealNameVerified
from regulars.domain.records import (
    CustomerAbsorbed,
    CustomerMergeReverted,
    CustomerSeparated,
    CustomersMerged,
)
from regulars.domain.refund import LineRefund, RefundIssued
from regulars.domain.review import ReviewSubmitted
from regulars.domain.rights import (
    ObjectionWithdrawn,
    PersonalDataExported,
    PrivacyPolicyAccepted,
    ProcessingObjected,
    ProcessingRestricted,
    RestrictionLifted,
)
from regulars.domain.values import (
    CardId,
    CustomerId,
    ItemId,
    Money,
    RefundId,
    ReservationId,
)
from regulars.testing.example_accounts import ACCOUNTS
from regulars.testing.example_campaigns import CAMPAIGNS
from regulars.testing.example_erasures import ERASURES
from regulars.testing.example_ids import ADA, CAFE, HOME, ORDER, PLACED_AT
from regulars.testing.example_loyalty import LOYALTY
from regulars.testing.example_offers import A_COUPON, BROUGHT, OFFERS
from regulars.testing.example_referrals import REFERRALS
from regulars.testing.example_requests import REQUESTS

LINES = (
    Line(
        line=1,
        item=ItemId("dumplings"),
        quantity=2,
        name="Dumplings 饺子 🥟",
        category="mains",
        unit_price=1299,
    ),
    Line(line=2, item=ItemId("bag"), quantity=1),
)


def box(content: str) -> Sealed:
    """A box that nobody sealed: logs keep what they are given."""
    return Sealed(b"\x00\xff" + content.encode())


EXAMPLES: Final[dict[tuple[str, int], Event]] = {
    ("CustomerRegistered", 1): CustomerRegistered(
        customer=ADA,
        contact=box("contact"),
        profile=box("profile"),
        extra=box("extra"),
        source="flyer",
    ),
    ("CustomerDetailsUpdated", 1): CustomerDetailsUpdated(
        customer=ADA,
        contact=box("new contact"),
        profile=box("new profile"),
        extra=box("new extra"),
        source="friend",
    ),
    ("DeliveryAddressAdded", 1): DeliveryAddressAdded(
        customer=ADA,
        address_id=HOME,
        address=box("address"),
        district="Jing'an",
        region="Shanghai",
    ),
    ("DeliveryAddressRemoved", 1): DeliveryAddressRemoved(customer=ADA, address_id=HOME),
    ("ConsentGranted", 2): ConsentGranted(
        customer=ADA,
        purpose="marketing",
        channel="sms",
        policy_version="2026-01",
        evidence_ref="form-17",
        valid_until=PLACED_AT,
    ),
    ("ConsentWithdrawn", 1): ConsentWithdrawn(customer=ADA, purpose="marketing", channel="sms"),
    ("BankCardBound", 1): BankCardBound(
        customer=ADA, card=CardId("card-1"), payment=box("payment"), co_brand="panda-club"
    ),
    ("BankCardUnbound", 1): BankCardUnbound(customer=ADA, card=CardId("card-1")),
    ("RealNameVerified", 1): RealNameVerified(
        customer=ADA, identity=box("identity"), method="id-card", evidence="check-7"
    ),
    ("PrivacyPolicyAccepted", 1): PrivacyPolicyAccepted(customer=ADA, policy_version="2026-01"),
    ("ProcessingObjected", 1): ProcessingObjected(customer=ADA, purpose="marketing"),
    ("ObjectionWithdrawn", 1): ObjectionWithdrawn(customer=ADA, purpose="marketing"),
    ("ProcessingRestricted", 1): ProcessingRestricted(
        customer=ADA, data_class=DataClass.ADDRESS, reason="disputed"
    ),
    ("RestrictionLifted", 1): RestrictionLifted(
        customer=ADA, data_class=DataClass.ADDRESS, reason="settled"
    ),
    ("PersonalDataExported", 1): PersonalDataExported(
        customer=ADA,
        export_id="export-1",
        classes=(DataClass.CONTACT, DataClass.ADDRESS),
        recipient="customer:ada",
    ),
    ("CustomersMerged", 1): CustomersMerged(
        customer=ADA, into=CustomerId("ada-2"), evidence="same-phone"
    ),
    ("CustomerAbsorbed", 1): CustomerAbsorbed(
        customer=ADA,
        absorbed=CustomerId("ada-2"),
        further=(CustomerId("ada-3"),),
        consents=(("marketing", "sms"), ("analytics", None)),
        erasures=2,
        evidence="same-phone",
    ),
    ("CustomerMergeReverted", 1): CustomerMergeReverted(
        customer=ADA, out_of=CustomerId("ada-2"), evidence="ticket-12"
    ),
    ("CustomerSeparated", 1): CustomerSeparated(
        customer=ADA,
        absorbed=CustomerId("ada-2"),
        further=(CustomerId("ada-3"),),
        evidence="ticket-12",
    ),
    ("MerchantRegistered", 1): MerchantRegistered(
        merchant=CAFE,
        name="Café Seven",
        brand="Seven",
        category="cafés",
        address="7 Harbour Street",
        region="north",
        extra=(("floor", "2"), ("floor", "mezzanine")),
    ),
    ("MerchantDetailsUpdated", 1): MerchantDetailsUpdated(
        merchant=CAFE,
        name="Café Eight",
        brand="Eight",
        category="bars",
        address="8 Harbour Street",
        region="south",
        extra=(("floor", "3"),),
    ),
    ("MenuItemPublished", 1): MenuItemPublished(
        merchant=CAFE,
        item=ItemId("dumplings"),
        name="Dumplings",
        price=Money(minor=1299, currency="USD"),
        category="mains",
    ),
    ("OrderPlaced", 3): OrderPlaced(
        order=ORDER,
        currency="USD",
        total=2598,
        customer=ADA,
        merchant=CAFE,
        lines=LINES,
        discount=100,
        delivery_fee=299,
        tip=50,
        channel=Channel.DINE_IN,
        payment_method="card",
        region="north",
        extra=box("extra"),
        discounts=(
            Discount(
                source="coupon",
                amount=150,
                shares=(Share(line=1, amount=100), Share(line=2, amount=0)),
                delivery=50,
                coupon=A_COUPON,
                at_least=2000,
                on_return=OnReturn.RECLAIM,
            ),
        ),
        points_payment=PointsPayment(
            reservation=ReservationId("hold-1"),
            points=20,
            amount=200,
            shares=(Share(line=1, amount=200),),
        ),
        brings=(BROUGHT,),
        address_id=HOME,
    ),
    ("OrderAccepted", 1): OrderAccepted(order=ORDER, late_entry=True),
    ("PreparationStarted", 1): PreparationStarted(order=ORDER, late_entry=True),
    ("OrderReady", 1): OrderReady(order=ORDER, late_entry=True),
    ("OrderPickedUp", 1): OrderPickedUp(order=ORDER, late_entry=True),
    ("OrderDelivered", 1): OrderDelivered(
        order=ORDER,
        currency="USD",
        total=2598,
        placed_at=PLACED_AT,
        customer=ADA,
        merchant=CAFE,
        late_entry=True,
    ),
    ("OrderCompleted", 1): OrderCompleted(order=ORDER, late_entry=True),
    ("OrderCancelled", 2): OrderCancelled(
        order=ORDER,
        currency="USD",
        placed_at=PLACED_AT,
        customer=ADA,
        merchant=CAFE,
        lines=LINES,
        reason="sold out",
        late_entry=True,
        coupons=(A_COUPON,),
        takes_back=(BROUGHT,),
    ),
    ("RefundIssued", 2): RefundIssued(
        order=ORDER,
        refund=RefundId("refund-1"),
        currency="USD",
        amount=3000,
        goods=2598,
        goodwill=402,
        goods_refunded=2598,
        total=2598,
        placed_at=PLACED_AT,
        customer=ADA,
        merchant=CAFE,
        reason="cold",
        late_entry=True,
        lines=(LineRefund(line=1, quantity=1, gross=1299, discount=50, points=100, cash=1149),),
        withheld=-7,
        takes_back=(BROUGHT,),
    ),
    ("ReviewSubmitted", 1): ReviewSubmitted(
        order=ORDER,
        customer=ADA,
        merchant=CAFE,
        stars=5,
        dish_stars=4,
        delivery_stars=1,
        text=box("text"),
    ),
    ("PartyNamed", 1): PartyNamed(
        order=ORDER, party=Party.COURIER, who="courier-7", contact=box("contact")
    ),
    ("CourierAssigned", 1): CourierAssigned(order=ORDER, courier="courier-7"),
    ("OrderRedirected", 1): OrderRedirected(order=ORDER, address_id=HOME),
    ("VirtualNumberAssigned", 1): VirtualNumberAssigned(
        order=ORDER,
        party=Party.COURIER,
        number_ref="line-7",
        valid_until=PLACED_AT,
        who="courier-7",
        grace_seconds=1800,
    ),
    ("VirtualNumberRevoked", 1): VirtualNumberRevoked(
        order=ORDER, party=Party.COURIER, number_ref="line-7", ends_at=PLACED_AT
    ),
    ("OrderChatOpened", 1): OrderChatOpened(
        order=ORDER, party=Party.MERCHANT, who="cafe-7", grace_seconds=1800
    ),
    ("OrderChatClosed", 1): OrderChatClosed(order=ORDER, party=Party.MERCHANT, ends_at=PLACED_AT),
    ("AddressHidden", 1): AddressHidden(order=ORDER),
    **LOYALTY,
    **ACCOUNTS,
    **ERASURES,
    ("AccessRecorded", 1): AccessRecorded(
        role="support",
        actor="s-7",
        purpose="service",
        looks=(
            Look(subject="customer/ada", data_class="contact", outcome="masked"),
            Look(subject="customer/ada", data_class="identity", outcome="denied", denial="purpose"),
        ),
        order=ORDER,
        reason="ticket-12",
        bulk=True,
    ),
    ("WriteRefused", 1): WriteRefused(
        role="support", actor="s-7", commands=("UpdateCustomerDetails", "GrantConsent")
    ),
    ("ActorSuspended", 1): ActorSuspended(role="support", actor="s-7", reads=100, seconds=3600),
    ("ActorReinstated", 1): ActorReinstated(
        role="support", actor="s-7", officer="po-1", reason="explained"
    ),
    **OFFERS,
    **CAMPAIGNS,
    **REFERRALS,
    **REQUESTS,
}
"""Under the name and version that the core's own adapters store them by."""
