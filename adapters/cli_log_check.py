"""`regulars log status` and `regulars log check`: how the log stands, and whether it is sound."""

import sys
from collections.abc import Iterator
from datetime import UTC

import click
from attrs import asdict
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import (
    Bars,
    count,
    facts,
    listing,
    plain,
    section,
    show,
    time_text,
    utc_text,
    write_json,
)
from regulars.adapters.cli_verify import NOT_SOUND
from regulars.adapters.log_status import check_log, log_status
from regulars.application.log_check import LogCheck
from regulars.application.log_status import FollowerStatus, LogStatus


@click.command(
    epilog=examples(
        "regulars log status",
        "regulars log status --json | jq .views",
    )
)
@call_options(keys=False)
def status(call: Call) -> None:
    """
    Show how the log and its views stand.

    Tells the size of the database, the head of the log (the highest position ever given), how
    many events there are of which type, when they were recorded, how many of them each view has
    not folded and each follower not read yet, and the hash of the log, which is equal for equal
    logs. Followers are those that keep their positions in this database: those of the host
    (`Crm.positions`), what watches over protected numbers, and applications of `eventsourcing`.
    One that is ahead of the log followed another, or one that an older backup has replaced; it
    would miss what is recorded up to its position. Reads the whole log.
    """
    with Bars() as bars:
        found = log_status(
            call.database,
            tenant=call.tenant,
            progress=lambda done, of: bars.tell("Reading the log", done, of),
        )
    if call.as_json:
        write_json(_status_document(found))
    else:
        show(*_shown_status(found, call.named()))


def _status_document(found: LogStatus) -> dict[str, object]:
    return {
        "tenant": found.tenant,
        "size": found.size,
        "head": found.head,
        "events": found.events,
        "streams": found.streams,
        "types": dict(found.types),
        "first_recorded_at": time_text(found.first, UTC),
        "last_recorded_at": time_text(found.last, UTC),
        "views": [asdict(view) for view in found.views],
        "followers": [asdict(follower) for follower in found.followers],
        "hash": found.hash,
    }


def _shown_status(found: LogStatus, database: str) -> Iterator[RenderableType]:
    yield section(
        plain(database),
        facts(
            ("Size", f"{count(found.size)} bytes"),
            ("Head", count(found.head)),
            ("Events", f"{count(found.events)} in {count(found.streams)} streams"),
            ("First recorded", utc_text(found.first)),
            ("Last recorded", utc_text(found.last)),
        ),
        Text(f"Hash {found.hash}"),
    )
    yield section(
        "Events by type",
        listing(("Type", "Events"), ((name, count(number)) for name, number in found.types)),
    )
    yield section(
        "Views",
        listing(
            ("View", "Position", "Events behind"),
            ((one.view, count(one.position), count(one.lag)) for one in found.views),
        ),
    )
    yield section(
        "Followers",
        listing(
            ("Follower", "Of", "Position", "Events behind"),
            (
                (
                    plain(one.follower),
                    plain(one.follows),
                    count(one.position),
                    _behind(one),
                )
                for one in found.followers
            ),
        ),
    )


def _behind(follower: FollowerStatus) -> str:
    if follower.ahead:
        return "ahead of the log"
    return "-" if follower.lag is None else count(follower.lag)


@click.command(
    epilog=examples(
        "regulars log check && echo sound",
        "regulars log check --json | jq .faults",
    )
)
@call_options(keys=False)
def check(call: Call) -> None:
    """
    Check every event of the log.

    The versions of each stream follow each other from 1, positions rise, no two events have one
    id, and every event can be read. The tables, indexes, triggers and functions that keep it so
    are there. Names the position, stream and reason of what is amiss, and goes on behind it. Ends
    with status 1 if something is.

    An event that is missing in the middle of a stream is found, and one at its end is not:
    positions may have holes, and contents are not signed. Compare the hash with one that you
    kept. Views and boxes are not looked at: `regulars verify` does that. Of the
    events of an application of the eventsourcing library the contents are not looked at, which only
    that application can read.
    """
    with Bars() as bars:
        found = check_log(
            call.database,
            tenant=call.tenant,
            progress=lambda done, of: bars.tell("Checking", done, of),
        )
    if call.as_json:
        write_json(_check_document(found))
    else:
        show(*_shown_check(found))
    if not found.sound:
        sys.exit(NOT_SOUND)


def _check_document(found: LogCheck) -> dict[str, object]:
    return {"sound": found.sound, **asdict(found)}


def _shown_check(found: LogCheck) -> Iterator[RenderableType]:
    yield Text(f"Checked {count(found.events)} events of {count(found.streams)} streams")
    yield Text(f"Hash {found.hash}")
    if found.foreign:
        theirs = f"{count(found.foreign)} of them are of an application of eventsourcing"
        yield Text(f"{theirs}: only their places and ids were checked")
    for missing in found.missing:
        yield Text(plain(f"the database: {missing}"), style="red")
    for fault in found.faults:
        yield Text(plain(str(fault)), style="red")
    if found.amiss > len(found.faults):
        yield Text(f"and {count(found.amiss - len(found.faults))} more", style="red")
    if found.sound:
        read = "" if found.foreign else " and can be read"
        yield Text(f"Sound: every event is in its place{read}.", style="bold green")
    else:
        yield Text("Not sound.", style="bold red")
