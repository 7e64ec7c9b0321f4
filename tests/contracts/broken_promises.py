"""Which tests of a contract an adapter fails, told without pytest collecting them."""

from collections.abc import Iterator

import pytest

from regulars.application.errors import AlreadyRecorded, StaleHistory, StorageUnavailable


def promises(contract: type) -> list[str]:
    """The tests of a contract, and of what it is made of, in their order."""
    parts = reversed(contract.__mro__)
    return [name for part in parts for name in vars(part) if name.startswith("test_")]


def fails(case: object, name: str) -> bool:
    """Whether the adapter of this case fails a test; errors of no contract come out."""
    try:
        getattr(case, name)()
    except (
        AssertionError,
        AlreadyRecorded,
        BaseExceptionGroup,  # several faults of one exploration
        LookupError,  # lists that two changed at once
        StaleHistory,
        StopIteration,
        StorageUnavailable,
        pytest.fail.Exception,
    ):
        return True
    return False


def failed_by(case: type) -> Iterator[str]:
    """The tests that an adapter fails, each in an instance of its own; `case` states no own."""
    contract = case.__mro__[1]
    return (name for name in promises(contract) if fails(case(), name))
