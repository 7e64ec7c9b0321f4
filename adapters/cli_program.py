"""`regulars program`: what a loyalty programme says, in a file and in the log."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import click
import msgspec
from attrs import asdict
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    PROGRAM,
    Call,
    call_options,
    examples,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_document import document
from regulars.adapters.cli_screen import (
    amount,
    clock,
    count,
    facts,
    how_many,
    listing,
    plain,
    section,
    show,
    write_json,
)
from regulars.adapters.program_file import read_program
from regulars.application.aggregates import program_stream
from regulars.application.program import as_published, programme
from regulars.application.programs import ProgramEntry, Programs
from regulars.domain import program as domain
from regulars.domain.benefits import Benefit
from regulars.domain.care_plan import CarePlan
from regulars.domain.earning_rules import Group, Multiplier, Rule
from regulars.domain.offer_terms import Kind, Terms
from regulars.domain.program import EarningRulesPublished, Program
from regulars.domain.program_policies import ProgramPolicies
from regulars.domain.reward_catalogue import PricedReward
from regulars.domain.tier_ladder import TierLadder
from regulars.domain.values import Money, ProgramId

_NONE: Final = "No programme was published yet."

_clocks = timezone_option("On whose clocks times are shown.")


@click.group()
def program() -> None:
    """
    Look at programmes, in a file or in the log.

    A programme is a TOML file of earning rules and policies; `regulars import --program FILE`
    publishes it. Rules and policies hold for orders placed from their first moment on, and never
    change what was earned before.
    """


@program.command(epilog=examples("regulars program check earning.toml"))
@click.argument("file", type=click.Path(path_type=Path))
@_clocks
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
def check(*, file: Path, timezone: tzinfo, as_json: bool) -> None:
    """
    Check the programme in FILE, and show how it is understood. Nothing is recorded.

    What is wrong is told with its line.
    """
    _answer(as_published(read_program(file, program_id=PROGRAM)), timezone, as_json=as_json)


@program.command(
    name="show", epilog=examples("regulars program show", "regulars program show --program club")
)
@program_option()
@_clocks
@call_options(keys=False)
def show_(call: Call, *, program: ProgramId, timezone: tzinfo) -> None:
    """Show a programme as it was published, every version of its rules and policies."""
    with call.open(program) as crm:
        recorded = [one.event for one in crm.events(stream=program_stream(program))]
    told = cast("Iterable[domain.Event]", recorded)
    _answer(programme(told), timezone, as_json=call.as_json)


@program.command(name="list", epilog=examples("regulars program list"))
@call_options(keys=False)
def list_(call: Call) -> None:
    """
    List the programmes that were defined, with how often each part of them was published.

    Every command that is about a programme takes --program with one of these ids. Orders earn in
    one programme, which the host names; accounts of others are filled by the host.
    """
    with call.open() as crm:
        found = crm.ask(Programs())
    if call.as_json:
        write_json({"programs": list(map(asdict, found))})
    elif found:
        show(_listed(found))
    else:
        click.echo(_NONE)


def _listed(found: Sequence[ProgramEntry]) -> RenderableType:
    return listing(
        ("Programme", "Name", "Rules", "Policies", "Ladders", "Benefits", "Catalogues", "Care"),
        (
            (
                one.program,
                one.name,
                *map(
                    count,
                    (
                        one.rules,
                        one.policies,
                        one.ladders,
                        one.benefits,
                        one.catalogues,
                        one.cares,
                    ),
                ),
            )
            for one in found
        ),
        left=2,
    )


def _answer(told: Program, timezone: tzinfo, *, as_json: bool) -> None:
    if as_json:
        write_json(_document(told, timezone))
    else:
        show(*_shown(told, timezone))


def _document(told: Program, timezone: tzinfo) -> dict[str, object]:
    parts: dict[str, Sequence[object]] = {
        "rules": told.published,
        "policies": told.policies,
        "ladders": told.ladders,
        "catalogues": told.catalogues,
        "care": told.cares,
        "tier_benefits": told.benefits,
    }
    return {
        "name": None if told.defined is None else told.defined.name,
        **{part: [_without_program(one, timezone) for one in ones] for part, ones in parts.items()},
    }


def _without_program(event: object, timezone: tzinfo) -> dict[str, Any]:
    told: dict[str, Any] = document(event, timezone)
    del told["program"]
    return told


def _shown(told: Program, timezone: tzinfo) -> Iterator[RenderableType]:
    since = partial(_since, timezone)
    if told.defined is None:
        yield _NONE
        return
    yield section(f"Programme {plain(told.defined.name)}")
    for published in told.published:
        yield section(_title(published, timezone), facts(*_rules(published)))
    for one in told.policies:
        title = f"Policies, in force {since(one.effective_from)}"
        yield section(title, facts(*_policies(one.policies)))
    for ladder in told.ladders:
        title = f"Ladder {ladder.version}, in force {since(ladder.effective_from)}"
        yield section(title, facts(*_ladder(ladder.ladder)))
    for catalogue in told.catalogues:
        title = f"Catalogue {catalogue.version}, in force {since(catalogue.effective_from)}"
        yield section(title, facts(*map(_reward, catalogue.rewards)))
    for care in told.cares:
        title = f"Care, in force {since(care.effective_from)}"
        yield section(title, facts(*_care(care.plan)))
    for brought in told.benefits:
        title = f"Benefits {brought.version}, in force {since(brought.effective_from)}"
        yield section(title, facts(*_benefits(brought.benefits)))


def _title(published: EarningRulesPublished, timezone: tzinfo) -> str:
    currency = "any currency" if published.currency is None else published.currency
    since = _since(timezone, published.effective_from)
    return f"Rules {published.version}, {currency}, for orders {since}"


def _since(timezone: tzinfo, start: datetime | None) -> str:
    return "since ever" if start is None else f"from {clock(start, timezone)} on"


def _rules(published: EarningRulesPublished) -> Iterator[tuple[str, str]]:
    rules = published.rules
    delivery = " and delivery" if rules.delivery else ""
    yield "Looks at", f"{rules.base.value} prices of goods{delivery}"
    for number, group in enumerate(rules.groups, 1):
        yield f"Group {number}", _group(group)
        for rule in group.rules:
            yield f"  {plain(rule.rule)}", _rule(rule, published.currency)
    for one in rules.multipliers:
        yield plain(one.rule), _multiplier(one, published.currency)
    if rules.most is not None:
        yield "At most", f"{rules.most} points an order"


def _group(group: Group) -> str:
    capped = "" if group.most is None else f", at most {group.most} points"
    return f"{group.mode.value.replace('_', ' ')}{capped}"


def _rule(rule: Rule, currency: str | None) -> str:
    given: list[str] = []
    if rule.rate is not None:
        of = rule.rate
        per = str(of.per_numerator)
        if of.per_denominator != 1:
            per = f"{per}/{of.per_denominator}"
        given.append(f"{of.points} per {per}")
    if rule.bonus:
        given.append(f"{rule.bonus} points{' for each' if rule.each else ''}")
    return f"{', '.join(given)}{_conditions(rule, currency)}"


def _multiplier(one: Multiplier, currency: str | None) -> str:
    of = "" if one.denominator == 1 else f"/{one.denominator}"
    return f"times {one.numerator}{of}{_conditions(one, currency)}"


def _conditions(one: Rule | Multiplier, currency: str | None) -> str:
    told = {**_said(one.goods), **_said(one.when)}
    meant = one.when.currency or currency
    if one.when.at_least and meant is not None:
        told["at_least"] = amount(Money(minor=one.when.at_least, currency=meant))
    if one.when.nth is not None:
        within = "" if one.when.nth.days is None else f" within {one.when.nth.days} days"
        told["nth"] = f"{one.when.nth.n}{within}"
    words = ", ".join(f"{name} {_words(value)}" for name, value in told.items())
    return f" if {plain(words)}" if words else ""


def _said(part: object) -> dict[str, Any]:
    """What a part of a rule says that is not what all say."""
    usual = msgspec.to_builtins(type(part)())
    return {
        name: value for name, value in msgspec.to_builtins(part).items() if value != usual[name]
    }


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return " or ".join(map(str, cast("tuple[object, ...]", value)))
    return str(value)


def _policies(policies: ProgramPolicies) -> Iterator[tuple[str, str]]:
    usable = policies.activation
    days = f", {usable.days} days" if usable.days else ""
    yield "Usable", f"{usable.activation.value}{days}"
    expiry = {**_said(policies.expiry), "zone": policies.expiry.zone}
    if policies.expiry.period is not None:
        expiry["period"] = policies.expiry.period.name.lower()
    known = len(expiry) > 1
    told = ", ".join(f"{name} {value}" for name, value in expiry.items() if value is not None)
    yield "Expire", told if known else f"never, {told}"
    returns = policies.returns
    yield "Reversal", f"{returns.reversal.value}, {returns.arithmetic.value}"
    yield "Restoring", f"{returns.restore.value}, reinstated for {returns.reinstate_days} days"
    yield "Spent first", policies.spend_order.value
    yield "Pay for orders", f"at {policies.capture.value}"
    notice = policies.notice_days
    yield "Notice of expiry", "none" if notice is None else f"{notice} days before"


def _reward(one: PricedReward) -> tuple[str, str]:
    worth = "" if one.value is None else f", worth {amount(one.value)}"
    offer = "" if one.offer is None else f" of {plain(one.offer)}"
    return plain(one.reward), f"{one.kind.value}{offer} for {one.points} points{worth}"


def _ladder(ladder: TierLadder) -> Iterator[tuple[str, str]]:
    for level in ladder.levels:
        least = count(level.least)
        if ladder.currency is not None:
            least = amount(Money(minor=level.least, currency=ladder.currency))
        yield plain(level.tier), f"from {least} on"
    days = f", {ladder.days} days" if ladder.days else ""
    yield "Counts", f"{ladder.basis.value}, {ladder.window.value.replace('_', ' ')}{days}"
    term = "for ever" if ladder.term_months is None else f"{ladder.term_months} months"
    grace = f", then {ladder.grace_months} of grace" if ladder.grace_months else ""
    yield "Held", f"{term}{grace}"
    refunds = ", by refunds at once" if ladder.refunds_at_once else ""
    yield "Lost", f"{ladder.downgrade.value.replace('_', ' ')}{refunds}"
    yield "Days of", ladder.zone


def _care(plan: CarePlan) -> Iterator[tuple[str, str]]:
    yield "Birthdays", "yes" if plan.birthdays else "no"
    yield "Holidays", f"{plain(', '.join(plan.holidays)) or 'none'} of {plain(plan.region)}"
    yield "Consent on", "all channels" if plan.channel is None else plain(plan.channel)
    yield "Quiet", f"from {plan.quiet_from}:00 until {plan.quiet_until}:00 in {plan.zone}"
    if plan.remind_days is not None:
        yield "Merchants", f"reminded {plan.remind_days} days ahead"
    if plan.campaign is not None:
        yield "Grants", f"{plan.amount} by campaign {plain(plan.campaign)}"


def _benefits(benefits: Iterable[Benefit]) -> Iterator[tuple[str, str]]:
    for one in benefits:
        yield plain(one.benefit), f"{benefit_words(one)}, for {' or '.join(map(plain, one.tiers))}"


def benefit_words(one: Benefit) -> str:
    """What a benefit brings, in words."""
    kind = one.kind.value.replace("_", " ")
    if one.rule is not None:
        return f"{kind} by {plain(one.rule)}"
    if one.offer is not None:
        return f"{kind}: a coupon of {plain(one.offer)} with each term"
    return kind if one.terms is None else f"{kind}{terms_words(one.terms)}"


def terms_words(terms: Terms) -> str:
    """What terms take off and of what, in words that follow their kind."""
    off = ""
    if terms.kind is Kind.PERCENT:
        off = f" of {Decimal(terms.value) / 100} %"
    elif terms.kind is Kind.FREE_ITEM:
        off = f" for {how_many(terms.value, 'unit')}"
    elif terms.value:
        off = f" of {_money(terms.value, terms)}"
    least = f" from {_money(terms.at_least, terms)} on" if terms.at_least else ""
    most = "" if terms.most is None else f", at most {_money(terms.most, terms)}"
    scope = ", ".join(f"{name} {_words(value)}" for name, value in _said(terms.scope).items())
    return f"{off}{least}{most}{f', {plain(scope)}' if scope else ''}"


def _money(minor: int, terms: Terms) -> str:
    return amount(Money(minor=minor, currency=terms.currency))
