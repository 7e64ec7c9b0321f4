"""`regulars hold`, `release`, `holds` and `new-life`: what erasure waits for, and what follows."""

import sys
from collections.abc import Sequence

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_erase import (
    UNFINISHED,
    by_option,
    chosen,
    class_option,
    living_of,
    meant,
    other_subjects,
    shown_certificate,
)
from regulars.adapters.cli_screen import (
    agreed,
    facts,
    listing,
    said_of,
    section,
    show,
    utc_text,
    write_json,
)
from regulars.application.certificate import subject_document
from regulars.application.holds import Hold
from regulars.domain.personal import DataClass

_BASIS = "Why, as a code that says nothing about the person, such as tax-2026 or case-17."


@click.command(
    epilog=examples(
        "regulars hold 1609 --class payment --basis tax-audit-2026",
        "regulars hold 1609 --class contact --class address --basis case-17 --by counsel:3",
    )
)
@click.argument("customer", required=False)
@other_subjects
@class_option("Keep data of this class", required=True)
@click.option("--basis", metavar="CODE", required=True, help=_BASIS)
@by_option
@call_options()
def hold(
    call: Call,
    *,
    customer: str | None,
    classes: tuple[str, ...],
    basis: str,
    by: str,
    **others: str | None,
) -> None:
    """
    Keep somebody's personal data, whoever asks for its erasure.

    It is that of CUSTOMER, or of a courier, a merchant or an order that no customer is named for. A
    legal hold is for data that a law, an audit or a dispute needs; each basis is a hold of its own.
    `regulars erase` then restricts it instead, `regulars retention` leaves it alone, and both get
    to it once `regulars release` has ended its last hold. What is being erased can no longer be
    held, and what was erased is gone: the exit status is 1 if any of it was.
    """
    wanted, whose = chosen(classes), meant(customer, others)
    with call.read() as crm:
        living_of(crm, whose)
        crm.erasures.hold(whose, by=by, basis=basis, classes=wanted)
        found = crm.erasures.holds(whose)
    _answer(call, found)
    gone = set(wanted) - {one.data_class for one in found}
    if gone:
        words = ", ".join(sorted(one.value for one in gone))
        click.echo(f"Erased before, and not held: {words}", err=True)
        sys.exit(UNFINISHED)


@click.command(
    epilog=examples(
        "regulars release 1609 --basis case-17",
        "regulars release 1609 --class address --basis case-17 --yes --json",
    )
)
@click.argument("customer", required=False)
@other_subjects
@class_option("End the hold of this class alone")
@click.option(
    "--basis", metavar="CODE", required=True, help="Which hold, as `regulars holds` lists it."
)
@by_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@call_options()
def release(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str | None,
    classes: tuple[str, ...],
    basis: str,
    by: str,
    yes: bool,
    **others: str | None,
) -> None:
    """
    End the legal hold of a basis, for all classes or some.

    It is on data of CUSTOMER, or of a courier, a merchant or an order. Holds of another basis
    stand. What was asked to be erased meanwhile, and no other hold keeps, is erased at once and for
    good, so this asks first where there is any.
    """
    wanted, whose = chosen(classes), meant(customer, others)
    with call.open() as crm:
        found = [one for one in crm.erasures.holds(whose) if one.data_class in wanted]
        held = [one for one in found if one.basis == basis]
        kept = {one.data_class for one in found if one.basis != basis}
        ending = {one.data_class for one in held} - kept
        waiting = [one for one in crm.erasures.of(whose) if ending.intersection(one.restricted)]
        if waiting and not yes:
            if call.as_json:
                raise click.UsageError(
                    "data waits to be erased, and --json asks no question: add --yes"
                )
            words = ", ".join(
                sorted({one.value for of in waiting for one in of.restricted if one in ending})
            )
            if not agreed(f"Erase {words} of {said_of(whose)} for good, as was asked?"):
                click.echo("The hold stands", err=True)
                sys.exit(UNFINISHED)
        crm.erasures.release(whose, by=by, basis=basis, classes=wanted)
        left = crm.erasures.holds(whose)
        erased = [
            one for one in crm.erasures.of(whose) if one.erasure in {of.erasure for of in waiting}
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
    ended = ", ".join(one.data_class.value for one in held)
    click.echo(f"Ended: {ended or f'nothing was held by {basis}'}")
    for one in left:
        if one.data_class in wanted:
            click.echo(f"Still held: {one.data_class.value} by {one.basis}")
    show(*(part for one in erased for part in shown_certificate(one)))


@click.command(
    epilog=examples("regulars holds", "regulars holds 1609 --json", "regulars holds --courier c-7")
)
@click.argument("customer", required=False)
@other_subjects
@call_options(keys=False)
def holds(call: Call, *, customer: str | None, **others: str | None) -> None:
    """
    List the legal holds that stand.

    Those of CUSTOMER alone if it is named, or of a courier, a merchant or an order.
    """
    alone = None
    if customer is not None or any(others.values()):
        alone = meant(customer, others)
    with call.open() as crm:
        found = crm.erasures.holds(alone)
    _answer(call, found)


@click.command(
    "new-life",
    epilog=examples(
        "regulars new-life 1609 --basis came-back",
        "regulars new-life 1609 --class address --basis ticket-12 --by privacy_officer:po-1",
    ),
)
@click.argument("customer", required=False)
@other_subjects
@class_option("Take in data of this class alone")
@click.option("--basis", metavar="CODE", required=True, help=_BASIS)
@by_option
@call_options()
def new_life(
    call: Call,
    *,
    customer: str | None,
    classes: tuple[str, ...],
    basis: str,
    by: str,
    **others: str | None,
) -> None:
    """
    Take in somebody's personal data again after it was erased.

    It is that of CUSTOMER, or of a courier, a merchant or an order. Who was erased stays so: their
    data is refused until somebody says that they came back. New data is sealed under new keys, and
    what was erased stays unreadable. What `regulars retention` erased needs no such word, for
    nobody asked to be forgotten.
    """
    wanted, whose = chosen(classes), meant(customer, others)
    with call.open() as crm:
        living_of(crm, whose)
        erased = crm.erasures.state(whose).erased
        crm.erasures.authorise_new_life(whose, by=by, basis=basis, classes=wanted)
    begun = [one for one in wanted if one in erased]
    if call.as_json:
        write_json({**subject_document(whose), "begun": [one.value for one in begun]})
    elif begun:
        words, said = _words(begun), said_of(whose)
        show(section(f"{said[0].upper()}{said[1:]}", facts(("Taken in again", words))))
    else:
        click.echo("Nothing of that is erased: it is taken in already")


def _answer(call: Call, found: Sequence[Hold]) -> None:
    if call.as_json:
        write_json({"holds": list(map(_document, found))})
    elif found:
        heads = ("Of", "Class", "Basis", "By", "Since")
        show(
            listing(
                heads,
                (
                    (
                        said_of(one.customer),
                        one.data_class.value,
                        one.basis,
                        one.by,
                        utc_text(one.at),
                    )
                    for one in found
                ),
                left=len(heads),
            )
        )
    else:
        click.echo("Nothing is held")


def _document(one: Hold) -> dict[str, object]:
    return {
        **subject_document(one.customer),
        "class": one.data_class.value,
        "basis": one.basis,
        "by": one.by,
        "since": one.at.isoformat(),
    }


def _words(classes: Sequence[DataClass]) -> str:
    return ", ".join(one.value for one in classes)
