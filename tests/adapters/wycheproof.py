"""The test vectors of project Wycheproof, where they lie beside the repository."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from attrs import frozen

ROOT: Final = Path(__file__).parents[2]
_FOLDER: Final = ROOT.parent / "shared" / "vectors" / "wycheproof"

Parameters: TypeAlias = Sequence[Any]


@frozen(kw_only=True)
class Vector:
    """One case: what goes in, what comes out, and whether it should be taken at all."""

    key: bytes
    message: bytes
    ciphertext: bytes
    nonce: bytes
    associated_data: bytes
    valid: bool


def vectors(file: str, **group: int) -> Parameters:
    """The cases of those groups of a file whose sizes are these; one that is skipped if absent."""
    path = _FOLDER / file
    if not path.exists():
        absent = pytest.mark.skip(reason=f"../shared/vectors/wycheproof/{file} is not here")
        return [pytest.param(None, marks=absent, id="absent")]
    return [
        pytest.param(_vector(test), id=f"case {test['tcId']}")
        for found in json.loads(path.read_text())["testGroups"]
        if group.items() <= found.items()
        for test in found["tests"]
    ]


def cases(file: str, **group: int) -> list[dict[str, Any]]:
    """The same cases as they are written; the test that asks for an absent file is skipped."""
    path = _FOLDER / file
    if not path.exists():
        pytest.skip(f"../shared/vectors/wycheproof/{file} is not here")
    return [
        test
        for found in json.loads(path.read_text())["testGroups"]
        if group.items() <= found.items()
        for test in found["tests"]
    ]


def _vector(test: dict[str, str]) -> Vector:
    return Vector(
        key=bytes.fromhex(test["key"]),
        message=bytes.fromhex(test["msg"]),
        ciphertext=bytes.fromhex(test["ct"] + test.get("tag", "")),
        nonce=bytes.fromhex(test.get("iv", "")),
        associated_data=bytes.fromhex(test.get("aad", "")),
        valid=test["result"] == "valid",
    )
