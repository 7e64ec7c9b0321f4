import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copytree, which
from subprocess import run
from textwrap import dedent
from typing import Any

import attrs
import msgspec
import pytest

from regulars.adapters.codec import STORED, Codec, encode
from regulars.adapters.older_events import UPCASTERS as OURS
from regulars.adapters.upcasting import BrokenChain, Payload, Stored, Turned, Upcaster
from regulars.application.events import Event, Retired
from regulars.domain.customer import CustomerRegistered
from regulars.domain.order import OrderAccepted
from regulars.domain.values import OrderId
from regulars.testing.example_events import EXAMPLES, box
from regulars.testing.example_ids import ADA
from tests.adapters.golden_files import GOLDEN, Golden, edited
from tests.adapters.stored_events import MEANT
from tests.adapters.stored_fields import signature
from tests.architecture.repository import ROOT

FIRST: Stored = ("OrderAccepted", 1)
SECOND: Stored = ("OrderAccepted", 2)


@attrs.frozen(kw_only=True)
class Accepted:
    """`OrderAccepted` as its second version might be: it says in how many minutes."""

    order: OrderId
    late_entry: bool = False
    ready_in: int | None = None


ACCEPTED: Any = Accepted(order=OrderId("订单-1001"), late_entry=True)
NEW: Any = Accepted(order=OrderId("订单-1001"), late_entry=True, ready_in=20)


def stored(kind: type[Any], as_: Stored) -> dict[type[Event], Stored]:
    """What is stored, with another class in the place of `OrderAccepted`."""
    rest = {event: names for event, names in STORED.items() if event is not OrderAccepted}
    return {**rest, kind: as_}


def accepted_then(payload: Payload) -> Sequence[Turned]:
    return [(*SECOND, {**payload, "ready_in": None})]


STEP = Upcaster(of=FIRST, into=(SECOND,), turn=accepted_then)
EVOLVED = Codec(stored(Accepted, SECOND), [*OURS, STEP])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copytree(GOLDEN, tmp_path / "stored")


def golden(folder: Path, meant: Mapping[Stored, Sequence[Event | Retired]]) -> Golden:
    return Golden(folder=folder, meant={**MEANT, **meant})


def keep(folder: Path, as_: Stored, body: bytes, fields: str = "") -> None:
    files = Golden(folder=folder, meant={})
    files.file(as_).write_bytes(body)
    files.file(as_, "fields").write_text(fields, encoding="utf-8")


def test_an_event_that_was_evolved_with_everything_it_takes_is_let_through(folder: Path) -> None:
    keep(folder, SECOND, encode(NEW), signature(Accepted))

    assert golden(folder, {FIRST: [ACCEPTED], SECOND: [NEW]}).faults(EVOLVED) == []


def test_the_worked_example_of_the_guide_takes_an_event_to_its_second_version(folder: Path) -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^ +```python\n(.*?)^ +```$", guide, re.DOTALL | re.MULTILINE)
    told: dict[str, Any] = {}
    exec(dedent(block), told)  # noqa: S102 - of this repository
    keep(folder, SECOND, encode(NEW), signature(Accepted))

    codec = Codec(stored(Accepted, SECOND), [*OURS, *told["UPCASTERS"]])

    assert golden(folder, {FIRST: [ACCEPTED], SECOND: [NEW]}).faults(codec) == []


def test_golden_files_are_made_where_there_are_none_and_nowhere_else(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    told = golden(folder, {FIRST: [ACCEPTED], SECOND: [NEW]})

    golden(folder, {}).keep(EVOLVED)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    told.keep(EVOLVED)

    assert told.faults(EVOLVED) == []
    made = {told.file(SECOND), told.file(SECOND, "fields")}
    assert {path for path in folder.iterdir() if path not in before} == made
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    "changed",
    [
        attrs.make_class("More", {"order": attrs.field(type=str), "why": attrs.field(type=str)}),
        attrs.make_class(
            "Retyped", {"order": attrs.field(type=int), "late_entry": attrs.field(type=bool)}
        ),
        attrs.make_class("Fewer", {"order": attrs.field(type=str)}),
        Accepted,
    ],
)
def test_a_class_that_changed_without_a_new_version_is_found(
    changed: type[Any], folder: Path
) -> None:
    faults = golden(folder, {}).faults(Codec(stored(changed, FIRST), OURS))

    assert "OrderAccepted 1 has other fields than it was stored with" in faults


def test_a_new_version_without_an_upcaster_cannot_even_be_put_together() -> None:
    with pytest.raises(BrokenChain, match="OrderAccepted 1 is older than OrderAccepted 2"):
        Codec(stored(Accepted, SECOND), OURS)


def test_a_new_version_without_golden_files_or_example_is_found(folder: Path) -> None:
    assert golden(folder, {FIRST: [ACCEPTED]}).faults(EVOLVED) == [
        "OrderAccepted 2 has no golden files",
        "OrderAccepted 2 has no example",
    ]


def test_a_name_that_was_given_up_without_an_upcaster_is_found(folder: Path) -> None:
    faults = golden(folder, {}).faults(Codec(stored(OrderAccepted, ("OrderTaken", 1)), OURS))

    assert "OrderAccepted.1 is no longer read" in faults


def test_an_older_version_that_is_read_as_something_else_is_found(folder: Path) -> None:
    keep(folder, SECOND, encode(NEW), signature(Accepted))

    faults = golden(folder, {FIRST: [NEW], SECOND: [NEW]}).faults(EVOLVED)

    assert faults == ["OrderAccepted 1 is read as something else"]


def test_an_older_version_that_its_upcaster_cannot_read_is_found(folder: Path) -> None:
    keep(folder, SECOND, encode(NEW), signature(Accepted))
    wrong = Upcaster(of=FIRST, into=(SECOND,), turn=lambda payload: payload["lost"])

    faults = golden(folder, {FIRST: [ACCEPTED], SECOND: [NEW]}).faults(
        Codec(stored(Accepted, SECOND), [*OURS, wrong])
    )

    assert faults == ["OrderAccepted 1 is no longer read"]


def test_a_box_that_an_upcaster_puts_in_another_field_is_found(folder: Path) -> None:
    signed_up: Stored = ("CustomerSignedUp", 1)
    sealed = msgspec.json.decode(encode(box("about")))
    keep(folder, signed_up, encode({"customer": "ada", "about": sealed}))
    registered: Stored = ("CustomerRegistered", 1)

    def moved(payload: Payload) -> Sequence[Turned]:
        return [(*registered, {"customer": payload["customer"], "profile": payload["about"]})]

    codec = Codec(STORED, [*OURS, Upcaster(of=signed_up, into=(registered,), turn=moved)])
    meant = [CustomerRegistered(customer=ADA, profile=box("about"))]

    assert golden(folder, {signed_up: meant}).faults(codec) == [
        "CustomerSignedUp 1 has a box that would not open, because it was sealed for another field"
    ]


def test_an_older_event_that_becomes_two_postings_is_found(folder: Path) -> None:
    granted: Stored = ("PointsGranted", 1)
    keep(folder, granted, encode(EXAMPLES["PointsEarned", 2]))
    earned: Stored = ("PointsEarned", 2)
    twice = Upcaster(of=granted, into=(earned,), turn=lambda body: [(*earned, body)] * 2)

    faults = golden(folder, {granted: [EXAMPLES[earned]] * 2}).faults(Codec(STORED, [*OURS, twice]))

    assert faults == [
        "PointsGranted 1 has become two postings, which would share a row of the ledger"
    ]


def git(folder: Path, *command: str) -> None:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    run(["git", *who, *command], cwd=folder, check=True, capture_output=True)  # noqa: S607 - of this file


@pytest.mark.skipif(which("git") is None, reason="there is no git here")
def test_a_golden_file_that_is_edited_or_removed_is_found_before_and_after_the_commit(
    folder: Path,
) -> None:
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "Keep what is stored")
    keep(folder, SECOND, encode(NEW), signature(Accepted))
    git(folder, "add", ".")
    assert edited(folder) == []

    (folder / "OrderAccepted.1.fields").write_text(signature(Accepted), encoding="utf-8")
    (folder / "OrderReady.1.json").unlink()
    named = ["OrderAccepted.1.fields", "OrderReady.1.json"]
    assert edited(folder) == named

    git(folder, "commit", "-a", "-m", "Hope that nobody looks")
    assert edited(folder) == named
