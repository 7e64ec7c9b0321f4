"""Virtual numbers in memory: a pool and a clock, for tests and for hosts that try things out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from threading import Lock
from typing import Final

from attrs import define, field

from regulars.application.number_protection import Binding
from regulars.application.ports import Clock

_QUARANTINE: Final = timedelta(hours=1)


@define
class _Bound:
    """One binding; its `repr` shows no number."""

    ref: str
    number: str = field(repr=False)
    two: frozenset[str] = field(repr=False)
    until: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.until


class MemoryNumbers:
    """
    The `NumberProtection` port over a pool of numbers, with bindings that end by themselves.

    A number serves many pairs at once, as long as no two of them have somebody in common: whoever
    calls it is known by whom they are bound to. Once a binding is over, nobody of the two gets the
    same number again for `quarantine`, so that a late call reaches no stranger.
    """

    def __init__(
        self, pool: Sequence[str], *, clock: Clock, quarantine: timedelta = _QUARANTINE
    ) -> None:
        self._pool = tuple(pool)
        self._clock = clock
        self._quarantine = quarantine
        self._bound: dict[str, _Bound] = {}
        self._past: list[_Bound] = []
        self._refs = count(1)
        self._lock = Lock()

    def bind(self, key: str, a: str, b: str, *, until: datetime) -> Binding | None:
        """A number for `a` and `b`; see the port."""
        with self._lock:
            now = self._clock.now()
            bound, two = self._bound.get(key), frozenset({a, b})
            if bound is not None and (bound.two != two or bound.is_over(now)):
                self._end(key, now)
                bound = None
            if bound is None:
                number = self._free(two, now)
                if number is None:
                    return None
                bound = _Bound(f"line-{next(self._refs)}", number, two, until)
                self._bound[key] = bound
            bound.until = max(bound.until, until)
            return Binding(bound.ref, bound.until)

    def unbind(self, key: str, *, at: datetime) -> None:
        """End what the key has; see the port."""
        with self._lock:
            now = self._clock.now()
            if at <= now:
                self._end(key, now)
            elif key in self._bound:
                self._bound[key].until = min(self._bound[key].until, at)

    def number(self, ref: str) -> str | None:
        """The number to call; see the port."""
        with self._lock:
            now = self._clock.now()
            for bound in self._bound.values():
                if bound.ref == ref and not bound.is_over(now):
                    return bound.number
            return None

    def reached(self, number: str, *, by: str) -> str | None:
        """Whom somebody reaches who calls a number of the pool now; None if nobody."""
        with self._lock:
            now = self._clock.now()
            for bound in self._bound.values():
                if bound.number == number and by in bound.two and not bound.is_over(now):
                    return next(iter(bound.two - {by}), None)
            return None

    def _end(self, key: str, now: datetime) -> None:
        bound = self._bound.pop(key, None)
        if bound is not None:
            bound.until = min(bound.until, now)
            self._past.append(bound)

    def _free(self, two: frozenset[str], now: datetime) -> str | None:
        since = now - self._quarantine
        self._past = [bound for bound in self._past if bound.until > since]
        for key in [key for key, bound in self._bound.items() if bound.until <= since]:
            del self._bound[key]
        taken = {bound.number for bound in (*self._bound.values(), *self._past) if bound.two & two}
        return next((number for number in self._pool if number not in taken), None)
