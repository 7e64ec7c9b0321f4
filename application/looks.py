"""What the gate writes down of what it is asked: whose data, which class, what came of it."""

from collections.abc import Sequence

from regulars.application.boxed import class_of, subject_of
from regulars.application.reading import WORDS, DataOf, Outcome, Sought
from regulars.domain.actor import DENIED, FOUND, NOBODY, Look
from regulars.domain.personal import DataClass
from regulars.domain.reading import Denial, Denied
from regulars.domain.values import CustomerId


def customer_of(sought: Sought) -> CustomerId | None:
    """The customer whose data it is; None for words on an order of nobody."""
    if isinstance(sought, DataOf):
        return sought.customer
    return getattr(sought.recorded.event, "customer", None)


def subject_sought(sought: Sought) -> str:
    """Whose data it is, as a subject."""
    if isinstance(sought, DataOf):
        return f"customer/{sought.customer}"
    return subject_of(sought.recorded.event)


def class_sought(sought: Sought) -> DataClass:
    """Of which class it is."""
    if isinstance(sought, DataOf):
        return sought.data_class
    return class_of(sought.recorded.event, sought.field)


def look_of(sought: Sought, outcome: Outcome) -> Look:
    """What is recorded of one value that was asked for."""
    return Look(
        subject=subject_sought(sought),
        data_class=class_sought(sought).value,
        outcome=WORDS[type(outcome)],
        denial=outcome.reason.value if isinstance(outcome, Denied) else None,
    )


def looks_of(found: Sequence[CustomerId], denial: Denial | None) -> tuple[Look, ...]:
    """What is recorded of looking customers up: who was found, that nobody was, or why not."""
    contact = DataClass.CONTACT.value
    if denial is not None:
        return (Look(subject="", data_class=contact, outcome=DENIED, denial=denial.value),)
    if not found:
        return (Look(subject="", data_class=contact, outcome=NOBODY),)
    return tuple(
        Look(subject=f"customer/{one}", data_class=contact, outcome=FOUND) for one in found
    )
