"""`regulars events`, `rebuild` and `verify`: the log itself, and what proves the rest from it."""

import json
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC
from difflib import get_close_matches
from itertools import islice
from time import perf_counter
from typing import Any, Final, cast
from uuid import UUID

import click
import msgspec
from attrs import fields
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples, moment_of
from regulars.adapters.cli_screen import (
    Bars,
    count,
    how_many,
    listing,
    plain,
    said_of,
    section,
    show,
    warn,
    write_json,
)
from regulars.adapters.codec import STORED
from regulars.application.audit import Verdict
from regulars.application.catalogue import VIEWS
from regulars.application.certificate import subject_document
from regulars.application.erasure_subjects import Returned
from regulars.application.errors import UndecodableEvent
from regulars.application.events import Recorded, moment
from regulars.application.fields import is_text
from regulars.domain.personal import Sealed
from regulars.domain.subject import Subject

_PRINTED_AT_ONCE: Final = 500
_SHOWN_MAX: Final = 10
_TYPES: Final = {name: event for event, (name, _) in STORED.items()}

NOT_SOUND: Final = 1
"""The exit status of a verification that found something amiss."""


class _Type(click.ParamType[str]):
    """The stored name of an event's type."""

    name = "type"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in _TYPES:
            folded = {name.casefold(): name for name in _TYPES}
            near = get_close_matches(value.casefold(), folded, n=3)
            meant = " or ".join(folded[name] for name in near) or "one of docs/events.md"
            self.fail(f"there is no type {value!r}; did you mean {meant}?", param, ctx)
        return value


def _name_of(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not is_text(value):
        raise click.BadParameter("no stream has such a name", ctx=ctx, param=param)
    return value


@click.command(
    epilog=examples(
        "regulars events --limit 20",
        "regulars events --stream order-1001",
        "regulars events --prefix account- --type PointsEarned --occurred-by 2024-05-31",
        "regulars events --after 111432 --json | jq .type",
    )
)
@click.option(
    "--stream",
    metavar="S",
    callback=_name_of,
    help="Only those of one stream, such as order-1001.",
)
@click.option(
    "--after",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Only those past position N of the log, or past version N of --stream.",
)
@click.option(
    "--upto",
    metavar="N",
    type=click.IntRange(0),
    help="Only those up to position N of the log, or up to version N of --stream.",
)
@click.option(
    "--type",
    "types",
    metavar="TYPE",
    type=_Type(),
    multiple=True,
    help="Only those of that type, such as OrderPlaced; may be given several times.",
)
@click.option(
    "--prefix",
    metavar="P",
    callback=_name_of,
    help="Only those of streams that begin so, such as order-.",
)
@click.option(
    "--recorded-by",
    metavar="T",
    help="Only those recorded by then, that instant included: 2024-05-31T18:00:00+02:00,"
    " 2024-05-31T18:00 in UTC, or 2024-05-31 for the end of that day.",
)
@click.option("--occurred-by", metavar="T", help="Only those that had happened by then.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(0, sys.maxsize), help="At most N of them."
)
@call_options(keys=False)
def events(  # noqa: PLR0913 - an argument for each option
    call: Call,
    *,
    stream: str | None,
    after: int,
    upto: int | None,
    types: tuple[str, ...],
    prefix: str | None,
    recorded_by: str | None,
    occurred_by: str | None,
    limit: int | None,
) -> None:
    """
    List the events of the log, one on a line.

    They come in the order in which they were recorded. A line tells the position in the log, the
    time (UTC) at which it happened, the stream with the event's version in it, who asked for it,
    the type, and its fields; of a list only how long it is. Personal data is never shown: a
    sealed box is <sealed>.

    With --json each line is a JSON object with everything but what is sealed.
    """
    line = _json_line if call.as_json else _line
    narrow: dict[str, Any] = {
        "upto": upto,
        "types": frozenset(_TYPES[name] for name in types) or None,
        "prefix": prefix or "",
        "recorded_by": moment_of(recorded_by, UTC, option="--recorded-by"),
        "occurred_by": moment_of(occurred_by, UTC, option="--occurred-by"),
    }
    listed = 0
    with call.open() as crm:
        some = islice(crm.events(after=after, stream=stream, **narrow), limit)
        while lines := [line(recorded) for recorded in islice(some, _PRINTED_AT_ONCE)]:
            listed += len(lines)
            click.echo("\n".join(lines).encode() if call.as_json else "\n".join(lines))
    if not listed and limit != 0:
        such = " such" if any(narrow.values()) or upto == 0 else ""
        warn(f"no{such} events past {after}" + (f" in stream {stream!r}" if stream else ""))


def _line(recorded: Recorded) -> str:
    at = moment(recorded.occurred_at).astimezone(UTC)
    told = " ".join(f"{name}={_told(value)}" for name, value in _content(recorded))
    return plain(
        f"{recorded.position:>7}  {at:%Y-%m-%dT%H:%M:%SZ}  {recorded.stream} {recorded.version}"
        f"  {recorded.actor}  {recorded.type}  {told}"
    )


def _told(value: object) -> str:
    if isinstance(value, Sealed):
        return "<sealed>"
    if isinstance(value, tuple):
        return f"[{len(cast('tuple[object, ...]', value))}]"
    found = msgspec.to_builtins(value)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _json_line(recorded: Recorded) -> str:
    return json.dumps(
        {
            "position": recorded.position,
            "stream": recorded.stream,
            "version": recorded.version,
            "type": recorded.type,
            "schema": recorded.schema,
            "event_id": str(UUID(bytes=recorded.event_id)),
            "occurred_at": moment(recorded.occurred_at).isoformat(),
            "recorded_at": moment(recorded.recorded_at).isoformat(),
            "tenant": recorded.tenant,
            "actor": recorded.actor,
            "correlation": recorded.correlation,
            "causation": recorded.causation,
            "fields": {
                name: {"sealed": True} if isinstance(value, Sealed) else msgspec.to_builtins(value)
                for name, value in _content(recorded)
            },
        },
        ensure_ascii=False,
    )


def _content(recorded: Recorded) -> Iterator[tuple[str, object]]:
    """The fields of an event that say something."""
    for spec in fields(type(recorded.event)):
        value: object = getattr(recorded.event, spec.name)
        if value is not None and value != ():
            yield spec.name, value


@click.command(
    epilog=examples(
        "regulars rebuild",
        "regulars rebuild customers accounts",
    )
)
@click.argument("view", nargs=-1)
@call_options(keys=False)
def rebuild(call: Call, *, view: tuple[str, ...]) -> None:
    """
    Compute VIEWs, or all of them, again.

    A view is computed from nothing but the log. Readers see the old rows until the new ones are
    complete. Without a VIEW, snapshots of streams are dropped too; commands make them again.
    """
    started = perf_counter()
    with call.open() as crm, Bars() as bars:
        read = crm.rebuild(*view, progress=lambda done, of: bars.tell("Rebuilding", done, of))
    seconds = perf_counter() - started
    names = view or tuple(one.name for one in VIEWS)
    if call.as_json:
        write_json({"views": list(names), "events": read, "seconds": round(seconds, 3)})
    else:
        click.echo(f"Rebuilt {', '.join(names)} from {count(read)} events in {seconds:.1f} s")


@click.command(
    epilog=examples(
        "regulars verify && echo sound",
        "regulars verify --json | jq .views",
    )
)
@call_options()
def verify(call: Call) -> None:
    """
    Prove every view by replaying the log.

    Each view is computed from nothing and compared row by row with what is kept, and so is each
    snapshot of a stream; every stream is counted; every box of personal data is opened, its
    content dropped unseen; keys that are there although an erasure has destroyed them, as after a
    restore, are named. Ends with status 1 if something is amiss.
    """
    try:
        with call.read() as crm, Bars() as bars:
            verdict = crm.verify(progress=lambda done, of: bars.tell("Replaying", done, of))
    except UndecodableEvent as broken:
        if call.as_json:
            write_json({"sound": False, "undecodable": str(broken)})
        else:
            show(Text(f"Not sound: {broken}", style="bold red"))
        sys.exit(NOT_SOUND)
    if call.as_json:
        write_json(verdict_document(verdict))
    else:
        show(*shown_verdict(verdict))
    if not verdict.sound:
        sys.exit(NOT_SOUND)


def verdict_document(verdict: Verdict) -> dict[str, object]:
    """The verdict in JSON."""
    return {
        "sound": verdict.sound,
        "events": verdict.events,
        "streams": verdict.streams,
        "gaps": list(verdict.gaps),
        "views": dict(verdict.views),
        "drifts": [
            {"view": drift.view, "rows": drift.rows, "keys": list(drift.keys)}
            for drift in verdict.drifts
        ],
        "snapshots": {"kept": verdict.snapshots, "drifted": list(verdict.snapshots_drifted)},
        "boxes": {
            "open": verdict.boxes_open,
            "erased": verdict.boxes_erased,
            "without_key": verdict.boxes_without_key,
            "tampered": list(verdict.boxes_tampered),
        },
        "keys_returned": [
            {
                **subject_document(one.customer),
                "class": one.data_class.value,
                "keys": one.keys,
                "run": _against(one),
            }
            for one in verdict.keys_returned
        ],
    }


def _against(found: Returned) -> str:
    """What destroys keys again that came back."""
    if not found.new_life:
        return "regulars erasures --resume"
    whose, of = found.customer, found.data_class.value
    named = [f"--{whose.kind.value}", whose.id] if isinstance(whose, Subject) else [whose]
    return shlex.join(["regulars", "erase", *named, "--class", of])


def shown_verdict(verdict: Verdict) -> Iterator[RenderableType]:
    """The verdict for people, part by part."""
    drifts = {drift.view: drift for drift in verdict.drifts}
    yield section(
        f"Replayed {count(verdict.events)} events of {count(verdict.streams)} streams",
        listing(
            ("View", "Rows", "Differ from the log"),
            (
                (name, count(rows), count(drifts[name].rows) if name in drifts else "none")
                for name, rows in verdict.views
            ),
        ),
    )
    yield section(
        "Boxes of personal data",
        Text(
            f"{count(verdict.boxes_open)} open with their key, {count(verdict.boxes_erased)}"
            f" erased, {count(verdict.boxes_without_key)} without their key,"
            f" {count(len(verdict.boxes_tampered))} tampered with"
        ),
    )
    drifted = verdict.snapshots_drifted
    amiss = [
        *(f"{gap} is not the next of its stream" for gap in verdict.gaps),
        *(f"view {one.view}: {', '.join(one.keys)}" for one in verdict.drifts),
        *(f"snapshot of {one} is not what its events add up to" for one in drifted),
        *(f"{box} was tampered with" for box in verdict.boxes_tampered),
        *(
            f"{said_of(one.customer)}, {one.data_class.value}: {how_many(one.keys, 'key')} that an"
            f" erasure had destroyed, there again: {_against(one)}"
            for one in verdict.keys_returned
        ),
    ]
    for line in amiss[:_SHOWN_MAX]:
        yield Text(plain(line), style="red")
    if len(amiss) > _SHOWN_MAX:
        yield Text(f"and {count(len(amiss) - _SHOWN_MAX)} more; --json has them all", style="red")
    if verdict.sound:
        yield Text("Sound: every view is equal to a fresh computation.", style="bold green")
    else:
        yield Text("Not sound.", style="bold red")
