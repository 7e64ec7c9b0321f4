"""Rows of order history as requests: one row, one id, recorded whole or not at all."""

from hashlib import blake2b
from typing import Final

from regulars.application.door import Request
from regulars.application.events import Command
from regulars.application.history import CustomerRow, MerchantRow, OrderRow
from regulars.domain.customer import AddDeliveryAddress, RegisterCustomer, UpdateCustomerDetails
from regulars.domain.merchant import RegisterMerchant, UpdateMerchantDetails
from regulars.domain.order import (
    AcceptOrder,
    CancelOrder,
    MarkDelivered,
    MarkReady,
    PickUpOrder,
)
from regulars.domain.personal import Address, Contact, Content, Profile
from regulars.domain.purchase import Channel, PlaceOrder
from regulars.domain.refund import IssueRefund
from regulars.domain.review import SubmitReview
from regulars.domain.values import (
    BEGINNING,
    LONGEST_ID,
    AddressId,
    CustomerId,
    MerchantId,
    OrderId,
    RefundId,
)

BY: Final = "import"
"""Who asks for what an import records."""

COLUMNS: Final = {
    PlaceOrder.__name__: "placed_at",
    AcceptOrder.__name__: "accepted_at",
    MarkReady.__name__: "prepared_at",
    PickUpOrder.__name__: "picked_up_at",
    CancelOrder.__name__: "cancelled_at",
    MarkDelivered.__name__: "delivered_at",
    IssueRefund.__name__: "refunded_at",
    SubmitReview.__name__: "reviewed_at",
    RegisterCustomer.__name__: "registered_at",
    UpdateCustomerDetails.__name__: "registered_at",
}
"""The columns that tell when what a command says happened; merchants have none."""

_REFUND: Final = RefundId("import")


def requested(request_id: str, *commands: Command) -> Request:
    """A request of an import, known by `request_id`, or by its digest if that is too long."""
    if len(request_id) > LONGEST_ID:
        name = request_id.encode(errors="surrogatepass")
        request_id = f"import/long/{blake2b(name, digest_size=32).hexdigest()}"
    return Request(id=request_id, commands=commands, by=BY)


def register_merchant(row: MerchantRow) -> Request:
    """The registration of a merchant, who has no time of its own."""
    return requested(
        f"import/merchant/{row.merchant_id}",
        RegisterMerchant(
            merchant=MerchantId(row.merchant_id),
            at=BEGINNING,
            name=row.name,
            brand=row.brand,
            category=row.category,
            address=row.address,
            region=row.region,
            extra=row.extra,
        ),
    )


def update_merchant(row: MerchantRow) -> Request:
    """What a row tells of a merchant who was known by id alone."""
    return requested(
        f"import/merchant-details/{row.merchant_id}",
        UpdateMerchantDetails(
            merchant=MerchantId(row.merchant_id),
            at=BEGINNING,
            name=row.name,
            brand=row.brand,
            category=row.category,
            address=row.address,
            region=row.region,
            extra=row.extra,
        ),
    )


def register_customer(row: CustomerRow) -> Request:
    """The registration of a customer, with their address if the row has one."""
    registered = RegisterCustomer(
        customer=CustomerId(row.customer_id),
        at=row.registered_at or BEGINNING,
        contact=_contact(row),
        profile=_profile(row),
        extra=content(None, row.extra),
        source=row.source,
    )
    return requested(f"import/customer/{row.customer_id}", registered, *_address(row))


def update_customer(row: CustomerRow) -> Request:
    """What a row tells of a customer who was known by id alone."""
    details = UpdateCustomerDetails(
        customer=CustomerId(row.customer_id),
        at=row.registered_at or BEGINNING,
        contact=_contact(row),
        profile=_profile(row),
        extra=content(None, row.extra),
        source=row.source,
    )
    return requested(f"import/customer-details/{row.customer_id}", details, *_address(row))


def _address(row: CustomerRow) -> list[Command]:
    if row.address is None:
        return []
    return [
        AddDeliveryAddress(
            customer=CustomerId(row.customer_id),
            at=row.registered_at or BEGINNING,
            address_id=AddressId("import"),
            address=Address(text=row.address),
        )
    ]


def _contact(row: CustomerRow) -> Contact | None:
    contact = Contact(name=row.name, phone=row.phone, email=row.email)
    return None if contact == Contact() else contact


def _profile(row: CustomerRow) -> Profile | None:
    profile = Profile(birth_date=row.birth_date, gender=row.gender, occupation=row.occupation)
    return None if profile == Profile() else profile


def content(text: str | None, extra: tuple[tuple[str, str], ...]) -> Content | None:
    """Words and kept columns as personal content; None if there are none."""
    return Content(text=text, extra=extra) if text or extra else None


def order_request_id(row: OrderRow) -> str:
    """The id under which an order's row is recorded."""
    return f"import/order/{row.order_id}"


def record_order(row: OrderRow) -> Request:
    """The whole life of a past order: the steps whose time is known, in the order of its life."""
    order = OrderId(row.order_id)
    delivered_at = row.delivered_at or row.placed_at
    commands: list[Command] = [_place(row)]
    if row.accepted_at:
        commands.append(AcceptOrder(order=order, at=row.accepted_at))
    if row.prepared_at:
        commands.append(MarkReady(order=order, at=row.prepared_at))
    if row.picked_up_at:
        commands.append(PickUpOrder(order=order, at=row.picked_up_at))
    if row.cancelled:
        commands.append(CancelOrder(order=order, at=row.cancelled_at or row.placed_at))
    else:
        commands.append(MarkDelivered(order=order, at=delivered_at))
        if row.refund:
            at = row.refunded_at or delivered_at
            commands.append(IssueRefund(order=order, at=at, refund=_REFUND, amount=row.refund))
    return requested(order_request_id(row), *commands)


def _place(row: OrderRow) -> PlaceOrder:
    return PlaceOrder(
        order=OrderId(row.order_id),
        at=row.placed_at,
        currency=row.currency,
        total=row.total,
        customer=CustomerId(row.customer_id) if row.customer_id else None,
        merchant=MerchantId(row.merchant_id) if row.merchant_id else None,
        lines=row.lines,
        discount=row.discount,
        delivery_fee=row.delivery_fee,
        tip=row.tip,
        channel=Channel(row.channel),
        payment_method=row.payment_method,
        region=row.region,
        extra=content(None, row.extra),
    )
