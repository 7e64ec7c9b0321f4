"""Codes: short words of a host's own for a purpose or a reason, never a sentence about a person."""

import re
from typing import Final

from attrs import frozen

from regulars.domain.values import Refusal

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,99}")


@frozen(kw_only=True)
class NoCode(Refusal):
    """A reason, basis or purpose is a code of letters, digits and `._:/#-`, at most 100 of them."""

    field: str

    def __str__(self) -> str:
        return (
            f"{self.field}: a code is 1 to 100 letters, digits and any of ._:/#- such as ticket-12"
        )


def is_code(text: str) -> bool:
    """Whether a text is a code."""
    return _CODE.fullmatch(text) is not None


def require_code(name: str, code: str | None) -> None:
    """
    Refuse what is no code; None is none, and passes.

    Raises:
        NoCode: says which field it is, and does not repeat it.
    """
    if code is not None and not is_code(code):
        raise NoCode(field=name)
