"""Where derived data is told to let go of somebody who was erased."""

from collections.abc import Collection
from typing import Protocol

from regulars.application.aggregates import customer_stream, order_stream
from regulars.application.ports import Storage
from regulars.domain.personal import DataClass
from regulars.domain.values import CustomerId, OrderId

CUSTOMER = "customer/"
ORDER = "order/"
"""How subjects begin that are a customer, or an order."""


class ErasureSink(Protocol):
    """
    A place that keeps what was derived from personal data, sealed or not.

    Whoever adds such a place registers it where the core is put together.
    """

    @property
    def name(self) -> str:
        """What the place is called in the evidence of an erasure."""
        ...

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:
        """
        Let go of all that is kept about data of these classes of these subjects.

        Subjects are `customer/`, `order/`, `courier/` or `merchant/` and an id. Returns how many
        entries went. Called inside a transaction of the storage, and again after a crash; to
        forget twice does no harm.

        Raises:
            StorageUnavailable: it could not; the erasure stays unfinished.
        """
        ...


class SnapshotSink:
    """
    Drops the snapshots of the streams that hold somebody's boxes.

    They hold boxes at most, which stay as shut as those of the events; no copy of one is needed.
    """

    name = "snapshots"

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def forget(self, subjects: Collection[str], classes: Collection[DataClass]) -> int:  # noqa: ARG002 - a snapshot holds boxes of every class
        """Drop the snapshots of these subjects' streams; see the port."""
        streams = [stream_of(one) for one in subjects if one.startswith((CUSTOMER, ORDER))]
        return self._storage.snapshots.forget(streams)


def stream_of(subject: str) -> str:
    """The stream whose events hold the boxes of a subject."""
    if subject.startswith(ORDER):
        return order_stream(OrderId(subject.removeprefix(ORDER)))
    return customer_stream(CustomerId(subject.removeprefix(CUSTOMER)))
