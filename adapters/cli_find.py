"""`regulars find` and `regulars index`: customers by what they are reached by."""

import sys
from getpass import getpass
from typing import Final

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_reveal import reader_options
from regulars.adapters.cli_screen import Bars, count, facts, plain, section, show, write_json
from regulars.application.contact_index import SharedContact
from regulars.application.lookup import IndexStatus
from regulars.domain.actor import Actor

_ASK: Final = "-"
_REGION: Final = click.option(
    "--region", metavar="XX", help="The country whose phone numbers need no country code."
)


@click.command(
    epilog=examples(
        "regulars find --phone - --purpose service --as support:s-7 --reason t-12",
        "regulars find --email - --purpose service --as support:s-7 --json < address.txt",
        "regulars find --phone +8613812345678 --purpose subject_access --as privacy_officer:po-1",
    )
)
@click.option("--phone", metavar="NUMBER", help="A phone number, or - to be asked for it.")
@click.option("--email", metavar="ADDRESS", help="An e-mail address, or - to be asked for it.")
@reader_options()
@call_options(policy=True)
def find(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    phone: str | None,
    email: str | None,
    purpose: str,
    actor: Actor,
    reason: str | None,
) -> None:
    """
    Find customers by phone number or e-mail.

    Prints the id of each who has it.

    With - the value is read from the terminal or standard input, so that it stays out of the
    shell's history. The policy says which role may look for which purpose; the look-up is recorded
    first, without the value, and counts to what the reader may read in an hour. Whoever is unknown
    and whoever was erased get the same answer: nobody. Needs an index: see `regulars index`.
    """
    if (phone is None) == (email is None):
        raise click.UsageError("one of --phone and --email is needed")
    phone, email = _asked("Phone number", phone), _asked("E-mail address", email)
    with call.open() as crm:
        found = crm.find_customer(
            phone=phone, email=email, purpose=purpose, actor=actor, reason=reason
        )
    if call.as_json:
        write_json({"customers": list(found)})
    elif found:
        click.echo("\n".join(plain(customer) for customer in found))
    else:
        click.echo("Nobody has it.")


def _asked(what: str, value: str | None) -> str | None:
    if value != _ASK:
        return value
    if sys.stdin.isatty():
        return getpass(f"{what}: ")
    return sys.stdin.readline().rstrip("\r\n")


@click.group(no_args_is_help=False)
def index() -> None:
    """
    Look after the index that customers are found by.

    It holds no phone number and no e-mail address, but digests of them under a key of its own,
    beside the log and never in it.
    """


@index.command(epilog=examples("regulars index status --json | jq '.versions[].full'"))
@call_options()
def status(call: Call) -> None:
    """
    Tell which versions of the index there are, and how far each is filled.

    Of one that is unique, also which customers shared a contact before it was.
    """
    with call.open() as crm:
        _answer(call, crm.lookup.status())


@index.command(
    epilog=examples(
        "regulars index fill --contacts unique --region CN",
        "regulars index fill",
    )
)
@click.option(
    "--contacts",
    type=click.Choice(["unique", "shared"]),
    help="Begin an index, or change the one there is: unique refuses a phone number or an e-mail"
    " address that another customer has, shared does not.",
)
@_REGION
@call_options()
def fill(call: Call, *, contacts: str | None, region: str | None) -> None:
    """
    Fill the index with what was recorded before it began.

    Meanwhile commands go on, and add to it themselves. Whoever interrupts this runs it again: it
    goes on where it was. Values that are no phone number or e-mail address are counted and left
    out.

    An index that is full is made unique only if no customers share a contact; otherwise they are
    named, and nothing is changed. One that is begun as unique names them when it is full: they go
    on sharing what they shared, and nobody else gets it.
    """
    if region and not contacts:
        raise click.UsageError("--region comes with --contacts")
    with call.open() as crm, Bars() as bars:
        if contacts:
            crm.lookup.keep(unique=contacts == "unique", region=region)
        crm.lookup.fill(progress=lambda done, of: bars.tell("Filling", done, of))
        found = crm.lookup.status()
    _answer(call, found)


@index.command(epilog=examples("regulars index rotate", "regulars index rotate --region DE"))
@_REGION
@call_options()
def rotate(call: Call, *, region: str | None) -> None:
    """
    Replace the index by one under a new key, built anew from the events.

    Until it is full both are kept and asked, so that nothing has to stop; then the old one is
    dropped and its key destroyed. Also the way to mend an index that lost rows. Whoever interrupts
    this runs it again.
    """
    with call.open() as crm, Bars() as bars:
        crm.lookup.rotate(region=region, progress=lambda done, of: bars.tell("Filling", done, of))
        found = crm.lookup.status()
    _answer(call, found)


def _answer(call: Call, found: list[IndexStatus]) -> None:
    if call.as_json:
        write_json({"versions": [_document(one) for one in found]})
        return
    if not found:
        click.echo("No index is kept: begin with `regulars index fill --contacts unique`.")
    for one in found:
        version = one.version
        filled = "yes" if version.full else f"up to {count(version.position)} of {count(one.head)}"
        show(
            section(
                f"Index version {version.version}",
                facts(
                    ("Full", filled),
                    ("Tokens", count(one.tokens)),
                    ("Left out", count(version.left_out)),
                    ("Contacts", "unique" if version.unique else "shared"),
                    ("Region", version.region or "-"),
                    ("Normaliser", str(version.normaliser)),
                    *(("Shared", _told(shared)) for shared in one.shared),
                ),
            )
        )


def _told(shared: SharedContact) -> str:
    return f"{shared.field} of {', '.join(map(plain, shared.customers))}"


def _document(one: IndexStatus) -> dict[str, object]:
    version = one.version
    return {
        "version": version.version,
        "full": version.full,
        "position": version.position,
        "head": one.head,
        "tokens": one.tokens,
        "left_out": version.left_out,
        "contacts": "unique" if version.unique else "shared",
        "region": version.region,
        "normaliser": version.normaliser,
        "shared": [
            {"field": shared.field, "customers": list(shared.customers)} for shared in one.shared
        ],
    }
