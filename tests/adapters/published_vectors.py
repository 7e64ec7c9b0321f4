"""The test vectors of NIST, the RFCs and OpenSSL, as `cryptography-vectors` brings them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import cryptography_vectors

_FOLDER: Final = Path(cryptography_vectors.__file__).parent
_LINE: Final = re.compile(r"[\[#]?\s*(\w[\w ]*?)\s*=\s*(.*?)\]?")

Published: TypeAlias = dict[str, str]
"""One case: values by their names in small letters, `fail` among them if it is to be refused."""


def published(file: str) -> Iterator[Published]:
    """The cases of a file, each with what the heading above it says."""
    heading: Published = {}
    case: Published = {}
    for line in (_FOLDER / file).read_text(encoding="utf-8").splitlines():
        found = _LINE.fullmatch(line.strip())
        if line.strip() == "FAIL":
            case["fail"] = ""
        if found is None:
            continue
        name, value = found[1].lower(), found[2]
        # A case ends where its first name comes again, or another heading.
        if case and (line[0] in "[#" or name == next(iter(case))):
            yield {**heading, **case}
            case = {}
        if line[0] in "[#":
            heading[name] = value
        else:
            case[name] = value
    yield {**heading, **case}


def octets(value: str) -> bytes:
    """A value in hexadecimal digits, or a text in quotes."""
    return value[1:-1].encode() if value.startswith('"') else bytes.fromhex(value)
