"""`regulars hold`, `release`, `holds` and `new-life`: what erasure waits for, and what follows."""

import sys
from collections.abc import Sequence
from datetime import UTC

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_erase import (
    UNFINISHED,
    by_option,
    chosen,
    class_option,
    living_of,
    shown_certificate,
)
from regulars.adapters.cli_screen import (
    agreed,
    clock,
    facts,
    listing,
    plain,
    section,
    show,
    write_json,
)
from regulars.application.holds import Hold
from regulars.domain.personal import DataClass

_BASIS = "Why, as a code that says nothing about the person, such as tax-2026 or case-17."


@click.command(
    epilog=examples(
        "regulars hold 1609 --class payment --basis tax-audit-2026",
        "regulars hold 1609 --class contact --class address --basis case-17 --by counsel:3",
    )
)
@click.argument("customer")
@class_option("Keep data of this class", required=True)
@click.option("--basis", metavar="CODE", required=True, help=_BASIS)
@by_option
@call_options()
def hold(call: Call, *, customer: str, classes: tuple[str, ...], basis: str, by: str) -> None:
    """
    Keep personal data of CUSTOMER, whoever asks for its erasure.

    A legal hold is for data that a law, an audit or a dispute needs. `regulars erase` then
    restricts it instead, `regulars retention` leaves it alone, and both get to it once `regulars
    release` has ended the hold. What is being erased can no longer be held, and what was erased is
    gone: the exit status is 1 if any of it was.
    """
    wanted = chosen(classes)
    with call.read() as crm:
        living_of(crm, customer)
        crm.erasures.hold(customer, by=by, basis=basis, classes=wanted)
        found = crm.erasures.holds(customer)
    _answer(call, found)
    gone = set(wanted) - {one.data_class for one in found}
    if gone:
        words = ", ".join(sorted(one.value for one in gone))
        click.echo(f"Erased before, and not held: {words}", err=True)
        sys.exit(UNFINISHED)


@click.command(
    epilog=examples(
        "regulars release 1609 --basis case-17-closed",
        "regulars release 1609 --class address --basis case-17-closed --yes --json",
    )
)
@click.argument("customer")
@class_option("End the hold of this class alone")
@click.option("--basis", metavar="CODE", required=True, help=_BASIS)
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@call_options()
def release(  # noqa: PLR0913 - the options of a command
    call: Call, *, customer: str, classes: tuple[str, ...], basis: str, by: str, yes: bool
) -> None:
    """
    End legal holds of CUSTOMER, all of them or by class.

    What was asked to be erased meanwhile is erased at once and for good, so this asks first where
    there is any.
    """
    wanted = chosen(classes)
    with call.open() as crm:
        held = [one for one in crm.erasures.holds(customer) if one.data_class in wanted]
        ending = {one.data_class for one in held}
        waiting = [one for one in crm.erasures.of(customer) if ending.intersection(one.restricted)]
        if waiting and not yes:
            if call.as_json:
                raise click.UsageError(
                    "data waits to be erased, and --json asks no question: add --yes"
                )
            words = ", ".join(
                sorted({one.value for of in waiting for one in of.restricted if one in ending})
            )
            if not agreed(f"Erase {words} of {plain(customer)} for good, as was asked?"):
                click.echo("The hold stands", err=True)
                sys.exit(UNFINISHED)
        crm.erasures.release(customer, by=by, basis=basis, classes=wanted)
        left = crm.erasures.holds(customer)
        erased = [
            one
            for one in crm.erasures.of(customer)
            if one.erasure in {of.erasure for of in waiting}
        ]
    if call.as_json:
        write_json(
            {
                "released": list(map(_document, held)),
                "holds": list(map(_document, left)),
                "erasures": [one.document() for one in erased],
            }
        )
        return
    click.echo(f"Ended: {', '.join(one.data_class.value for one in held) or 'nothing was held'}")
    show(*(part for one in erased for part in shown_certificate(one)))


@click.command(epilog=examples("regulars holds", "regulars holds 1609 --json"))
@click.argument("customer", required=False)
@call_options(keys=False)
def holds(call: Call, *, customer: str | None) -> None:
    """
    List the legal holds that stand.

    Those of CUSTOMER alone if it is named.
    """
    with call.open() as crm:
        found = crm.erasures.holds(customer)
    _answer(call, found)


@click.command(
    "new-life",
    epilog=examples(
        "regulars new-life 1609 --basis came-back",
        "regulars new-life 1609 --class address --basis ticket-12 --by support:s-7",
    ),
)
@click.argument("customer")
@class_option("Take in data of this class alone")
@click.option("--basis", metavar="CODE", required=True, help=_BASIS)
@by_option
@call_options()
def new_life(call: Call, *, customer: str, classes: tuple[str, ...], basis: str, by: str) -> None:
    """
    Let CUSTOMER give personal data again after it was erased.

    Who was erased stays so: their data is refused until somebody says that they came back. New
    data is sealed under new keys, and what was erased stays unreadable. What `regulars retention`
    erased needs no such word, for nobody asked to be forgotten.
    """
    wanted = chosen(classes)
    with call.open() as crm:
        erased = crm.erasures.state(customer).erased
        crm.erasures.authorise_new_life(customer, by=by, basis=basis, classes=wanted)
    begun = [one for one in wanted if one in erased]
    if call.as_json:
        write_json({"customer": customer, "begun": [one.value for one in begun]})
    elif begun:
        words = _words(begun)
        show(section(f"Customer {plain(customer)}", facts(("Taken in again", words))))
    else:
        click.echo("Nothing of that was erased: it is taken in as ever")


def _answer(call: Call, found: Sequence[Hold]) -> None:
    if call.as_json:
        write_json({"holds": list(map(_document, found))})
    elif found:
        heads = ("Customer", "Class", "Basis", "By", "Since")
        show(
            listing(
                heads,
                (
                    (one.customer, one.data_class.value, one.basis, one.by, clock(one.at, UTC))
                    for one in found
                ),
                left=len(heads),
            )
        )
    else:
        click.echo("Nothing is held")


def _document(one: Hold) -> dict[str, str]:
    return {
        "customer": one.customer,
        "class": one.data_class.value,
        "basis": one.basis,
        "by": one.by,
        "since": one.at.isoformat(),
    }


def _words(classes: Sequence[DataClass]) -> str:
    return ", ".join(one.value for one in classes)
