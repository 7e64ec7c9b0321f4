"""The tables of a programme's file that say how tiers are won and lost, and the ladder they are."""

from typing import Annotated

import msgspec

from regulars.adapters.program_rules import Moment, WrongRules, minor_units
from regulars.domain.rule_flaws import Place
from regulars.domain.tier_ladder import (
    Basis,
    Downgrade,
    Level,
    TierLadder,
    Window,
    ladder_flaw,
)


class _Level(msgspec.Struct, forbid_unknown_fields=True):
    tier: str
    least: Annotated[int, msgspec.Meta(ge=0)] | str


class Ladder(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[ladder]]`: a version of the ladder."""

    levels: Annotated[list[_Level], msgspec.Meta(min_length=1)]
    effective_from: Moment | None = None
    basis: Basis = Basis.EARNED
    window: Window = Window.LIFETIME
    days: int = 0
    currency: str | None = None
    term_months: int = 12
    for_ever: bool = False
    grace_months: int = 0
    downgrade: Downgrade = Downgrade.REQUALIFY
    refunds_at_once: bool = False
    zone: str = "Asia/Shanghai"

    def ladder(self) -> TierLadder:
        """
        The ladder that the table says.

        Raises:
            WrongRules: it cannot be; the place is one in this table.
        """
        told = TierLadder(
            levels=tuple(
                Level(tier=level.tier, least=self._least(level, ("levels", at, "least")))
                for at, level in enumerate(self.levels)
            ),
            basis=self.basis,
            window=self.window,
            days=self.days,
            currency=self.currency,
            term_months=None if self.for_ever else self.term_months,
            grace_months=self.grace_months,
            downgrade=self.downgrade,
            refunds_at_once=self.refunds_at_once,
            zone=self.zone,
        )
        found = ladder_flaw(told)
        if found is not None:
            raise WrongRules(found.place, found.why)
        return told

    def _least(self, level: _Level, place: Place) -> int:
        if isinstance(level.least, int):
            if self.basis is Basis.SPEND:
                raise WrongRules(place, 'must be an amount in quotes, such as "500.00"')
            return level.least
        if self.basis is not Basis.SPEND:
            raise WrongRules(place, "must be a whole number unless money counts")
        return minor_units(level.least, place, self.currency)
