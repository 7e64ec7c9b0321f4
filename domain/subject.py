"""Whose personal data it is, where it is no customer's, and what is told of its erasure."""

from enum import Enum

from attrs import frozen

from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.values import ErasureId


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


# Stored under these names with these fields: never rename, never repurpose, add a version.
@frozen(kw_only=True)
class SubjectErasureRequested:
    """Data of these classes is to be destroyed; see `erasure.ErasureRequested`."""

    subject: Subject
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    restricted: tuple[DataClass, ...]
    basis: str
    new_life: bool = False


@frozen(kw_only=True)
class SubjectErasureCompleted:
    """The keys of these classes are destroyed, with the evidence; see `erasure.CustomerErased`."""

    subject: Subject
    erasure: ErasureId
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...]
    purged: tuple[Purged, ...]
    readable_for: int
    traces: Traces


@frozen(kw_only=True)
class SubjectHoldPlaced:
    """Data of these classes must be kept, for a reason that `basis` is the code of."""

    subject: Subject
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class SubjectHoldReleased:
    """Data of these classes need no longer be kept by the hold of this basis."""

    subject: Subject
    classes: tuple[DataClass, ...]
    basis: str


@frozen(kw_only=True)
class SubjectLifeAuthorised:
    """Data of these classes, once erased, is taken in again. What was erased stays so."""

    subject: Subject
    classes: tuple[DataClass, ...]
    basis: str
