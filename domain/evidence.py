"""The evidence of an erasure: the keys that are no more, and what became of all traces."""

from enum import Enum

from attrs import frozen

from regulars.domain.personal import DataClass


@frozen(kw_only=True)
class DestroyedKey:
    """A version of a data key that is no more, and the key-encryption key it was wrapped under."""

    subject: str
    data_class: DataClass
    version: int
    kek: str


@frozen(kw_only=True)
class Purged:
    """How many entries a place of derived data let go of, when it was last told to."""

    place: str
    entries: int


class Traces(Enum):
    """What became of the bytes that destroyed keys were stored in."""

    GONE = "gone"
    """Overwritten, in the file and its write-ahead log."""

    HELD = "held"
    """Kept in the write-ahead log by somebody who was reading; they go with its next truncation."""

    BEYOND = "beyond"
    """Not for this product to overwrite: they go with the server's own clearing up."""
