"""A personal value for who was given it: beside the vault, the one place that spells one out."""

from typing import Any

import msgspec
from attrs import fields

from regulars.domain.personal import Personal


def spelled_out(value: Personal) -> dict[str, Any]:
    """The fields of a value in the types of JSON, for a reader whom the gate gave it."""
    return {
        spec.name: msgspec.to_builtins(getattr(value, spec.name))
        for spec in fields(type(value))
        if spec.init
    }
