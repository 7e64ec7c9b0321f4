"""`regulars erase` and `regulars erasures`: personal data destroyed, and what tells of it."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import click
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_profile import UnknownCustomer
from regulars.adapters.cli_screen import (
    agreed,
    facts,
    how_many,
    said_of,
    section,
    show,
    utc_text,
    write_json,
)
from regulars.adapters.erasure_register import read_register
from regulars.adapters.new_file import new_file, refuse_own_files
from regulars.application.certificate import Certificate
from regulars.application.crm import Crm
from regulars.application.erasing_again import Registered, erase_again, lost
from regulars.application.erasures import EVERY_CLASS
from regulars.domain.evidence import Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectKind

UNFINISHED: Final = 1
"""The exit status where something asked for is not erased, or nobody said yes."""

_OTHERS: Final = {
    SubjectKind.COURIER: "In place of CUSTOMER: the contact of a courier.",
    SubjectKind.MERCHANT: "In place of CUSTOMER: the contact that a merchant's orders name.",
    SubjectKind.ORDER: "In place of CUSTOMER: what was written on an order without a customer.",
}
_CLASSES: Final = tuple(one.value for one in DataClass)
_TRACES: Final = {
    Traces.GONE: "overwritten in the database's files",
    Traces.HELD: "in the write-ahead log until those who read now have closed the database",
    Traces.BEYOND: "overwritten by the server in its own time: see docs/privacy.md",
}

by_option: Final = click.option(
    "--by", metavar="ID", default="cli", show_default=True, help="Who asks, as an opaque id."
)
"""The option `--by`."""


def class_option(
    text: str, *, required: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option `--class`, of which there may be several; `chosen` reads it."""
    return click.option(
        "--class",
        "classes",
        metavar="CLASS",
        type=click.Choice(_CLASSES),
        multiple=True,
        required=required,
        help=f"{text}; may be said again. One of {', '.join(_CLASSES)}.",
    )


def chosen(classes: Sequence[str]) -> tuple[DataClass, ...]:
    """The classes that `--class` names, all of them if it names none."""
    return tuple(one for one in DataClass if one.value in classes) or EVERY_CLASS


def other_subjects(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a subject in place of a customer; `meant` reads them."""
    for kind in reversed(SubjectKind):
        command = click.option(f"--{kind.value}", metavar="ID", help=_OTHERS[kind])(command)
    return command


@click.command(
    epilog=examples(
        "regulars erase 1609",
        "regulars erase 1609 --class address --class content --basis gdpr-17-1-b",
        "regulars erase 1609 --yes --certificate erasure-1609.json",
        "regulars erase --courier c-7 --basis left",
    )
)
@click.argument("customer", required=False)
@other_subjects
@class_option("Erase data of this class alone")
@click.option(
    "--basis",
    metavar="CODE",
    default="request",
    show_default=True,
    help="Why, as a code that says nothing about the person.",
)
@by_option
@click.option(
    "--certificate",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the certificate of the erasure to FILE, which must not be there yet.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@call_options()
def erase(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str | None,
    classes: tuple[str, ...],
    basis: str,
    by: str,
    certificate: Path | None,
    yes: bool,
    **others: str | None,
) -> None:
    """
    Destroy somebody's personal data for good.

    It is that of CUSTOMER, or of a courier, a merchant or an order that no customer is named for.
    The keys that it is sealed under are destroyed, so that nobody can ever read it again, neither
    here nor in an export of the log. Orders, money, points and consents stay as they are, without
    a name to them; new personal data of CUSTOMER is refused. What a legal hold covers is kept,
    restricted, and erased when the hold ends. It can be cut short anywhere: `regulars erasures
    --resume`, or this command again, does the rest.

    Older backups keep keys until they are deleted: docs/privacy.md tells how to deal with them.
    """
    if call.as_json and not yes:
        raise click.UsageError("--json asks no question: add --yes")
    wanted = chosen(classes)
    whose = meant(customer, others)
    with call.read() as crm:
        living = living_of(crm, whose)
        if not yes and not _confirmed(crm, whose, wanted, living):
            click.echo("Nothing was erased", err=True)
            sys.exit(UNFINISHED)
        if certificate is not None:
            refuse_own_files(certificate, call.file())
        with nullcontext() if certificate is None else new_file(certificate, replace=False) as file:
            done = crm.erasures.erase(whose, by=by, basis=basis, classes=wanted)
            if file is not None:
                text = json.dumps(done.document(), ensure_ascii=False, indent=2)
                file.write_text(f"{text}\n", encoding="utf-8")
    if call.as_json:
        write_json(done.document())
    else:
        show(*shown_certificate(done))
    if not done.complete:
        sys.exit(UNFINISHED)


def meant(customer: str | None, others: Mapping[str, str | None]) -> str | Subject:
    """Whom CUSTOMER or one of the options in its place names."""
    named: list[str | Subject] = [
        Subject(kind=kind, id=value) for kind in SubjectKind if (value := others[kind.value])
    ]
    if customer is not None:
        named.append(customer)
    if len(named) != 1:
        raise click.UsageError("name one: CUSTOMER, or a courier, a merchant or an order")
    return named[0]


def living_of(crm: Crm, whose: str | Subject) -> dict[DataClass, int]:
    """
    How many keys there are of somebody's data, by class.

    Raises:
        UnknownCustomer: no customer is known under this id, and none ever was.
        UnknownSubject: the same of who is no customer.
    """
    if not crm.erasures.knows(whose):
        raise UnknownSubject(whose) if isinstance(whose, Subject) else UnknownCustomer(whose)
    return crm.erasures.living(whose)


class UnknownSubject(Exception):
    """No courier, merchant or order of this id is known."""

    def __init__(self, whose: Subject) -> None:
        super().__init__(whose)
        self.whose = whose

    def __str__(self) -> str:
        return f"there is no {self.whose.kind.value} {self.whose.id!r}"


def _confirmed(
    crm: Crm, customer: str | Subject, wanted: Sequence[DataClass], living: dict[DataClass, int]
) -> bool:
    state = crm.erasures.state(customer)

    def said(one: DataClass) -> str:
        if one in state.held:
            return "kept: under a legal hold"
        if one in state.erased:
            return "erased already"
        keys = living.get(one, 0)
        return f"to be destroyed with {how_many(keys, 'key')}" if keys else "none"

    rows = facts(*((one.value, said(one)) for one in wanted))
    show(section(f"Personal data of {said_of(customer)}", rows))
    return agreed("Destroy it for good? Nobody can undo this")


@click.command(
    epilog=examples(
        "regulars erasures",
        "regulars erasures 1609 --json",
        "regulars erasures --resume",
        "regulars erasures --courier c-7",
        "regulars erasures --from register.json",
    )
)
@click.argument("customer", required=False)
@other_subjects
@click.option("--resume", is_flag=True, help="First carry on those that were cut short.")
@click.option(
    "--from",
    "register",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="First ask again for those in FILE that the log does not tell of, after a backup from"
    " before them was restored: a certificate, or what --json listed.",
)
@by_option
@click.option("--yes", is_flag=True, help="Do not ask before --from erases.")
@call_options()
def erasures(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    customer: str | None,
    resume: bool,
    register: Path | None,
    by: str,
    yes: bool,
    **others: str | None,
) -> None:
    """
    List erasures and what is left of them to do.

    Those of CUSTOMER alone if it is named, or of a courier, a merchant or an order. The answer in
    JSON is their certificates; kept apart from the backups, it is what --from reads. The exit
    status is 1 if one waits to be carried on, or --from was not agreed to.
    """
    if register is not None and call.as_json and not yes:
        raise click.UsageError("--json asks no question: add --yes")
    alone = None
    if customer is not None or any(others.values()):
        alone = meant(customer, others)
    with call.open() as crm:
        if resume:
            crm.erasures.resume()
        if register is not None:
            _ask_again(crm, read_register(register, tenant=call.tenant), by=by, yes=yes)
        found = crm.erasures.all() if alone is None else crm.erasures.of(alone)
    if call.as_json:
        write_json({"erasures": [one.document() for one in found]})
    elif found:
        show(*(part for one in found for part in shown_certificate(one)))
    else:
        click.echo("There are no erasures")
    if any(one.waiting for one in found):
        sys.exit(UNFINISHED)


def _ask_again(crm: Crm, register: Sequence[Registered], *, by: str, yes: bool) -> None:
    missing = lost(crm.erasures, register)
    told = f"{how_many(len(missing), 'erasure')} of {len(register)} to be asked for again"
    click.echo(told, err=True)
    if missing and not yes and not agreed("Erase their data again? Nobody can undo this"):
        click.echo("Nothing was erased", err=True)
        sys.exit(UNFINISHED)
    erase_again(crm.erasures, missing, by=by)


def shown_certificate(certificate: Certificate) -> Iterator[RenderableType]:
    """An erasure for people to read."""
    asked = certificate.requested
    lines = [
        ("Erasure", certificate.erasure),
        ("Asked for", f"{utc_text(asked.at)} by {asked.by}, {certificate.basis}"),
    ]
    for done in certificate.completions:
        keys = f"{how_many(len(done.keys), 'key')} destroyed"
        lines += [
            ("Erased", f"{_words(done.classes)}: {utc_text(done.entry.at)}, {keys}"),
            ("Traces", _TRACES[done.traces]),
            ("Elsewhere", f"readable for {done.readable_for} seconds after that at most"),
        ]
    if certificate.restricted:
        lines.append(("Kept", f"{_words(certificate.restricted)}: under a legal hold"))
    if certificate.waiting:
        lines.append(("Waiting", f"{_words(certificate.waiting)}: see regulars erasures --resume"))
    whose = said_of(certificate.customer)
    yield section(f"{whose[0].upper()}{whose[1:]}", facts(*lines), Text())


def _words(classes: Sequence[DataClass]) -> str:
    return ", ".join(one.value for one in classes)
