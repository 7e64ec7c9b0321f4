"""
The lines of an exported log: JSON Lines in UTF-8, in one way only for the same log.

First what it is, then an event a line, and at the end the SHA-256 of all bytes before. A body is
text as it was stored, or base64 if it is none.
"""

from base64 import b64encode
from binascii import a2b_base64
from typing import Annotated, Final, TypeAlias

import msgspec

from regulars.application.stored import Stored

_FORMAT: Final = "regulars log"
_VERSION: Final = 1
_LARGEST: Final = 2**63 - 1

_Time: TypeAlias = Annotated[int, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
_Position: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST)]
_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
_Version: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
_EventId: TypeAlias = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
_Hex: TypeAlias = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{2})*$")]


class Malformed(Exception):
    """A line is not what an export writes. Says why, never what stands there."""


class Heading(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an exported log holds: whose it is, how many events, and the head when it was made.

    `keys_apart` is the id under which its data keys are kept in another database, where they are.
    `from_zero` are the streams that an application of the `eventsourcing` library counts from zero.
    """

    format: str = _FORMAT
    version: int = _VERSION
    tenant: str
    count: _Count
    head: _Count
    keys_apart: str | msgspec.UnsetType = msgspec.UNSET
    from_zero: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class _Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    position: _Position
    stream: str
    version: _Version
    type: str
    schema: _Version
    event_id: _EventId
    occurred_at: _Time
    recorded_at: _Time
    actor: str
    correlation: str
    causation: str | None
    fingerprint: _Hex | None
    body: str | None = None
    base64: str | None = None


class _Ending(msgspec.Struct, frozen=True):
    sha256: str


_encode: Final = msgspec.json.Encoder().encode
_line: Final = msgspec.json.Decoder(_Line).decode
_heading: Final = msgspec.json.Decoder(Heading).decode


def heading_line(heading: Heading) -> bytes:
    """The first line."""
    return _encode(heading) + b"\n"


def line_of(stored: Stored) -> bytes:
    """The line of an event."""
    try:
        body, base64 = stored.body.decode(), None
    except UnicodeDecodeError:
        body, base64 = None, b64encode(stored.body).decode()
    fingerprint = stored.fingerprint
    line = _Line(
        position=stored.position,
        stream=stored.stream,
        version=stored.version,
        type=stored.type,
        schema=stored.schema,
        event_id=stored.event_id.hex(),
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
        actor=stored.actor,
        correlation=stored.correlation,
        causation=stored.causation,
        fingerprint=None if fingerprint is None else fingerprint.hex(),
        body=body,
        base64=base64,
    )
    return _encode(line) + b"\n"


def ending_line(sha256: str) -> bytes:
    """The last line."""
    return _encode(_Ending(sha256)) + b"\n"


def is_ending(line: bytes) -> bool:
    """Whether a line is the last one of an export, whatever checksum it has."""
    return line.startswith(b'{"sha256":')


def heading_in(line: bytes) -> Heading:
    """
    What the first line says.

    Raises:
        Malformed: it is none, or of a format that this version does not read.
    """
    try:
        heading = _heading(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("does not begin an exported log") from None
    if heading.format == _FORMAT and heading.version > _VERSION:
        raise Malformed("is of a newer format than this version of regulars reads")
    if heading_line(heading) != line or (heading.format, heading.version) != (_FORMAT, _VERSION):
        raise Malformed("does not begin an exported log")
    return heading


def stored_in(line: bytes) -> Stored:
    """
    The event of a line.

    Raises:
        Malformed: it is none, or written in another way than `line_of` does.
    """
    try:
        stored = _stored(_line(line))
        same = line_of(stored) == line
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        same, stored = False, None
    # Raised out here, because those errors may quote the line.
    if not same or stored is None:
        raise Malformed("is no event as an export writes it")
    return stored


def _stored(line: _Line) -> Stored:
    body = a2b_base64(line.base64) if line.base64 is not None else (line.body or "").encode()
    return Stored(
        position=line.position,
        stream=line.stream,
        version=line.version,
        type=line.type,
        schema=line.schema,
        event_id=bytes.fromhex(line.event_id),
        occurred_at=line.occurred_at,
        recorded_at=line.recorded_at,
        actor=line.actor,
        correlation=line.correlation,
        causation=line.causation,
        fingerprint=None if line.fingerprint is None else bytes.fromhex(line.fingerprint),
        body=body,
    )
