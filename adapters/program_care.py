"""The tables of a programme's file that say how customers are cared for, and the plan they are."""

import msgspec

from regulars.adapters.program_rules import Moment, WrongRules
from regulars.domain.care_plan import CarePlan, care_flaw
from regulars.domain.values import CampaignId

_USUAL = CarePlan()


class Care(msgspec.Struct, forbid_unknown_fields=True):
    """A table `[[care]]`: a plan of care, from a moment on."""

    effective_from: Moment | None = None
    birthdays: bool = _USUAL.birthdays
    holidays: list[str] = []
    region: str = _USUAL.region
    channel: str | None = None
    quiet_from: int = _USUAL.quiet_from
    quiet_until: int = _USUAL.quiet_until
    remind_days: int | None = None
    campaign: str | None = None
    amount: int = _USUAL.amount
    zone: str = _USUAL.zone

    def plan(self) -> CarePlan:
        """
        The plan that the table says.

        Raises:
            WrongRules: it cannot be; the place is one in this table.
        """
        told = CarePlan(
            birthdays=self.birthdays,
            holidays=tuple(self.holidays),
            region=self.region,
            channel=self.channel,
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            remind_days=self.remind_days,
            campaign=None if self.campaign is None else CampaignId(self.campaign),
            amount=self.amount,
            zone=self.zone,
        )
        found = care_flaw(told)
        if found is not None:
            raise WrongRules(found.place, found.why)
        return told
