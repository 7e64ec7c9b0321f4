"""`regulars rebuild` and `verify`: what is kept, made from the log again and held against it."""

import shlex
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Final

import click
from rich.console import RenderableType
from rich.text import Text

from regulars.adapters.cli_call import Call, call_options, examples
from regulars.adapters.cli_screen import (
    Bars,
    count,
    how_many,
    listing,
    plain,
    said_of,
    section,
    show,
    write_json,
)
from regulars.application.audit import Verdict
from regulars.application.catalogue import VIEWS
from regulars.application.certificate import subject_document
from regulars.application.errors import UndecodableEvent
from regulars.application.stray_keys import Returned, Unasked
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectKind

_SHOWN_MAX: Final = 10
_KINDS: Final = frozenset(kind.value for kind in SubjectKind)
_LOST_OR_MARKED: Final = (
    "Keys marked as erased that no erasure took: was the log restored from before an erasure, then"
    " erase those again, as it says beside each. Only where nobody ever asked for it were they"
    " marked by hand: then restore the key store. A restored key store brings the erased back."
)

NOT_SOUND: Final = 1
"""The exit status of a verification that found something amiss."""


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
    restore, are named, and so are those that count as erased although none did: where the log was
    restored from before an erasure, that is to be asked for again. Ends with status 1 if something
    is amiss.
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
        "keys_unasked": [
            {
                "subject": one.subject,
                "class": one.data_class.value,
                "keys": one.keys,
                "run": _again(one),
            }
            for one in verdict.keys_unasked
        ],
    }


def _against(found: Returned) -> str:
    """What destroys keys again that came back."""
    if not found.new_life:
        return "regulars erasures --resume"
    whose = found.customer
    named = [f"--{whose.kind.value}", whose.id] if isinstance(whose, Subject) else [whose]
    return _erasing(named, found.data_class)


def _again(found: Unasked) -> str:
    """What has the log tell of an erasure again that it lost."""
    kind, _, whose = found.subject.partition("/")
    named = [f"--{kind}", whose] if kind in _KINDS else [whose]
    return _erasing(named, found.data_class)


def _erasing(named: Sequence[str], of: DataClass) -> str:
    return shlex.join(["regulars", "erase", *named, "--class", of.value])


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
        *(
            f"{one.subject}, {one.data_class.value}: {how_many(one.keys, 'key')} marked as erased"
            f" that no erasure took: {_again(one)}"
            for one in verdict.keys_unasked
        ),
    ]
    for line in amiss[:_SHOWN_MAX]:
        yield Text(plain(line), style="red")
    if len(amiss) > _SHOWN_MAX:
        yield Text(f"and {count(len(amiss) - _SHOWN_MAX)} more; --json has them all", style="red")
    if verdict.keys_unasked:
        yield Text(_LOST_OR_MARKED, style="red")
    if verdict.sound:
        yield Text("Sound: every view is equal to a fresh computation.", style="bold green")
    else:
        yield Text("Not sound.", style="bold red")
