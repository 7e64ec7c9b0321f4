"""States to bytes and back, and the mark that tells by which fold, of what, a state was made."""

import json
from collections.abc import Callable, Iterator
from enum import Enum
from hashlib import sha256
from typing import Any, Final, NewType, get_args, get_type_hints

import msgspec
from attrs import fields, frozen, has

from regulars.adapters.codec import CODEC, Codec
from regulars.application.aggregates import Aggregate

_FORM: Final = "MessagePack 1"
_UNREADABLE: Final = (
    ArithmeticError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    msgspec.MsgspecError,
)
"""What arises where bytes are not the state that they should be, or a state fits no bytes."""


@frozen(kw_only=True)
class _Form:
    """How the states of one aggregate are written down."""

    mark: str
    decode: Callable[[bytes], Any]


class StateCodec:
    """
    Writes down the states of aggregates, as MessagePack: its maps may have any key.

    The mark of an aggregate is another one as soon as its fold has a new version, its state other
    fields, or its events other stored names, schema versions or upcasters.
    """

    def __init__(self, codec: Codec = CODEC) -> None:
        self._codec = codec
        self._forms: dict[Aggregate, _Form] = {}
        self._encode = msgspec.msgpack.Encoder().encode

    def mark(self, aggregate: Aggregate) -> str:
        """Equal as long as the same events lead to the same state, written down alike."""
        return self._form(aggregate).mark

    def encode(self, state: object) -> bytes | None:
        """The bytes of a state; None if it holds what has none, as a number of many digits."""
        try:
            return self._encode(state)
        except _UNREADABLE:
            return None

    def decode(self, aggregate: Aggregate, body: bytes) -> Any | None:  # noqa: ANN401 - each aggregate has its own
        """The state that `body` holds; None if it is none of this aggregate."""
        try:
            return self._form(aggregate).decode(body)
        except _UNREADABLE:
            return None

    def _form(self, aggregate: Aggregate) -> _Form:
        form = self._forms.get(aggregate)
        if form is None:
            told = json.dumps(
                [
                    _FORM,
                    aggregate.fold_version,
                    sorted(map(self._origins, aggregate.events)),
                    list(shape(aggregate.state)),
                ]
            )
            form = self._forms[aggregate] = _Form(
                mark=sha256(told.encode()).hexdigest(),
                decode=msgspec.msgpack.Decoder(aggregate.state).decode,
            )
        return form

    def _origins(self, event: type[Any]) -> list[tuple[str, int]]:
        """Every name and version under which the event may be stored, its current one first."""
        current = self._codec.stored[event]
        return [current, *sorted(self._codec.chain.origins(current) - {current})]


def shape(state: type[Any]) -> Iterator[str]:
    """The classes that a state is made of, a line each, with their fields and types or members."""
    parts: list[Any] = [state]
    for part in parts:  # grows on the way
        found: list[Any] = list(get_args(part))
        if isinstance(part, NewType):
            found.append(part.__supertype__)
            yield f"{part.__name__} is {part.__supertype__.__name__}"
        elif isinstance(part, type) and issubclass(part, Enum):
            yield f"{part.__name__}: {[(one.name, one.value) for one in part]}"
        elif isinstance(part, type) and has(part):
            hints = get_type_hints(part)
            typed = [(spec.name, hints[spec.name]) for spec in fields(part)]
            found += [hint for _, hint in typed]
            yield f"{part.__name__}: {[(name, str(hint)) for name, hint in typed]}"
        parts += [one for one in dict.fromkeys(found) if one not in parts]


STATES: Final = StateCodec()
"""How this version of the product writes down states."""
