"""`regulars reveal`: one personal value, for who says who they are and what for."""

from collections.abc import Callable, Iterator
from typing import Any

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import facts, plain, section, show, write_json
from regulars.adapters.spelled_out import spelled_out
from regulars.application.aggregates import order_stream
from regulars.application.boxed import boxes_of, class_of, subject_of
from regulars.application.crm import Crm
from regulars.application.ports import KeyUnavailable, Revealed, Tampered
from regulars.application.reading import WORDS, BoxIn, DataOf, Masked, NotKept, Outcome, SeveralKept
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
        "regulars reveal ada --class address --purpose delivery --as courier:c-3 --order o-1",
        "regulars reveal ada --class contact --purpose subject_access --as customer:ada --json",
        "regulars reveal ada --class content --order o1 --purpose subject_access --as customer:ada",
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
@click.option(
    "--order",
    metavar="ID",
    help="The order that it is read for; of addresses it means the one it goes to, of content the"
    " words on it and in its review.",
)
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
    whole = DataOf(customer=CustomerId(customer), data_class=DataClass(data_class), field=field)
    with call.open() as crm:
        words = [] if order is None else _words_on(crm, whole, order)
        outcomes = crm.reveal_many(
            words or [whole],
            purpose=purpose,
            actor=actor,
            order=None if order is None else OrderId(order),
            channel=channel,
            reason=reason,
        )
    if isinstance(outcomes[0], SeveralKept):
        raise outcomes[0]
    told = {"customer": customer, "class": data_class}
    if call.as_json and words:
        each = [
            {"field": one.field, **outcome_document(outcome)}
            for one, outcome in zip(words, outcomes, strict=True)
        ]
        write_json({**told, "order": order, "values": each})
    elif call.as_json:
        write_json({**told, **outcome_document(outcomes[0])})
    else:
        show(*(part for one in outcomes for part in _shown(customer, data_class, one)))
    if not any(isinstance(one, Revealed | Masked) for one in outcomes):
        click.get_current_context().exit(1)


def _words_on(crm: Crm, sought: DataOf, order: str) -> list[BoxIn]:
    """What a customer had written on an order and in its review: no one value of theirs."""
    if sought.data_class is not DataClass.CONTENT:
        return []
    return [
        BoxIn(recorded=recorded, field=name)
        for recorded in crm.events(stream=order_stream(OrderId(order)))
        for name in boxes_of(recorded.event)
        if class_of(recorded.event, name) is DataClass.CONTENT
        and subject_of(recorded.event) == f"customer/{sought.customer}"
        and sought.field in {None, name}
    ]


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
        case NotKept() if data_class == DataClass.CONTENT.value:
            lines = [("Elsewhere", "words on an order and in its review: ask with --order")]
        case _:
            lines = []
    yield section(f"{data_class.capitalize()} of {plain(customer)}: {word}", facts(*lines))
