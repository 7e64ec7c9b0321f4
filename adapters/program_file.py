"""A loyalty programme as a person writes it: TOML to commands, with errors that name the line."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from attrs import evolve, frozen

from regulars.adapters.program_benefits import TierBenefits
from regulars.adapters.program_care import Care
from regulars.adapters.program_ladder import Ladder
from regulars.adapters.program_rewards import Rewards
from regulars.adapters.program_rules import Earning, Moment, WrongRules
from regulars.adapters.toml_file import NotToml, read_toml
from regulars.domain.care_plan import SetCarePlan
from regulars.domain.earning_rules import RuleSet
from regulars.domain.ledger_policies import (
    Arithmetic,
    Capture,
    Restore,
    ReturnPolicy,
    Reversal,
    SpendOrder,
)
from regulars.domain.program import (
    Command,
    DefineProgram,
    PublishEarningRules,
    PublishTierBenefits,
    PublishTierLadder,
    SetProgramPolicies,
)
from regulars.domain.program_policies import USUAL, ProgramPolicies, policy_flaw
from regulars.domain.publication import Timed
from regulars.domain.reward_catalogue import PublishRewards
from regulars.domain.rule_flaws import Place, spelled
from regulars.domain.tier_ladder import TierLadder
from regulars.domain.validity import (
    Activation,
    ActivationPolicy,
    Counted,
    ExpiryPolicy,
    Period,
)
from regulars.domain.values import BEGINNING, ProgramId

_PERIODS: Final = {period.name.lower(): period for period in Period}
_WHERE: Final = re.compile(r"^(?P<why>.*?)(?: - at `\$?(?P<place>[^`]*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\[(?P<number>\d+)\]|\.?(?P<name>[^.\[\]]+)")
_UNKNOWN: Final = re.compile(r"unknown field `(?P<name>[^`]*)`")


class _Activation(msgspec.Struct, forbid_unknown_fields=True):
    when: Activation
    days: int = 0


class _Expiry(msgspec.Struct, forbid_unknown_fields=True):
    days: int | None = None
    months: int | None = None
    month: int | None = None
    day: int | None = None
    period: str | None = None
    inactivity: int | None = None
    counted: Counted = Counted.ACTIVATION
    zone: str = "Asia/Shanghai"


class _Returns(msgspec.Struct, forbid_unknown_fields=True):
    reversal: Reversal = USUAL.returns.reversal
    arithmetic: Arithmetic = USUAL.returns.arithmetic
    restore: Restore = USUAL.returns.restore
    reinstate_days: int = USUAL.returns.reinstate_days


class _Policies(msgspec.Struct, forbid_unknown_fields=True):
    activation: _Activation | None = None
    expiry: _Expiry | None = None
    returns: _Returns | None = None
    spend_order: SpendOrder = USUAL.spend_order
    capture: Capture = USUAL.capture
    notice_days: int | None = None
    effective_from: Moment | None = None

    def policies(self) -> ProgramPolicies:
        """What the tables say, and where they are silent what is usual."""
        told = ProgramPolicies(
            activation=self._activation(),
            expiry=self._expiry(),
            returns=self._returns(),
            spend_order=self.spend_order,
            capture=self.capture,
            notice_days=self.notice_days,
        )
        found = policy_flaw(told)
        if found is not None:
            raise WrongRules(found.place, found.why)
        return told

    def _activation(self) -> ActivationPolicy:
        told = self.activation
        if told is None:
            return USUAL.activation
        if told.days and told.when is not Activation.DELAY:
            raise WrongRules(("activation", "days"), 'is told with when = "delay" alone')
        return ActivationPolicy(activation=told.when, days=told.days)

    def _expiry(self) -> ExpiryPolicy:
        told = self.expiry
        if told is None:
            return USUAL.expiry
        if told.period is not None and told.period not in _PERIODS:
            raise WrongRules(("expiry", "period"), f"must be one of {', '.join(_PERIODS)}")
        return ExpiryPolicy(
            days=told.days,
            months=told.months,
            month=told.month,
            day=told.day,
            period=None if told.period is None else _PERIODS[told.period],
            inactivity=told.inactivity,
            counted=told.counted,
            zone=told.zone,
        )

    def _returns(self) -> ReturnPolicy:
        told = self.returns
        if told is None:
            return USUAL.returns
        return ReturnPolicy(
            reversal=told.reversal,
            arithmetic=told.arithmetic,
            restore=told.restore,
            reinstate_days=told.reinstate_days,
        )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    earning: Annotated[list[Earning], msgspec.Meta(min_length=1)]
    policies: list[_Policies] = []
    ladder: list[Ladder] = []
    catalogue: list[Rewards] = []
    care: list[Care] = []
    tier_benefits: list[TierBenefits] = []
    name: str = "Regulars"


_Told = TypeVar("_Told", bound=Timed)


@frozen(kw_only=True)
class UnusableProgram(Exception):
    """The file says no programme. Names the file, and the line."""

    file: str
    why: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}, line {self.line}"
        return f"{place}: {self.why}"


def read_program(
    path: Path, *, program_id: ProgramId, now: datetime | None = None
) -> tuple[Command, ...]:
    """
    The commands that define the programme of a TOML file, as docs/loyalty.md has it.

    The shortest is a table `[[earning]]` with `points`. A table is told when it begins, one that
    begins after `now` by then.

    Raises:
        UnusableProgram: the file cannot be read, is no TOML, or says something else.
    """
    file = str(path)
    try:
        written = read_toml(path)
    except NotToml as wrong:
        raise UnusableProgram(file=file, why=str(wrong), line=wrong.line) from None
    try:
        told = _commands(_converted(written.document), program_id)
    except WrongRules as wrong:
        why = f"{spelled(wrong.place)} {wrong}".lstrip()
        if wrong.other is not None:
            why += f": {spelled(wrong.other)}, line {written.line_of(wrong.other)}"
        line = written.line_of(wrong.place)
        raise UnusableProgram(file=file, why=why, line=line) from None
    return told if now is None else tuple(evolve(one, at=min(one.at, now)) for one in told)


def _converted(found: Mapping[str, Any]) -> _File:
    try:
        return msgspec.convert(found, _File)
    except msgspec.ValidationError as error:
        told = _WHERE.match(str(error))
        why, where = (told["why"], told["place"] or "") if told else (str(error), "")
        place: Place = tuple(
            int(step["number"]) if step["number"] else step["name"]
            for step in _STEP.finditer(where)
        )
        unknown = _UNKNOWN.search(why)
        if unknown:
            raise WrongRules((*place, unknown["name"]), "is no field that is known here") from None
        raise WrongRules(place, f"is wrong: {why}") from None


def _commands(found: _File, program_id: ProgramId) -> tuple[Command, ...]:
    if not found.name.strip():
        raise WrongRules(("name",), "is blank")
    commands: list[Command] = [DefineProgram(program=program_id, at=BEGINNING, name=found.name)]
    tiers = {level.tier for ladder in found.ladder for level in ladder.levels} or None
    commands += _each("earning", found.earning, partial(_earning, program_id, tiers))
    commands += _each("policies", found.policies, partial(_policies, program_id))
    commands += _each("ladder", found.ladder, partial(_ladder, program_id))
    commands += _each("catalogue", found.catalogue, partial(_rewards, program_id))
    commands += _each("care", found.care, partial(_care, program_id))
    ladders = [one.ladder for one in commands if isinstance(one, PublishTierLadder)]
    rules = [one.rules for one in commands if isinstance(one, PublishEarningRules)]
    benefits = partial(_benefits, program_id, ladders, rules)
    commands += _each("tier_benefits", found.tier_benefits, benefits)
    return tuple(commands)


def _each(
    kind: str, tables: Sequence[_Told], command: Callable[[_Told, datetime | None], Command]
) -> Iterator[Command]:
    """The command of each table of a kind, no two of which begin at once for the same."""
    begun: dict[tuple[datetime | None, str | None], int] = {}
    for number, told in enumerate(tables):
        start = None if told.effective_from is None else told.effective_from.astimezone(UTC)
        currency = told.currency if isinstance(told, Earning) else None
        if (start, currency) in begun:
            whose = ", for the same currency" if isinstance(told, Earning) else ""
            why = f"begins when another does{whose}"
            raise WrongRules((kind, number), why, other=(kind, begun[start, currency]))
        begun[start, currency] = number
        try:
            yield command(told, start)
        except WrongRules as wrong:
            raise wrong.below(kind, number) from None


def _earning(
    program_id: ProgramId, tiers: Collection[str] | None, told: Earning, start: datetime | None
) -> Command:
    return PublishEarningRules(
        program=program_id,
        at=start or BEGINNING,
        rules=told.rules(tiers),
        currency=told.currency,
        effective_from=start,
    )


def _policies(program_id: ProgramId, told: _Policies, start: datetime | None) -> Command:
    return SetProgramPolicies(
        program=program_id,
        at=start or BEGINNING,
        policies=told.policies(),
        effective_from=start,
    )


def _ladder(program_id: ProgramId, told: Ladder, start: datetime | None) -> Command:
    return PublishTierLadder(
        program=program_id, at=start or BEGINNING, ladder=told.ladder(), effective_from=start
    )


def _rewards(program_id: ProgramId, told: Rewards, start: datetime | None) -> Command:
    return PublishRewards(
        program=program_id, at=start or BEGINNING, rewards=told.catalogue(), effective_from=start
    )


def _care(program_id: ProgramId, told: Care, start: datetime | None) -> Command:
    return SetCarePlan(
        program=program_id, at=start or BEGINNING, plan=told.plan(), effective_from=start
    )


def _benefits(
    program_id: ProgramId,
    ladders: Sequence[TierLadder],
    rules: Sequence[RuleSet],
    told: TierBenefits,
    start: datetime | None,
) -> Command:
    return PublishTierBenefits(
        program=program_id,
        at=start or BEGINNING,
        benefits=told.told(ladders, rules),
        effective_from=start,
    )
