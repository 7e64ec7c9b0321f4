"""What the lots, holds and redemptions of an account are called that is merged into another."""

from collections.abc import Callable, Collection, Container, Mapping
from typing import TypeVar

from attrs import frozen

from regulars.domain.account import Account
from regulars.domain.names import MERGED, named
from regulars.domain.values import CustomerId, LotId, RedemptionId, ReservationId

Name = TypeVar("Name", bound=str)


@frozen
class Meeting:
    """
    Two accounts, of which that of `whose` is merged into that of `into`.

    Each name is that of one thing in an account, for good: what comes is called otherwise where the
    survivor ever had its name, and what comes back is called again as it was there.
    """

    whose: CustomerId
    absorbed: Account
    into: CustomerId
    survivor: Account

    def lots(self) -> dict[LotId, LotId]:
        """What each lot is called by now, by its name in the absorbed account."""
        there = self.survivor.lots.known
        home = self._home(self.absorbed.came.lots, there)
        taken = {*there, *self.survivor.went}
        return told_apart(self.absorbed.lots.known, self.whose, taken, home, LotId)

    def reservations(self) -> dict[ReservationId, ReservationId]:
        """What each reservation is called by now."""
        told = self.survivor.told.reservations
        home = self._home(self.absorbed.came.reservations, self.survivor.held)
        return told_apart(self.absorbed.told.reservations, self.whose, told, home, ReservationId)

    def redemptions(self) -> dict[RedemptionId, RedemptionId]:
        """What each redemption is called by now."""
        told = self.survivor.told.redemptions
        home = self._home(self.absorbed.came.redemptions, self.survivor.redemptions)
        return told_apart(self.absorbed.told.redemptions, self.whose, told, home, RedemptionId)

    def _home(
        self, came: Mapping[tuple[CustomerId, Name], Name], there: Container[Name]
    ) -> dict[Name, Name]:
        """What came from the survivor, with what it was called there."""
        return {
            name: of
            for (before, of), name in came.items()
            if before == self.into and of not in there
        }


def told_apart(
    own: Collection[Name],
    whose: CustomerId,
    taken: Container[str],
    home: Mapping[Name, Name],
    make: Callable[[str], Name],
) -> dict[Name, Name]:
    """
    By its name in the absorbed account, what each is called in that of the survivor.

    Of the names that are `taken` there, others are made by `whose` it was, but for what comes
    `home`. No two are called the same, also where an account was merged before, and brings names
    that were made like these.
    """
    names = dict[Name, Name]()
    known = set[str](own)
    for one in own:
        name: str = one
        if one in home:
            name = home[one]
        elif name in taken:
            while name in taken or name in known:
                name = named(MERGED, whose, name)
            known.add(name)
        names[one] = make(name)
    return names
