"""Events as a product of long ago stored them, and the upcasters that lead them to the present."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from attrs import frozen

from regulars.adapters.codec import STORED, Codec, encode
from regulars.adapters.older_events import UPCASTERS as OURS
from regulars.adapters.upcasting import Payload, Turned, Upcaster
from regulars.application.events import Event


@frozen
class Older:
    """A row of a log that was written before the classes of today were there."""

    name: str
    version: int
    payload: Payload


class LongLived(Codec):
    """Reads what is older, and writes it too where a test asks for that."""

    def encode(self, event: Event) -> tuple[str, int, bytes]:
        written: Any = event
        if isinstance(written, Older):
            return written.name, written.version, encode(written.payload)
        return super().encode(event)


def older(name: str, version: int, **payload: Any) -> Event:  # noqa: ANN401 - as JSON has it
    """A stored row of this name and version, which a log takes like an event."""
    return cast("Event", Older(name, version, payload))


def _named(payload: Payload) -> Iterable[Turned]:
    order, total = payload["id"], payload["amount"]
    yield (
        "OrderTaken",
        2,
        {"order": order, "total": total, "currency": "CNY", "customer": payload["buyer"]},
    )


def _placed(payload: Payload) -> Iterable[Turned]:
    yield "OrderPlaced", 2, payload


def _served(payload: Payload) -> Iterator[Turned]:
    yield "OrderReady", 1, {"order": payload["order"]}
    yield "OrderDelivered", 1, payload


def _signed_up(payload: Payload) -> Iterator[Turned]:
    customer = payload["customer"]
    yield "CustomerRegistered", 1, {"customer": customer, "contact": payload["contact"]}
    for purpose in payload["purposes"]:
        consent = {"customer": customer, "purpose": purpose, "policy_version": "1"}
        yield "ConsentGranted", 1, consent


def _nothing(_payload: Payload) -> Iterable[Turned]:
    return ()


UPCASTERS: Final = (
    Upcaster(of=("OrderTaken", 1), into=(("OrderTaken", 2),), turn=_named),
    Upcaster(of=("OrderTaken", 2), into=(("OrderPlaced", 2),), turn=_placed),
    Upcaster(of=("OrderServed", 1), into=(("OrderReady", 1), ("OrderDelivered", 1)), turn=_served),
    Upcaster(
        of=("CustomerSignedUp", 1),
        into=(("CustomerRegistered", 1), ("ConsentGranted", 1)),
        turn=_signed_up,
    ),
    Upcaster(of=("OrderNoted", 1), into=(), turn=_nothing),
    *OURS,
)

LONG_LIVED: Final = LongLived(STORED, UPCASTERS)
