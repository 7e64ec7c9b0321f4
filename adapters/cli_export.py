"""`regulars export`: what a customer takes along, as one JSON file."""

import json
from pathlib import Path
from typing import Final
from uuid import uuid4

import click

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_reveal import reader_options
from regulars.adapters.cli_screen import how_many, plain, write_json
from regulars.adapters.new_file import new_file, refuse_own_files
from regulars.adapters.portable_document import portable_document
from regulars.application.portable_parties import PARTIES
from regulars.domain.actor import Actor
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId

_CUSTOMER: Final = "customer"


@click.command(
    epilog=examples(
        "regulars export ada ada.json --as customer:ada",
        "regulars export ada ada.json --as privacy_officer:po-1 --reason request-7",
        "regulars export c-7 c-7.json --of courier --as courier:c-7",
    )
)
@click.argument("who", metavar="ID")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--of",
    "kind",
    type=click.Choice([_CUSTOMER, *sorted(one.value for one in PARTIES)]),
    default=_CUSTOMER,
    show_default=True,
    help="Whose the ID is.",
)
@reader_options(purpose="subject_access")
@call_options(policy=True)
def export(  # noqa: PLR0913 - one for each option
    call: Call,
    *,
    who: str,
    file: Path,
    kind: str,
    purpose: str,
    actor: Actor,
    reason: str | None,
) -> None:
    """
    Write what a customer, courier or merchant takes along to FILE.

    FILE is JSON, as docs/portable-export.schema.json describes it: what the person gave, with the
    class of each value and what it belongs to, their orders and consents, all else that was
    recorded of them, which role may use what for which purpose, how long it is kept, and who read
    what. What that adds up to, such as a balance of points, is left out.

    The file holds personal data in clear: only its owner may read it, and a file that is there is
    never replaced. The export is recorded, and so is each value that was read for it.
    """
    refuse_own_files(file, call.file())
    with new_file(file, replace=False) as draft, call.open() as crm:
        portable = crm.export_personal_data(
            CustomerId(who) if kind == _CUSTOMER else Subject(kind=SubjectKind(kind), id=who),
            export_id=str(uuid4()),
            actor=actor,
            purpose=purpose,
            reason=reason,
        )
        text = json.dumps(portable_document(portable), ensure_ascii=False, indent=2)
        draft.write_text(f"{text}\n", encoding="utf-8")
    values, orders = len(portable.given), len(portable.theirs.orders)
    if call.as_json:
        write_json(
            {
                "file": str(file),
                "export_id": portable.export_id,
                kind: who,
                "values": values,
                "orders": orders,
            }
        )
    else:
        click.echo(
            plain(f"Exported {how_many(values, 'value')} and {how_many(orders, 'order')} to {file}")
        )
