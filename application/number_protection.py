"""The port to who has numbers that stand for two others, and what is asked of it."""

from datetime import datetime
from typing import Protocol

from attrs import field, frozen


@frozen
class Binding:
    """A number that connects two others until `until`. `ref` is its name, and no number."""

    ref: str
    until: datetime


@frozen
class NumbersUnavailable(Exception):
    """Who has the numbers does not answer. Holds no number."""

    why: str

    def __str__(self) -> str:
        return f"the provider of virtual numbers: {self.why}"


class NumberProtection(Protocol):
    """
    A pool of virtual numbers. Whoever of two calls one that they are bound by reaches the other.

    Real numbers, in E.164, are given to `bind` and come back from nowhere. Each method may be asked
    again after a crash, with the same `key`, and then changes nothing more.
    """

    def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
        """
        Let `a` and `b` reach each other through a number; None if there is none to be had.

        What the key has already for these two is kept, and extended to `until` if that is later.
        What it has for two others ends at once, whether or not there is a number for these. A ref
        is never given twice.

        Raises:
            NumbersUnavailable: no answer; it may have been bound.
        """
        ...

    def unbind(self, key: str, *, at: datetime) -> None:
        """
        End what the key has at `at`, or now if that has passed. There may be nothing.

        Raises:
            NumbersUnavailable: no answer; it may have ended.
        """
        ...

    def number(self, ref: str) -> str | None:
        """
        The number to call; None once it is over.

        Raises:
            NumbersUnavailable: no answer.
        """
        ...


class NoNumbers:
    """The `NumberProtection` port of who has no numbers: everybody meets in a chat."""

    def bind(self, key: str, a: str, b: str, *, until: datetime) -> None:
        """There is none to be had; see the port."""

    def unbind(self, key: str, *, at: datetime) -> None:
        """There is nothing; see the port."""

    def number(self, ref: str) -> None:
        """It is over; see the port."""


@frozen(kw_only=True)
class ProtectedLine:
    """How a party and a customer reach each other now: by `number`, or in the order's chat."""

    number: str | None = field(default=None)

    @property
    def chat(self) -> bool:
        """Whether it is the chat, because there is no number."""
        return self.number is None
