"""The aggregates of the model: which stream a command goes to, and what folds and decides there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from urllib.parse import quote

from attrs import frozen

from regulars.application.events import Command, Event
from regulars.domain import customer, loyalty, merchant, order, program
from regulars.domain.values import CustomerId, MerchantId, OrderId, ProgramId


@frozen(kw_only=True)
class Aggregate:
    """How one kind of stream is folded and decided on. The state's type is the aggregate's own."""

    state: Callable[[], Any]
    fold: Callable[[Any, Any, datetime], None]
    decide: Callable[[Any, Any], Sequence[Event]]


CUSTOMER: Final = Aggregate(state=customer.Customer, fold=customer.fold, decide=customer.decide)
MERCHANT: Final = Aggregate(state=merchant.Merchant, fold=merchant.fold, decide=merchant.decide)
ORDER: Final = Aggregate(state=order.Order, fold=order.fold, decide=order.decide)
PROGRAM: Final = Aggregate(state=program.Program, fold=program.fold, decide=program.decide)
ACCOUNT: Final = Aggregate(state=loyalty.Account, fold=loyalty.fold, decide=loyalty.decide)


def customer_stream(customer_id: CustomerId) -> str:
    """The stream of a customer."""
    return f"customer-{customer_id}"


def merchant_stream(merchant_id: MerchantId) -> str:
    """The stream of a merchant."""
    return f"merchant-{merchant_id}"


def order_stream(order_id: OrderId) -> str:
    """The stream of an order."""
    return f"order-{order_id}"


def program_stream(program_id: ProgramId) -> str:
    """The stream of a programme."""
    return f"program-{program_id}"


def account_stream(program_id: ProgramId, customer_id: CustomerId) -> str:
    """The stream of a loyalty account. The programme is quoted, so that no two accounts clash."""
    return f"account-{quote(program_id, safe='')}/{customer_id}"


def _to_customer(command: customer.Command) -> str:
    return customer_stream(command.customer)


def _to_merchant(command: merchant.Command) -> str:
    return merchant_stream(command.merchant)


def _to_order(command: order.Command) -> str:
    return order_stream(command.order)


def _to_program(command: program.Command) -> str:
    return program_stream(command.program)


def _to_account(command: loyalty.Command) -> str:
    return account_stream(command.program, command.customer)


_ADDRESSES: Final[dict[type[Any], tuple[Callable[[Any], str], Aggregate]]] = {
    kind: (stream, aggregate)
    for commands, stream, aggregate in (
        (customer.Command, _to_customer, CUSTOMER),
        (merchant.Command, _to_merchant, MERCHANT),
        (order.Command, _to_order, ORDER),
        (program.Command, _to_program, PROGRAM),
        (loyalty.Command, _to_account, ACCOUNT),
    )
    for kind in get_args(commands)
}


def addressed(command: Command) -> tuple[str, Aggregate]:
    """The stream that `command` goes to, and its aggregate."""
    stream, aggregate = _ADDRESSES[type(command)]
    return stream(command), aggregate
