"""
The gate of stored events: what the golden files say against the code of today.

`python -m tests.adapters.golden_files` writes those of a version that has an example and none yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import run
from typing import Final

import msgspec
from attrs import fields, frozen

from regulars.adapters.codec import CODEC, Codec, NotStoredSo, encode
from regulars.adapters.upcasting import Stored
from regulars.application.events import Event, Retired
from regulars.application.loyalty import LEDGER
from regulars.domain.personal import Sealed
from tests.adapters.stored_events import MEANT
from tests.adapters.stored_fields import signature

GOLDEN: Final = Path(__file__).parent / "stored"


@frozen(kw_only=True)
class Golden:
    """
    One body of every name and version ever stored, with the fields it then had.

    `meant` is what each of them has become by now.
    """

    meant: Mapping[Stored, Sequence[Event | Retired]]
    folder: Path = GOLDEN

    def file(self, stored: Stored, kind: str = "json") -> Path:
        name, version = stored
        return self.folder / f"{name}.{version}.{kind}"

    def body(self, stored: Stored) -> bytes:
        return self.file(stored).read_bytes()

    def keep(self, codec: Codec) -> None:
        """Write the files that a version of today lacks; those that are there stay as they are."""
        for event, stored in codec.stored.items():
            body, fields_then = self.file(stored), self.file(stored, "fields")
            if stored in self.meant and not body.exists():
                (example,) = self.meant[stored]
                body.write_bytes(encode(example))
            if stored in self.meant and not fields_then.exists():
                fields_then.write_text(signature(event), encoding="utf-8")

    def faults(self, codec: Codec) -> list[str]:
        """Every stored event that `codec` would not read as it was meant, and why."""
        readable = {*codec.stored.values(), *codec.chain.older}
        kept = {path.stem for path in self.folder.iterdir()}
        return [
            *(f"{file} is no longer read" for file in sorted(kept - set(map(_stem, readable)))),
            *(f"{_said(one)} {why}" for one in sorted(readable) for why in self._missing(one)),
            *self._changed(codec),
            *(f"{_said(one)} {why}" for one in sorted(readable) for why in self._read(codec, one)),
        ]

    def _missing(self, stored: Stored) -> Iterator[str]:
        if not (self.file(stored).exists() and self.file(stored, "fields").exists()):
            yield "has no golden files"
        if stored not in self.meant:
            yield "has no example"

    def _changed(self, codec: Codec) -> Iterator[str]:
        for event, stored in codec.stored.items():
            file = self.file(stored, "fields")
            if file.exists() and file.read_text(encoding="utf-8") != signature(event):
                yield f"{_said(stored)} has other fields than it was stored with"

    def _read(self, codec: Codec, stored: Stored) -> Iterator[str]:
        if any(self._missing(stored)):
            return
        body = self.body(stored)
        try:
            events = codec.decode(*stored, body)
        except NotStoredSo:
            yield "is no longer read"
            return
        if list(events) != list(self.meant[stored]):
            yield "is read as something else"
        told = msgspec.json.decode(body, type=dict[str, object])
        if any(told.get(field) != box for event in events for field, box in _boxes(event)):
            yield "has a box that would not open, because it was sealed for another field"
        if sum(type(event) in LEDGER.reads for event in events) > 1:
            yield "has become two postings, which would share a row of the ledger"


def _stem(stored: Stored) -> str:
    return ".".join(map(str, stored))


def _said(stored: Stored) -> str:
    return " ".join(map(str, stored))


def _boxes(event: Event | Retired) -> Iterator[tuple[str, object]]:
    for spec in fields(type(event)):
        if isinstance(box := getattr(event, spec.name), Sealed):
            yield spec.name, msgspec.json.decode(encode(box))


def edited(folder: Path) -> list[str]:
    """The files of `folder` that were changed or removed after they had been committed."""
    ever = ["log", "--format=", "--name-only", "--no-renames", "--diff-filter=DM", "--", "."]
    now = ["diff", "HEAD", "--name-only", "--no-renames", "--diff-filter=DM", "--", "."]
    return [file for command in (ever, now) for file in _git(folder, *command).splitlines()]


def _git(folder: Path, *command: str) -> str:
    done = run(["git", *command], cwd=folder, check=True, capture_output=True, text=True)  # noqa: S607 - of this file
    return done.stdout


if __name__ == "__main__":
    Golden(meant=MEANT).keep(CODEC)
