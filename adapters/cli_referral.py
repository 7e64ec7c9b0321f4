"""`regulars referral`: who claims to have brought a customer, and what became of it."""

from collections.abc import Iterator
from datetime import tzinfo

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import (
    Call,
    as_of_option,
    call_options,
    examples,
    moment_of,
    program_option,
    timezone_option,
)
from regulars.adapters.cli_profile import known_customer
from regulars.adapters.cli_screen import (
    amount,
    clock,
    count,
    facts,
    money_document,
    plain,
    section,
    show,
    time_text,
    write_json,
)
from regulars.application.referrals import ReferralsOf, ReferralStage, ReferralStanding
from regulars.domain.referral import NoReferral, ReferralTerms
from regulars.domain.values import CustomerId, Money, ProgramId

_STAGES = {
    ReferralStage.CLAIMED: "claimed",
    ReferralStage.ACCEPTED: "accepted, waits for the first order to be completed",
    ReferralStage.REJECTED: "rejected",
    ReferralStage.QUALIFIED: "qualified",
    ReferralStage.CLAWED_BACK: "clawed back, for that order was paid back",
}
_REASONS = {
    NoReferral.SELF: "both are one id",
    NoReferral.SAME_PERSON: "both are one person",
    NoReferral.SECOND_REFERRER: "another claim was accepted before",
    NoReferral.ORDERED_BEFORE: "an order was delivered before",
    NoReferral.ORDER_TOO_SMALL: "the first order was too small, or in another currency",
}


@click.command(
    epilog=examples(
        "regulars referral 1609",
        "regulars referral 1609 --program club",
        "regulars referral 1609 --as-of 2024-05-31 --json | jq '.claims[].stage'",
    )
)
@click.argument("customer")
@as_of_option
@program_option()
@timezone_option("On whose clocks times are shown, and --as-of is read.")
@call_options(keys=False)
def referral(
    call: Call, *, customer: str, as_of: str | None, program: ProgramId, timezone: tzinfo
) -> None:
    """
    Tell who claims to have brought CUSTOMER, and what came of it.

    The first claim that is accepted is the only one that counts. It qualifies with the first
    order, and both sides then earn what the programme has for it: see regulars balance of each.
    """
    at = moment_of(as_of, timezone)
    with call.read(program) as crm:
        found = crm.ask(ReferralsOf(customer=CustomerId(customer), program=program), as_of=at)
        if not found:
            known_customer(crm, customer)
    if call.as_json:
        claims = [_document(one, timezone) for one in found]
        told = {"customer": customer, "program": program, "as_of": time_text(at, timezone)}
        write_json({**told, "claims": claims})
    elif found:
        show(*_shown(customer, found, timezone))
    else:
        click.echo(f"Nobody claims to have brought customer {plain(customer)}")


def _document(one: ReferralStanding, timezone: tzinfo) -> dict[str, object]:
    terms = one.terms
    return {
        "referrer": one.referrer,
        "stage": one.stage.value,
        "since": time_text(one.since, timezone),
        "claimed_at": time_text(one.claimed_at, timezone),
        "reason": None if one.reason is None else one.reason.value,
        "order": one.order,
        "event": one.position,
        "terms": {
            "at_least": None
            if terms.currency is None
            else money_document(Money(minor=terms.at_least, currency=terms.currency)),
            "claw_back_days": terms.claw_back_days,
            "most": terms.most,
            "most_days": terms.most_days,
        },
    }


def _shown(
    customer: str, found: tuple[ReferralStanding, ...], timezone: tzinfo
) -> Iterator[RenderableType]:
    for one in found:
        reason = "" if one.reason is None else f": {_REASONS[one.reason]}"
        by = "" if one.order is None else f" by order {plain(one.order)}"
        yield section(
            f"Customer {plain(customer)}, brought by {plain(one.referrer)}: {one.stage.value}",
            facts(
                ("Claimed", clock(one.claimed_at, timezone)),
                ("Stands", f"{_STAGES[one.stage]}{reason}{by}"),
                ("Since", f"{clock(one.since, timezone)}  (event {count(one.position)})"),
                ("Asks for", _terms(one.terms)),
            ),
        )


def _terms(terms: ReferralTerms) -> str:
    told = "a first order"
    if terms.currency is not None:
        told += f" of {amount(Money(minor=terms.at_least, currency=terms.currency))} or more"
    most = "" if terms.most is None else f", for {count(terms.most)} in {terms.most_days} days"
    return f"{told}, kept for {count(terms.claw_back_days)} days{most}"
