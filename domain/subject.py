"""Whose personal data it is, where it is no customer's."""

from enum import Enum

from attrs import frozen


class SubjectKind(Enum):
    """What a subject is that is no customer."""

    COURIER = "courier"
    MERCHANT = "merchant"
    ORDER = "order"
    """Of which no customer is named: what was written on it is its own."""


@frozen(kw_only=True)
class Subject:
    """A subject that is no customer; as text its kind, a slash, and its id."""

    kind: SubjectKind
    id: str

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.id}"
