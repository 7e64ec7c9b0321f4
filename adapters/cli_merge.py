"""`regulars merge`: two customers who are one person, and what takes that back."""

from datetime import UTC, datetime

import click

from regulars.adapters.cli_call import Call, call_options, examples, program_option
from regulars.adapters.cli_screen import facts, plain, section, show, write_json
from regulars.domain.merge import MergeCustomers, RevertMerge
from regulars.domain.values import CustomerId, ProgramId


@click.command(
    epilog=examples(
        "regulars merge 1609 --into 42 --evidence same-phone",
        "regulars merge 1609 --into 42 --evidence ticket-12 --revert --json",
    )
)
@click.argument("absorbed")
@click.option(
    "--into",
    "survivor",
    metavar="SURVIVOR",
    required=True,
    help="The customer who speaks for both from now on.",
)
@click.option(
    "--evidence",
    metavar="CODE",
    required=True,
    help="How it is known that they are one person, or two: a code such as same-phone.",
)
@click.option(
    "--by", metavar="ID", default="cli", show_default=True, help="Who asks, as an opaque id."
)
@click.option("--revert", is_flag=True, help="Take the merge back.")
@program_option("The programme in which orders earn, whose accounts become one.")
@call_options(keys=False)
def merge(  # noqa: PLR0913 - the options of a command
    call: Call,
    *,
    absorbed: str,
    survivor: str,
    evidence: str,
    by: str,
    revert: bool,
    program: ProgramId,
) -> None:
    """
    Merge two customers who are one person.

    ABSORBED is merged into SURVIVOR, and nothing that was recorded changes. From now on an erasure
    or a hold of the survivor reaches both, what either refused counts for both, and personal data
    of ABSORBED is no longer taken in. Their loyalty accounts in the programme become one.

    With --revert they are two again, unless an erasure of the survivor was asked for since. Nobody
    gets a consent back by it that was withdrawn meanwhile, and no points.
    """
    kind = RevertMerge if revert else MergeCustomers
    command = kind(
        absorbed=CustomerId(absorbed),
        survivor=CustomerId(survivor),
        at=datetime.now(UTC),
        evidence=evidence,
    )
    with call.open(program) as crm:
        recorded = [type(one).__name__ for one in crm.execute(command, by=by).events]
    if call.as_json:
        write_json(
            {
                "absorbed": absorbed,
                "survivor": survivor,
                "merged": not revert,
                "recorded": recorded,
            }
        )
        return
    now = "no longer merged" if revert else "merged"
    title = f"Customer {plain(absorbed)}: {now} into {plain(survivor)}"
    show(section(title, facts(("Recorded", ", ".join(recorded) or "nothing new"))))
