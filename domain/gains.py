"""What the awards of an account count for, in the order of time, so that it is summed fast."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime

from attrs import Factory, define, evolve

from regulars.domain.empty import empty
from regulars.domain.tier_ladder import Basis, TierLadder
from regulars.domain.values import LotId


@define
class Gain:
    """What one award counts for, net of refunds. `currency` is that of `spend`."""

    at: datetime
    points: int
    spend: int
    currency: str | None
    is_order: bool

    def worth(self, basis: Basis, currency: str | None) -> int:
        """What it counts for by a basis; money counts in that currency alone."""
        if basis is Basis.EARNED:
            return self.points
        if basis is Basis.ORDERS:
            return int(self.is_order)
        return self.spend if self.currency == currency else 0


@define
class Loss:
    """What a refund took from a gain at a moment."""

    at: datetime
    lot: LotId
    points: int
    spend: int


@define
class Sums:
    """
    Numbers in a row, and the sums of the first of them (a Fenwick tree).

    The part at place n, from 1 on, is the sum of as many numbers up to it as the lowest bit of n
    says. So a number is changed, and a sum is found, in as many steps as n has bits.
    """

    parts: list[int] = empty(list[int])

    def append(self, number: int) -> None:
        """One more number."""
        place = len(self.parts)
        first = place & (place + 1)
        while place > first:
            number += self.parts[place - 1]
            place &= place - 1
        self.parts.append(number)

    def change(self, at: int, by: int) -> None:
        """The number behind the first `at` is another one, by so much."""
        place = at + 1
        while place <= len(self.parts):
            self.parts[place - 1] += by
            place += place & -place

    def of(self, count: int) -> int:
        """The sum of the first `count` numbers."""
        total = 0
        while count:
            total += self.parts[count - 1]
            count &= count - 1
        return total

    def cut(self, count: int) -> None:
        """Only the first `count` numbers stay."""
        del self.parts[count:]


@define
class Gains:
    """
    The gains of one account, written by folds alone.

    `moments` and `lots` are in the order of time, and so are the numbers that `points`, `orders`
    and the `spend` of each currency sum.
    """

    of: dict[LotId, Gain] = empty(dict[LotId, Gain])
    moments: list[datetime] = empty(list[datetime])
    lots: list[LotId] = empty(list[LotId])
    points: Sums = Factory(Sums)
    orders: Sums = Factory(Sums)
    spend: dict[str, Sums] = empty(dict[str, Sums])

    def add(self, lot: LotId, gain: Gain) -> None:
        """One gain more; what is told late comes in where it belongs."""
        self.of[lot] = gain
        if gain.currency is not None and gain.currency not in self.spend:
            self.spend[gain.currency] = Sums([0] * len(self.moments))
        if self.moments and gain.at < self.moments[-1]:
            self._add_late(lot, gain)
        else:
            self.moments.append(gain.at)
            self.lots.append(lot)
            self._count(gain)

    def _add_late(self, lot: LotId, gain: Gain) -> None:
        place = bisect_right(self.moments, gain.at)
        self.moments.insert(place, gain.at)
        self.lots.insert(place, lot)
        for sums in (self.points, self.orders, *self.spend.values()):
            sums.cut(place)
        for later in self.lots[place:]:
            self._count(self.of[later])

    def _count(self, gain: Gain) -> None:
        self.points.append(gain.points)
        self.orders.append(int(gain.is_order))
        for currency, sums in self.spend.items():
            sums.append(gain.spend if gain.currency == currency else 0)

    def lose(self, lot: LotId, at: datetime, points: int, remaining: int) -> Loss:
        """A refund took back points, and left so much of the money."""
        gain = self.of[lot]
        place = self.lots.index(lot, bisect_left(self.moments, gain.at))
        gain.points -= points
        self.points.change(place, -points)
        less = max(gain.spend - remaining, 0)
        if less and gain.currency is not None:
            gain.spend -= less
            self.spend[gain.currency].change(place, -less)
        return Loss(at=at, lot=lot, points=points, spend=less)

    def value(
        self, ladder: TierLadder, since: datetime | None, at: datetime, later: Iterable[Loss] = ()
    ) -> int:
        """
        What all that came after `since` and by `at` counts for, in as good as no time.

        Losses that came `later` are not counted yet.
        """
        sums = self._sums(ladder)
        start, stop = self._places(since, at)
        value = 0 if sums is None else sums.of(stop) - sums.of(start)
        return value + sum(
            lost
            for lot, lost in self._lost(ladder, later).items()
            if self.of[lot].at <= at and (since is None or since < self.of[lot].at)
        )

    def evidence(
        self, ladder: TierLadder, since: datetime | None, at: datetime, later: Iterable[Loss] = ()
    ) -> list[tuple[LotId, int]]:
        """What each award of that time counts for, if anything."""
        lost = self._lost(ladder, later)
        start, stop = self._places(since, at)
        worths = (
            (lot, self.of[lot].worth(ladder.basis, ladder.currency) + lost.get(lot, 0))
            for lot in self.lots[start:stop]
        )
        return [(lot, worth) for lot, worth in worths if worth]

    def _lost(self, ladder: TierLadder, losses: Iterable[Loss]) -> dict[LotId, int]:
        """What losses came to, by lot."""
        found = dict[LotId, int]()
        for one in losses:
            lost = evolve(self.of[one.lot], points=one.points, spend=one.spend, is_order=False)
            worth = lost.worth(ladder.basis, ladder.currency)
            found[one.lot] = found.get(one.lot, 0) + worth
        return found

    def _sums(self, ladder: TierLadder) -> Sums | None:
        if ladder.basis is Basis.EARNED:
            return self.points
        if ladder.basis is Basis.ORDERS:
            return self.orders
        return self.spend.get(ladder.currency or "")

    def _places(self, since: datetime | None, at: datetime) -> tuple[int, int]:
        start = 0 if since is None else bisect_right(self.moments, since)
        return start, bisect_right(self.moments, at)
