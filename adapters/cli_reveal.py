"""`regulars reveal`: one personal value, for who says who they are and what for."""

from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import facts, plain, section, show, write_json
from regulars.adapters.spelled_out import spelled_out
from regulars.application.ports import KeyUnavailable, Revealed, Tampered
from regulars.application.reading import WORDS, DataOf, Masked, Outcome
from regulars.domain.actor import Actor
from regulars.domain.personal import DataClass
from regulars.domain.reading import Denied
from regulars.domain.values import CustomerId, OrderId


def actor_of(ctx: click.Context, param: click.Parameter, value: str | None) -> Actor | None:
    """The reader that `ROLE:ID` names; for options that take one."""
    if value is None:
        return None
    role, colon, name = value.partition(":")
    if not (role and colon and name):
        raise click.BadParameter(
            f"{value!r} is no reader; one is support:s-7", ctx=ctx, param=param
        )
    return Actor(role=role, id=name)


def reader_options(*, purpose: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """The options that say who reads, for what and why; they make `actor`, `purpose`, `reason`."""
    usual: dict[str, Any] = {} if purpose is None else {"default": purpose, "show_default": True}

    def with_reader(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--reason",
                metavar="CODE",
                help="Why, as a code such as ticket-12; never a person's words.",
            ),
            click.option(
                "--as",
                "actor",
                metavar="ROLE:ID",
                required=True,
                callback=actor_of,
                help="Who reads, such as support:s-7. The caller answers for it: nothing here"
                " checks who sits at the keyboard.",
            ),
            click.option(
                "--purpose",
                metavar="CODE",
                required=purpose is None,
                **usual,
                help="What for: delivery, service, billing, marketing, analytics, legal_duty,"
                " subject_access.",
            ),
        ):
            command = option(command)
        return command

    return with_reader


@click.command(
    epilog=examples(
        "regulars reveal ada --class contact --purpose service --as support:s-7 --reason t-12",
        "regulars reveal ada --class address --field home --purpose delivery --as courier:c-3"
        " --order o-1",
        "regulars reveal ada --class contact --purpose subject_access --as customer:ada --json",
    )
)
@click.argument("customer")
@click.option(
    "--class",
    "data_class",
    type=click.Choice([one.value for one in DataClass]),
    required=True,
    help="The class of data.",
)
@click.option(
    "--field",
    metavar="NAME",
    help="Which one, where there are several: the id of an address, or the name of a box.",
)
@click.option("--order", metavar="ID", help="The order that it is read for.")
@click.option("--channel", metavar="NAME", help="The channel that a consent has to be for.")
@reader_options()
@call_options(policy=True)
def reveal(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    customer: str,
    data_class: str,
    field: str | None,
    order: str | None,
    channel: str | None,
    purpose: str,
    actor: Actor,
    reason: str | None,
) -> None:
    """
    Show a personal value of CUSTOMER, if the rules allow it.

    The policy says which role sees which class for which purpose: as it is, masked, or not at all.
    It asks for consent where one is needed, for an open order where the role has to do with one,
    and whether the customer restricted or objected. The access is recorded first, whatever comes
    of it; `regulars access-log` shows it. Who reads too much at once is suspended.

    The exit status is 1 if no value is shown.
    """
    sought = DataOf(customer=CustomerId(customer), data_class=DataClass(data_class), field=field)
    with call.open() as crm:
        outcome = crm.reveal(
            sought,
            purpose=purpose,
            actor=actor,
            order=None if order is None else OrderId(order),
            channel=channel,
            reason=reason,
        )
    if call.as_json:
        write_json({"customer": customer, "class": data_class, **outcome_document(outcome)})
    else:
        show(*_shown(customer, data_class, outcome))
    if not isinstance(outcome, Revealed | Masked):
        click.get_current_context().exit(1)


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """What came of a read, in JSON."""
    value = outcome.value if isinstance(outcome, Revealed | Masked) else None
    return {
        "outcome": WORDS[type(outcome)],
        "denial": outcome.reason.value if isinstance(outcome, Denied) else None,
        "value": None if value is None else spelled_out(value),
    }


def _shown(customer: str, data_class: str, outcome: Outcome) -> Iterator[RenderableType]:
    word = WORDS[type(outcome)].replace("_", " ")
    match outcome:
        case Revealed() | Masked():
            found = spelled_out(outcome.value)
            lines = [(name, str(value)) for name, value in found.items() if value]
        case Denied(reason):
            lines = [("Reason", reason.value.replace("_", " "))]
        case Tampered(why) | KeyUnavailable(why):
            lines = [("Reason", why)]
        case _:
            lines = []
    yield section(f"{data_class.capitalize()} of {plain(customer)}: {word}", facts(*lines))
