"""`regulars requests`: what people ask for about their data, and by when they have their answer."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import click
from rich.console import RenderableType

from regulars.adapters.cli_call import Call, call_options, examples, moment_of
from regulars.adapters.cli_erase import by_option
from regulars.adapters.cli_screen import listing, show, time_text, utc_text, write_json
from regulars.application.subject_requests import RequestStanding, SubjectRequests
from regulars.domain.subject_request import (
    AnswerSubjectRequest,
    ExtendSubjectRequest,
    ReceiveSubjectRequest,
    Right,
)
from regulars.domain.values import CustomerId, SubjectRequestId

_OVERDUE: Final = 1
_REASON: Final = "Why, as a code such as many-orders or gdpr-17-3-b; never a person's words."


def _moment(option: str, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        option,
        metavar="T",
        help=f"{text}: 2026-05-31T18:00:00+02:00, 2026-05-31T18:00 in UTC, or 2026-05-31 for the"
        " end of that day.",
    )


_at_option: Final = _moment("--at", "When it was, if not now")
_due_option: Final = _moment("--due", "By when it is answered, where that is sooner than the law")


@click.group()
def requests() -> None:
    """
    Keep track of what people ask for about their data.

    Access, a portable copy, rectification, erasure, restriction, objection or an explanation: each
    is answered within a month of the calendar, or within three if the person was told why in the
    first (GDPR 12(3)). What was asked for is done by the command for it, such as `regulars export`
    or `regulars erase`; here is only kept that it was asked for and answered. Let cron look:

    \b
      5 6 * * *  regulars requests list --database sqlite:////var/lib/shop.db || mail …
    """  # noqa: D301 - click's own backspace


@requests.command(
    "list",
    epilog=examples(
        "regulars requests list",
        "regulars requests list --customer 1609 --answered",
        "regulars requests list --json | jq '.requests[] | select(.overdue)'",
    ),
)
@click.option("--customer", metavar="ID", help="Those of this customer alone.")
@click.option("--answered", is_flag=True, help="Those too that have their answer.")
@call_options(keys=False)
def list_(call: Call, *, customer: str | None, answered: bool) -> None:
    """
    List the requests that wait for an answer, the most urgent first.

    Ends with status 1 if one of them is overdue.
    """
    asked = SubjectRequests(
        customer=None if customer is None else CustomerId(customer), answered=answered
    )
    with call.open() as crm:
        found = crm.ask(asked)
    if call.as_json:
        write_json({"requests": list(map(_document, found))})
    elif found:
        show(_listed(found))
    else:
        click.echo("Nobody waits for an answer")
    if any(one.overdue and one.answered_at is None for one in found):
        sys.exit(_OVERDUE)


@requests.command(
    epilog=examples(
        "regulars requests receive q-7 1609 --right access",
        "regulars requests receive q-8 1609 --right erasure --at 2026-05-31T18:00 --due 2026-06-15",
    )
)
@click.argument("request")
@click.argument("customer")
@click.option(
    "--right",
    type=click.Choice([one.value for one in Right]),
    required=True,
    help="What they ask for.",
)
@_at_option
@_due_option
@by_option
@call_options(keys=False)
def receive(  # noqa: PLR0913 - the options of a command
    call: Call, *, request: str, customer: str, right: str, at: str | None, due: str | None, by: str
) -> None:
    """Record under the id REQUEST that CUSTOMER asks for something."""
    told = ReceiveSubjectRequest(
        request=SubjectRequestId(request),
        customer=CustomerId(customer),
        at=_told_at(at),
        right=Right(right),
        due_at=moment_of(due, UTC, option="--due", recorded=True),
    )
    _record(call, told, by=by)


@requests.command(
    epilog=examples(
        "regulars requests extend q-7 --reason many-orders",
        "regulars requests extend q-7 --reason many-orders --due 2026-07-31 --json",
    )
)
@click.argument("request")
@click.option("--reason", metavar="CODE", required=True, help=_REASON)
@_at_option
@_due_option
@by_option
@call_options(keys=False)
def extend(  # noqa: PLR0913 - the options of a command
    call: Call, *, request: str, reason: str, at: str | None, due: str | None, by: str
) -> None:
    """
    Record that the person was told that REQUEST takes longer, and why.

    Once, and before the answer is due: by default until three months after it was received.
    """
    told = ExtendSubjectRequest(
        request=SubjectRequestId(request),
        at=_told_at(at),
        reason=reason,
        due_at=moment_of(due, UTC, option="--due", recorded=True),
    )
    _record(call, told, by=by)


@requests.command(
    epilog=examples(
        "regulars requests answer q-7",
        "regulars requests answer q-7 --refused --reason gdpr-17-3-b",
    )
)
@click.argument("request")
@click.option("--refused", is_flag=True, help="It was not, or not wholly, given what it asked for.")
@click.option("--reason", metavar="CODE", help=_REASON)
@_at_option
@by_option
@call_options(keys=False)
def answer(  # noqa: PLR0913 - the options of a command
    call: Call, *, request: str, refused: bool, reason: str | None, at: str | None, by: str
) -> None:
    """Record that the person has the answer to REQUEST. A refusal needs its reason."""
    told = AnswerSubjectRequest(
        request=SubjectRequestId(request), at=_told_at(at), granted=not refused, reason=reason
    )
    _record(call, told, by=by)


def _told_at(text: str | None) -> datetime:
    return moment_of(text, UTC, option="--at", recorded=True) or datetime.now(UTC)


def _record(
    call: Call,
    told: ReceiveSubjectRequest | ExtendSubjectRequest | AnswerSubjectRequest,
    *,
    by: str,
) -> None:
    with call.open() as crm:
        crm.execute(told, by=by)
        found = [
            one for one in crm.ask(SubjectRequests(answered=True)) if one.request == told.request
        ]
    if call.as_json:
        write_json(_document(found[0]))
    else:
        show(_listed(found))


def _listed(found: Sequence[RequestStanding]) -> RenderableType:
    heads = ("Request", "Customer", "Right", "Received", "Due", "Answer")
    return listing(
        heads,
        (
            (
                one.request,
                one.customer,
                one.right.value,
                utc_text(one.received_at),
                utc_text(one.due_at),
                _said(one),
            )
            for one in found
        ),
        left=len(heads),
    )


def _said(one: RequestStanding) -> str:
    if one.granted is None:
        return "overdue" if one.overdue else "waits"
    said = "given" if one.granted else f"refused: {one.reason}"
    return f"{said}, too late" if one.overdue else said


def _document(one: RequestStanding) -> dict[str, object]:
    return {
        "request": one.request,
        "customer": one.customer,
        "person": one.person,
        "right": one.right.value,
        "received_at": time_text(one.received_at, UTC),
        "due_at": time_text(one.due_at, UTC),
        "overdue": one.overdue,
        "extended": one.extended,
        "answered_at": time_text(one.answered_at, UTC),
        "granted": one.granted,
        "reason": one.reason,
    }
