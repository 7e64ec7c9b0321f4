"""What is asked at the gate, and what it answers."""

from typing import Final, TypeAlias

from attrs import field, frozen

from regulars.application.events import Recorded
from regulars.application.ports import Erased, KeyUnavailable, Revealed, Tampered
from regulars.domain.actor import DENIED, Actor
from regulars.domain.personal import DataClass, Personal
from regulars.domain.reading import Denial, Denied
from regulars.domain.values import CustomerId, OrderId, Refusal

MOST_AT_ONCE: Final = 10_000
"""How many values one batch may ask for."""


@frozen(kw_only=True)
class DataOf:
    """
    What is kept of a customer, of one data class: the newest of it.

    `field` is the id of an address, or the name of a box such as `extra`; it may be left out where
    there is only one. Who reads for an order and names no address means the one that it goes to.
    What the customer lacks is looked for with those who were merged into them.
    """

    customer: CustomerId
    data_class: DataClass
    field: str | None = None


@frozen(kw_only=True)
class BoxIn:
    """The box in one field of a recorded event, such as the `text` of a review."""

    recorded: Recorded
    field: str


Sought: TypeAlias = DataOf | BoxIn


@frozen
class Masked:
    """The box opened, and this is what of it the reader may see. Its `repr` shows nothing."""

    value: Personal = field(repr=False)


@frozen
class NotKept:
    """
    Nothing of this class is kept under that name, or something newer has taken its place.

    What was written on an order or in a review is kept under no name: it is asked for as `BoxIn`.
    """


@frozen(kw_only=True)
class SeveralKept(Refusal):
    """There are several of this class, and which one is meant was not said."""

    customer: CustomerId
    data_class: DataClass
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.data_class.value} data of {self.customer}: which of {', '.join(self.fields)}?"
        )


Outcome: TypeAlias = (
    Revealed | Masked | Erased | Tampered | KeyUnavailable | NotKept | SeveralKept | Denied
)

WORDS: Final[dict[type[Outcome], str]] = {
    Revealed: "revealed",
    Masked: "masked",
    Erased: "erased",
    Tampered: "tampered",
    KeyUnavailable: "key_unavailable",
    NotKept: "not_kept",
    SeveralKept: "several_kept",
    Denied: DENIED,
}
"""The outcomes by the words that an access record has for them."""


@frozen(kw_only=True)
class TooManyAtOnce(Refusal):
    """A batch asks for more than one access record holds."""

    asked: int

    def __str__(self) -> str:
        return f"{self.asked} values at once: ask for {MOST_AT_ONCE} at most"


@frozen(kw_only=True)
class LookupDenied(Refusal):
    """Who asks may not look customers up. Tells nothing about who there is."""

    reason: Denial

    def __str__(self) -> str:
        return f"the look-up is denied: {self.reason.value}"


@frozen(kw_only=True)
class Visit:
    """
    Who reads, for what, and in which business: of an order, over a channel, with a reason.

    Purpose and reason are codes. A consent for the channel, or for all channels, is asked for.
    """

    actor: Actor
    purpose: str
    order: OrderId | None = None
    channel: str | None = None
    reason: str | None = None


@frozen(kw_only=True)
class CardField:
    """
    One value on a card, as far as the reader may see it. `field` is as in `DataOf`.

    `customer` is that of the card, or one who was merged into them.
    What is denied is denied as a class: `field` is None, and nothing tells whether there is any.
    """

    customer: CustomerId
    data_class: DataClass
    field: str | None
    outcome: Outcome


@frozen(kw_only=True)
class Card:
    """
    A customer as one reader sees them, as of the newest event and not of a view.

    `allowed` are the purposes with a consent that holds now, each for a channel or for all (None).
    `accepted` is the version of the privacy text that they accepted; `asks_again` tells that it is
    not the one in force. Who may see no data of the customer, whatever they say, sees none of this.
    """

    customer: CustomerId
    fields: tuple[CardField, ...]
    allowed: tuple[tuple[str, str | None], ...]
    objections: tuple[str, ...]
    restricted: tuple[DataClass, ...]
    accepted: str | None
    asks_again: bool
