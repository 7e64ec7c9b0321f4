"""
What a campaign brought: those who were to be treated against those who were left alone.

Everything is an exact fraction. The formulas are those of uplift by a randomised control group,
over all who were assigned (intention to treat): who got nothing, as the budget was gone, is no
more like the others for it, and leaving them out would compare what chance did not part.
"""

from fractions import Fraction

from attrs import frozen


@frozen(kw_only=True)
class Arm:
    """Some customers of a campaign, how many of them bought, and how many orders that were."""

    customers: int = 0
    buyers: int = 0
    orders: int = 0

    @property
    def conversion(self) -> Fraction | None:
        """The part of them who bought; None of nobody."""
        return Fraction(self.buyers, self.customers) if self.customers else None


@frozen(kw_only=True)
class CampaignResult:
    """
    `treated` against `held_out`. `cost` and `margin`, that of one order, are in one unit of money.

    `treated` are all who were assigned to be, of whom so many were `granted` something. What
    cannot be told is None: without anybody on a side, or where it would divide by nothing.
    """

    treated: Arm
    granted: int
    held_out: Arm
    cost: Fraction
    margin: Fraction

    @property
    def lift(self) -> Fraction | None:
        """How much larger a part of the treated bought: 1/50 is 2 percentage points."""
        treated, alone = self.treated.conversion, self.held_out.conversion
        return None if treated is None or alone is None else treated - alone

    @property
    def relative_lift(self) -> Fraction | None:
        """The lift as a part of what those bought who were left alone."""
        return _ratio(self.lift, self.held_out.conversion)

    @property
    def incremental_orders(self) -> Fraction | None:
        """Orders of the treated beyond those that they would have placed like the others."""
        if not self.held_out.customers or not self.treated.customers:
            return None
        usual = Fraction(self.held_out.orders, self.held_out.customers)
        return self.treated.orders - self.treated.customers * usual

    @property
    def cost_per_incremental_order(self) -> Fraction | None:
        """What one of these orders cost; None where there are none, or fewer than none."""
        more = self.incremental_orders
        return self.cost / more if more is not None and more > 0 else None

    @property
    def profit(self) -> Fraction | None:
        """The margin of these orders, without the cost."""
        more = self.incremental_orders
        return None if more is None else more * self.margin - self.cost

    @property
    def return_on_investment(self) -> Fraction | None:
        """The profit as a part of the cost."""
        return _ratio(self.profit, self.cost)


def _ratio(part: Fraction | None, whole: Fraction | None) -> Fraction | None:
    return part / whole if part is not None and whole else None
