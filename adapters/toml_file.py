"""A TOML file as a person writes it: what it says, and on which line each part of it stands."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import frozen

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: `("rule", 1, "role")` is the role of the second rule."""

_LINE: Final = re.compile(r"at line (\d+)")


@frozen(kw_only=True)
class NotToml(Exception):
    """The file cannot be read as TOML: why, and from which line on if that is known."""

    why: str
    line: int | None = None

    def __str__(self) -> str:
        return self.why


@frozen(kw_only=True)
class Written:
    """What a file says, and its text."""

    document: Mapping[str, Any]
    text: str

    def line_of(self, place: Place) -> int:
        """
        The line, from 1 on, on which the value at `place` begins, or of what lacks it.

        Reads ever more lines of the text until the value is there, because `tomllib` does not tell:
        so no grammar is needed here. Quadratic in the lines: for a person's file that is wrong.
        """
        while not _holds(self.document, place):
            place = place[:-1]
        if not place:
            return 1
        lines = self.text.split("\n")
        begun = 1
        for count in range(1, len(lines)):
            try:
                found = tomllib.loads("\n".join(lines[:count]))
            except tomllib.TOMLDecodeError:
                continue  # within a value of several lines
            if _holds(found, place):
                return begun
            begun = count + 1
        return begun


def read_toml(path: Path) -> Written:
    """
    What a file says.

    Raises:
        NotToml: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return Written(document=tomllib.loads(text), text=text)
    except OSError as error:
        raise NotToml(why=f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise NotToml(why="is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        line = _LINE.search(str(error))
        raise NotToml(
            why=f"is no TOML: {error}", line=None if line is None else int(line[1])
        ) from None


def _holds(found: Any, place: Place) -> bool:  # noqa: ANN401 - as TOML has it
    for step in place:
        try:
            found = found[step]
        except (LookupError, TypeError):
            return False
    return True
