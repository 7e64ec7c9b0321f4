"""`regulars restrict`, `lift` and `object`: data that is kept and not used, and uses not wanted."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_document import document
from regulars.adapters.cli_erase import by_option, class_option
from regulars.adapters.cli_screen import clock, facts, plain, section, show, write_json
from regulars.application.crm import Crm
from regulars.application.door import Request
from regulars.application.events import Command
from regulars.application.rights import PrivacyChoices, PrivacyChoicesOf
from regulars.domain.personal import DataClass
from regulars.domain.rights import (
    LiftRestriction,
    ObjectToProcessing,
    RestrictProcessing,
    WithdrawObjection,
)
from regulars.domain.values import CustomerId, Refusal


@click.command(
    epilog=examples(
        "regulars restrict 1609 --reason disputed",
        "regulars restrict 1609 --class address --reason ticket-12 --by privacy_officer:po-1",
    )
)
@click.argument("customer")
@class_option("Restrict data of this class alone")
@click.option(
    "--reason",
    metavar="CODE",
    required=True,
    help="Why, as a code that says nothing about the person, such as disputed or ticket-12.",
)
@by_option
@call_options(keys=False)
def restrict(call: Call, *, customer: str, classes: tuple[str, ...], reason: str, by: str) -> None:
    """
    Keep personal data of CUSTOMER, and let nobody use it.

    All of it, what they give later too, or by class. From then on reads are denied but for those
    that a law demands, to which access by the person themselves belongs; protected numbers of
    their open orders are let go of, and retention leaves the data alone. `regulars lift` ends it.
    """
    at = datetime.now(UTC)
    wanted: list[DataClass | None] = [DataClass(one) for one in classes]
    commands = [
        RestrictProcessing(customer=CustomerId(customer), at=at, data_class=one, reason=reason)
        for one in wanted or [None]
    ]
    say(call, customer, commands, by=by)


@click.command(
    epilog=examples(
        "regulars lift 1609 --reason settled",
        "regulars lift 1609 --class address --reason ticket-12 --json",
    )
)
@click.argument("customer")
@class_option("Lift the restriction of this class alone")
@click.option(
    "--reason",
    metavar="CODE",
    required=True,
    help="Why, as a code that says nothing about the person, such as settled.",
)
@by_option
@call_options(keys=False)
def lift(call: Call, *, customer: str, classes: tuple[str, ...], reason: str, by: str) -> None:
    """
    End what `regulars restrict` began, all of it or by class.

    Where all data is restricted as one, it is lifted as one, and not for a single class.
    """
    at, whose = datetime.now(UTC), CustomerId(customer)
    wanted: list[DataClass | None] = [DataClass(one) for one in classes]
    if not wanted:
        with call.open() as crm:
            every = crm.ask(PrivacyChoicesOf(customer=whose)).restrictions
        wanted = [one.data_class for one in every]
    commands = [
        LiftRestriction(customer=whose, at=at, data_class=one, reason=reason) for one in wanted
    ]
    say(call, customer, commands, by=by)


@click.command(
    name="object",
    epilog=examples(
        "regulars object 1609 --purpose marketing",
        "regulars object 1609 --purpose marketing --withdraw --by customer:1609 --json",
    ),
)
@click.argument("customer")
@click.option(
    "--purpose",
    metavar="CODE",
    required=True,
    help="What is not wanted, as a code of the policy such as marketing or analytics.",
)
@click.option("--withdraw", is_flag=True, help="Take the objection back.")
@by_option
@call_options(keys=False, policy=True)
def object_(call: Call, *, customer: str, purpose: str, withdraw: bool, by: str) -> None:
    """
    Record that CUSTOMER objects to a use of their data.

    It stops the next read for that purpose, whatever was allowed before and without asking why; a
    read that a law demands goes on. With --withdraw they no longer object, and what needs a
    consent still needs it.
    """
    kind = WithdrawObjection if withdraw else ObjectToProcessing
    command = kind(customer=CustomerId(customer), at=datetime.now(UTC), purpose=purpose)
    say(call, customer, [command], by=by)


def say(call: Call, customer: str, commands: Sequence[Command], *, by: str) -> None:
    """
    Record what a customer says, all or nothing, and answer with what they have said by then.

    Raises:
        Refusal: one of these commands cannot be.
    """
    with call.open() as crm:
        told = _recorded(crm, commands, by) if commands else []
        choices = crm.ask(PrivacyChoicesOf(customer=CustomerId(customer)))
    if call.as_json:
        write_json({"recorded": told, **document(choices, UTC)})
        return
    new = ("Recorded", ", ".join(told) or "nothing new")
    title = f"Customer {plain(choices.customer)}"
    show(section(title, facts(new, *standing(choices, UTC))))


def _recorded(crm: Crm, commands: Sequence[Command], by: str) -> list[str]:
    (outcome,) = crm.execute_all([Request(commands=tuple(commands), by=by)])
    if isinstance(outcome, Refusal):
        raise outcome
    return [type(one).__name__ for one in outcome.events]


def standing(choices: PrivacyChoices, timezone: tzinfo) -> tuple[tuple[str, str], ...]:
    """What a customer objects to and has restricted, for people."""
    objections = [
        f"{one.purpose}, since {clock(one.since, timezone)}" for one in choices.objections
    ]
    restrictions = [
        f"{'all data' if one.data_class is None else one.data_class.value}"
        f", since {clock(one.since, timezone)}{f', {one.reason}' if one.reason else ''}"
        for one in choices.restrictions
    ]
    return (
        ("Objects to", "; ".join(objections) or "nothing"),
        ("Restricted", "; ".join(restrictions) or "nothing"),
    )
