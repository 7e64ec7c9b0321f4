"""`regulars events`: the log itself, event by event."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final, cast
from uuid import UUID

import click
import msgspec
from attrs import fields

from regulars.adapters.cli_call import Call, call_options, examples, moment_of
from regulars.adapters.cli_screen import plain, utc_text, warn
from regulars.adapters.codec import STORED
from regulars.application.events import Recorded, moment
from regulars.application.fields import is_text
from regulars.domain.personal import Sealed

_PRINTED_AT_ONCE: Final = 500
_TYPES: Final = {name: event for event, (name, _) in STORED.items()}


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
    at = utc_text(moment(recorded.occurred_at))
    told = " ".join(f"{name}={_told(value)}" for name, value in _content(recorded))
    return plain(
        f"{recorded.position:>7}  {at}  {recorded.stream} {recorded.version}"
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
