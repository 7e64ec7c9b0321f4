"""
How long personal data is kept, as rules.

A rule says for how long at most; a law that has data kept for so long at least is a legal hold.
What no rule names is kept until somebody asks for its erasure.
"""

from enum import Enum
from typing import Final

from attrs import frozen

from regulars.domain.codes import require_code
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId

MOST_DAYS: Final = 36_500
"""The longest that a rule can keep anything: a hundred years."""

LONGEST_KIND: Final = 80
"""So many letters at most, for a kind is part of the code that its erasures are recorded under."""


OVER: Final = "retention:"
"""What the basis of an erasure begins with whose reason is a rule."""


class DataSubject(Enum):
    """Whose data a rule is about. An order is one by itself where no customer is named for it."""

    CUSTOMER = "customer"
    COURIER = "courier"
    MERCHANT = "merchant"
    ORDER = "order"


EVERYBODY: Final = frozenset(DataSubject)

_GIVE: Final = {
    DataSubject.CUSTOMER: frozenset(DataClass),
    DataSubject.COURIER: frozenset({DataClass.CONTACT}),
    DataSubject.MERCHANT: frozenset({DataClass.CONTACT}),
    DataSubject.ORDER: frozenset({DataClass.CONTENT}),
}
"""The classes of data that there can be of each."""


def kind_of(whose: CustomerId | Subject) -> DataSubject:
    """What kind of data subject somebody is."""
    return DataSubject(whose.kind.value) if isinstance(whose, Subject) else DataSubject.CUSTOMER


class Since(Enum):
    """What starts the clock of a rule; whatever comes later of its kind starts it anew."""

    ORDER = "order"
    """
    The last that happened of one of their orders, each step of it, a refund and a review too.

    The orders of who serves are those that they were named for.
    """

    ACTIVITY = "activity"
    """The last that they did, be it an order or a change of what they gave, allowed or wanted."""

    CONSENT = "consent"
    """The end of their last consent for a purpose: it was withdrawn, or ended by itself."""


@frozen(kw_only=True)
class Retention:
    """
    Data of these classes is kept for so many days after `since`, and after it was given.

    `kind` is what a person is told that it is about, a code. `of` is whose data it is. `purpose` is
    that of the consent, for data that is kept on consent alone, which customers give.
    """

    kind: str
    classes: frozenset[DataClass]
    days: int
    since: Since = Since.ACTIVITY
    purpose: str | None = None
    of: frozenset[DataSubject] = EVERYBODY

    def __attrs_post_init__(self) -> None:
        require_code("kind", self.kind)
        require_code("purpose", self.purpose)
        if len(self.kind) > LONGEST_KIND:
            message = f"the kind of a rule of retention has at most {LONGEST_KIND} letters"
            raise ValueError(message)
        if not self.classes:
            message = "a rule of retention names one class of data at least"
            raise ValueError(message)
        if not 0 < self.days <= MOST_DAYS:
            message = f"a rule of retention keeps data for 1 to {MOST_DAYS} days"
            raise ValueError(message)
        if (self.purpose is None) == (self.since is Since.CONSENT):
            message = "a rule of retention names a purpose if it is since consent, and only then"
            raise ValueError(message)
        about = self.of if self.purpose is None else self.of & {DataSubject.CUSTOMER}
        if not any(self.classes & _GIVE[one] for one in about):
            message = "a rule of retention is of somebody who gives data of its classes"
            raise ValueError(message)

    @property
    def basis(self) -> str:
        """The code under which an erasure by this rule is recorded."""
        return f"{OVER}{self.kind}"
