"""
Mistakes that other libraries made with personal data, each with whose it was; ours makes none.

Those of keys, boxes and erasures are tested here, or held by the tests that `ELSEWHERE` names;
`CANNOT_ARISE` says of the others why they have no place to happen. What others were asked for
and do not have is no mistake.
"""

from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any, Final, get_args, get_type_hints

import pytest
from attrs import has
from sqlalchemy import update

from regulars.adapters.codec import CODEC, STORED, NotStoredSo
from regulars.adapters.database import Database
from regulars.adapters.keys import KEYS, SqlKeyStore
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.storage import SqlStorage
from regulars.adapters.vault import EnvelopeVault
from regulars.application.catalogue import VIEWS
from regulars.application.erasing import Step
from regulars.application.errors import SubjectErased
from regulars.application.keys import KeyName, KeyState, StoredKey
from regulars.application.ports import Erased, KeyUnavailable, Opened, Revealed, Tampered
from regulars.domain.customer import RegisterCustomer
from regulars.domain.personal import DATA_CLASS, Contact, Content, DataClass, Payment, Sealed
from regulars.domain.values import CustomerId
from tests.adapters.log_files import rows_of
from tests.adapters.vaults import ANNA, CONTACT, SPOT, stored, vault
from tests.application.memory_crm import TENANT, Parts, core, memory_core
from tests.architecture.repository import missing_tests
from tests.domain.story import NOON

NEEDED = [("anna", DataClass.CONTACT)]

ELSEWHERE: Final = {
    "Cratis Chronicle #3600: what was erased before a fix had to be erased again": (
        "tests/application/test_erasures.py::"
        "test_keys_that_came_back_with_a_backup_are_destroyed_again"
    ),
    "Cratis Chronicle PR #3443: values in a list were looked for by their ciphertext": (
        "tests/application/test_gate.py::test_which_of_several_addresses_is_meant_is_to_be_said"
    ),
    "what Cratis Chronicle counts generations for: a key on its way into memory outlives its end": (
        "tests/application/test_erasures.py::"
        "test_what_was_read_from_the_store_before_an_erasure_is_not_remembered_after_it"
    ),
    "Cratis Chronicle, Rails Event Store, eventsalsa/encryption: boxes are bound to no place": (
        "tests/adapters/test_box_marks.py::test_every_part_of_the_place_holds_a_box"
    ),
    "Tink, eventsalsa/encryption: wrapped keys are bound to nobody": (
        "tests/adapters/test_vault.py::test_a_key_copied_from_another_subject_is_tampering"
    ),
    "chatto #1379: who was killed in an erasure left it half done": (
        "tests/acceptance/test_killed_erasures.py::"
        "test_an_erasure_killed_after_a_step_is_carried_on_by_the_next_process"
    ),
    "Cratis Chronicle: a rebuild stops at the erased; NeoHaskell #755: none may bring them back": (
        "tests/application/test_erasures.py::"
        "test_money_points_and_counts_are_the_same_whoever_is_erased_and_whenever"
    ),
    "Hexis #132: an erasure looked for an index entry by what it could no longer open": (
        "tests/adapters/test_erased_files.py::"
        "test_a_token_of_the_erased_is_in_neither_file_while_the_database_is_open"
    ),
    "CipherSweet #79, #84: the key of an index was changed only while the service stood still": (
        "tests/application/test_lookup.py::test_the_key_is_changed_while_nobody_has_to_wait"
    ),
    "SQLAlchemy-Utils #491: there is no way to another key": (
        "tests/application/test_key_rotation.py::"
        "test_every_key_is_wrapped_anew_and_every_box_opens_without_the_old_one"
    ),
    "sequent #222: nobody can see that somebody was erased": (
        "tests/application/test_gate.py::test_what_was_erased_is_recorded_as_such_and_shows_nothing"
    ),
}
"""Mistakes that tests of other names hold us back from."""

CANNOT_ARISE: Final = {
    "CipherSweet #67, #109: nobody understood how short a token may be": (
        "tokens are not shortened, so that there is nothing to plan"
    ),
    "Marten #2779, #3823: records could not be masked in place": (
        "no event is changed: it is the key that goes"
    ),
    "Cratis Chronicle: any value of 256 bytes was taken for one that is encrypted": (
        "the types of events say which fields hold a box, and no value is looked at to tell"
    ),
}
"""Mistakes that have no place to happen, and why not."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'shop.db'}")) as database:
        yield database


def erase(keys: MemoryKeyStore | SqlKeyStore) -> None:
    keys.fence([ANNA], at=1)
    keys.destroy([ANNA], at=1)


def test_every_mistake_that_is_held_elsewhere_is_held() -> None:
    assert missing_tests(" ".join(ELSEWHERE.values())) == []
    assert not ELSEWHERE.keys() & CANNOT_ARISE.keys()


def test_a_key_that_is_put_back_brings_nobody_back() -> None:
    """Cratis Chronicle #3600: a subscription copied destroyed keys back into the store."""
    keys = MemoryKeyStore()
    box = vault(keys).seal(CONTACT, SPOT)
    copy = keys.get_many([ANNA])[ANNA]
    erase(keys)

    keys.provision_many(copy)
    for key in copy:
        keys.provision(key)

    assert vault(keys).open(box, SPOT) == Erased()


def test_who_was_erased_is_not_given_a_new_key_by_the_next_write() -> None:
    """
    patchlevel/hydrator, Rails Event Store #758: the next write made another key.

    laravel-chronicle #192 asks that who is erased stays so.
    """
    keys = MemoryKeyStore()
    vault(keys).seal(CONTACT, SPOT)
    erase(keys)

    for again in (vault(keys), vault(keys)):
        again.prepare(NEEDED)
        with pytest.raises(SubjectErased):
            again.seal(CONTACT, SPOT)
        with pytest.raises(SubjectErased):
            again.digest(CONTACT, "anna")
    assert len(keys.get_many([ANNA])[ANNA]) == 2


def test_a_new_life_reads_nothing_of_the_old_one() -> None:
    """Rails Event Store #758: under the new key of the same id, old values were garbage."""
    old = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    keys = MemoryKeyStore([stored(1, KeyState.ERASED), stored(2, secret=bytes(32))])
    box = vault(keys).seal(CONTACT, SPOT)

    assert vault(keys).open(old, SPOT) == Erased()
    assert vault(keys).open(box, SPOT) == Revealed(CONTACT)
    assert vault(keys).digest(CONTACT, "anna") != vault(MemoryKeyStore([stored()])).digest(
        CONTACT, "anna"
    )


@pytest.mark.parametrize("prepared", [False, True], ids=["one by one", "prepared"])
def test_two_who_need_a_new_key_at_once_seal_under_one(
    database: Database, tmp_path: Path, *, prepared: bool
) -> None:
    """Cratis Chronicle PR #3462: each made a key, and what one of them had sealed was lost."""
    start = Barrier(2)
    spots = [SPOT._replace(subject=str(number)) for number in range(30)]

    def seal_all(connection: Database) -> list[Sealed]:
        safe = vault(SqlKeyStore(connection), capacity=100 if prepared else 10)
        start.wait()
        if prepared:
            safe.prepare([(spot.subject, DataClass.CONTACT) for spot in spots])
        return [safe.seal(CONTACT, spot) for spot in spots]

    with (
        closing(Database(f"sqlite:///{tmp_path / 'shop.db'}")) as other,
        ThreadPoolExecutor() as threads,
    ):
        boxes = list(threads.map(seal_all, (database, other)))

    reader = vault(SqlKeyStore(database))
    opened = [
        reader.open(box, spot) for sealed in boxes for box, spot in zip(sealed, spots, strict=True)
    ]
    assert opened == [Revealed(CONTACT)] * 60


def test_a_batch_takes_no_key_away_from_what_was_sealed_before() -> None:
    """Cratis Chronicle 15.33.3: appending a batch wrote over the key that was there."""
    keys = MemoryKeyStore()
    late = vault(keys)
    box = vault(keys).seal(CONTACT, SPOT)

    keys.provision_many([late._new(ANNA, 1)])  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the key that a late batch would make

    assert vault(keys).open(box, SPOT) == Revealed(CONTACT)


def test_what_another_key_sealed_under_the_same_version_is_no_garbage_and_not_erased() -> None:
    """Cratis Chronicle PR #3462: under a key that was written over, a check of padding failed."""
    box = vault(MemoryKeyStore([stored()])).seal(CONTACT, SPOT)
    written_over = MemoryKeyStore([stored(secret=bytes(32))])

    assert isinstance(vault(written_over).open(box, SPOT), KeyUnavailable)


def opened_with(database: Database, damage: dict[str, object], box: Sealed) -> Opened:
    database.connection.execute(update(KEYS).values(damage))
    return vault(SqlKeyStore(database)).open(box, SPOT)


def test_what_was_tampered_with_is_never_shown_as_erased(database: Database) -> None:
    """Rails Event Store, patchlevel/hydrator: whatever did not decrypt counted as forgotten."""
    safe = vault(SqlKeyStore(database))
    box = safe.seal(CONTACT, SPOT)
    last = box.envelope[-1] ^ 1
    broken = Sealed(box.envelope[:-1] + bytes([last]))

    assert isinstance(safe.open(broken, SPOT), Tampered)
    assert isinstance(safe.open(box, SPOT._replace(box="profile")), Tampered)
    assert isinstance(opened_with(database, {"wrapped": bytes(56)}, box), Tampered)
    assert isinstance(opened_with(database, {"kek": "another"}, box), KeyUnavailable)


def test_a_box_that_stays_shut_is_no_value_and_no_blank() -> None:
    """
    Cratis Chronicle #3703, PR #3445: a value came out as its ciphertext.

    There an erased one was an empty text, and in Rails Event Store an object that answers anything.
    """
    keys = MemoryKeyStore()
    box = vault(keys).seal(CONTACT, SPOT)
    absent = vault(MemoryKeyStore()).open(box, SPOT)
    another = vault(keys).open(box, SPOT._replace(subject="bob"))
    erase(keys)
    gone = vault(keys).open(box, SPOT)

    assert [type(one) for one in (absent, another, gone)] == [KeyUnavailable, Tampered, Erased]
    for outcome in (absent, another, gone):
        assert not hasattr(outcome, "value")
        assert not hasattr(outcome, "name")
        assert repr(box.envelope) not in repr(outcome)


@pytest.mark.parametrize("size", [0, 4, 101, 117, 256, 512])
def test_what_was_never_sealed_is_neither_blanked_nor_let_through(size: int) -> None:
    """Cratis Chronicle #3616: a value that had never been encrypted was read as blank."""
    plain = Sealed((b"Anna " * 200)[:size])

    assert isinstance(vault(MemoryKeyStore()).open(plain, SPOT), Tampered)
    with pytest.raises(NotStoredSo):
        CODEC.decode("CustomerRegistered", 1, b'{"customer":"anna","contact":{"name":"Anna"}}')


def inside(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - any type there is
    """All types that a type is made of."""
    yield hint
    parts: Iterable[Any] = get_type_hints(hint).values() if has(hint) else get_args(hint)
    for part in parts:
        yield from inside(part)


@pytest.mark.parametrize("event", STORED, ids=lambda event: event.__name__)
def test_no_event_has_a_place_for_what_is_not_sealed(event: type[Any]) -> None:
    """Cratis Chronicle PR #3427: what stood in a list inside an event was stored as it was."""
    assert not {*inside(event)} & DATA_CLASS.keys()
    assert Contact in {*inside(tuple[Contact | None, ...])}


def test_a_long_value_is_sealed_as_a_short_one_is() -> None:
    """Cratis Chronicle PR #3478: raw RSA took no more than a few hundred bytes."""
    columns = tuple((str(number), "好" * 10_000) for number in range(100))
    words = Content(text="好" * 10_000, extra=columns)
    spot = SPOT._replace(box="extra")
    safe = vault(MemoryKeyStore())

    assert safe.open(safe.seal(words, spot), spot) == Revealed(words)


@pytest.mark.parametrize("text", ["13812345678", "0411", "true", "null", "1e5", "6411", "", " "])
def test_text_that_looks_like_a_number_stays_text(text: str) -> None:
    """
    python-event-sourcery 0.6.1: digits came back as a number, and "true" as a truth.

    Cratis Chronicle 19.32.2: the other way round, numbers came back as text.
    """
    safe = vault(MemoryKeyStore())

    for value in (Contact(phone=text), Payment(card_tail=text), Content(extra=((text, text),))):
        assert safe.open(safe.seal(value, SPOT), SPOT) == Revealed(value)


class Asked(MemoryKeyStore):
    """Counts how often it is asked for keys of people, and for how many."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def get_many(self, names: Collection[KeyName]) -> dict[KeyName, list[StoredKey]]:
        people = [name for name in names if name.subject != "marks"]
        self.asked += [len(people)] if people else []
        return super().get_many(names)


def test_keys_of_a_batch_are_asked_for_together_and_once() -> None:
    """Rails Event Store #1148, PR #1854: a key was fetched for each attribute of each event."""
    keys = Asked()
    spots = [SPOT._replace(subject=str(number)) for number in range(50)]
    boxes = [vault(keys).seal(CONTACT, spot) for spot in spots]
    safe = vault(keys, capacity=100)
    keys.asked.clear()

    safe.prepare([(spot.subject, DataClass.CONTACT) for spot in spots])

    for box, spot in zip(boxes, spots, strict=True):
        assert safe.open(box, spot) == Revealed(CONTACT)
        safe.seal(CONTACT, spot)
    assert keys.asked == [50]


def test_no_two_boxes_have_one_nonce_or_are_alike() -> None:
    """
    SQLAlchemy-Utils #166: one nonce for all, made of the key, and nothing against changes.

    patchlevel/hydrator: one nonce for each subject.
    """
    safe = vault(MemoryKeyStore())

    boxes = [safe.seal(CONTACT, SPOT).envelope for _ in range(1_000)]

    assert len({box[9:21] for box in boxes}) == len({box[21:] for box in boxes}) == 1_000


def test_an_erased_key_leaves_the_memory_of_who_hears_of_it() -> None:
    """patchlevel/hydrator: keys stay in memory without end. Cratis Chronicle: they have no age."""
    keys = MemoryKeyStore()
    safe = vault(keys)
    box = safe.seal(CONTACT, SPOT)
    erase(keys)

    safe.heed_erasures()

    assert safe.open(box, SPOT) == Erased()


def test_who_hears_that_nothing_was_erased_keeps_what_is_in_memory() -> None:
    """Rails Event Store, ideas #18: no key was kept in memory, and each value fetched its own."""
    keys = MemoryKeyStore()
    safe = vault(keys)
    safe.heed_erasures()
    box = safe.seal(CONTACT, SPOT)

    safe.heed_erasures()

    assert keys.destroy([ANNA], at=1)
    assert safe.open(box, SPOT) == Revealed(CONTACT)


def test_an_empty_key_store_is_no_erasure_and_no_blank() -> None:
    """Cratis Chronicle: after a move to a new key store everybody read as erased."""
    box = vault(MemoryKeyStore()).seal(CONTACT, SPOT)

    opened = vault(MemoryKeyStore()).open(box, SPOT)

    assert isinstance(opened, KeyUnavailable)
    assert not hasattr(opened, "value")


def test_an_erasure_in_one_tenant_is_none_in_another() -> None:
    """Marten #5234: masking one tenant took the data of every other."""
    keys = MemoryKeyStore()
    other: EnvelopeVault = vault(keys, "other")
    box = other.seal(CONTACT, SPOT)

    erase(keys)

    assert other.open(box, SPOT) == Revealed(CONTACT)


REGISTER: Final = RegisterCustomer(customer=CustomerId("anna"), at=NOON, contact=CONTACT)


def test_an_erasure_changes_no_event_that_is_there(database: Database, tmp_path: Path) -> None:
    """Marten #5234: events of the same number were written over, and could not be recovered."""
    town = core(SqlStorage(database, VIEWS, tenant=TENANT), SqlKeyStore(database))
    town.execute(REGISTER)
    before = rows_of(tmp_path / "shop.db")

    town.crm.erasures.erase("anna", by="officer", basis="asked")

    after = rows_of(tmp_path / "shop.db")
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2


def test_no_key_is_touched_before_the_wish_is_recorded() -> None:
    """chatto #1379: the keys went first, and who was killed then left no trace of why."""
    town = memory_core()
    town.execute(REGISTER)
    seen: list[tuple[Step, str, bool]] = []

    def told(step: Step) -> None:
        seen.append((step, town.events()[-1].type, _lives(town)))

    town.crm.erasures.erase("anna", by="officer", basis="asked", told=told)

    assert seen[0] == (Step.REQUESTED, "ErasureRequested", True)
    assert seen[-1] == (Step.COMPLETED, "CustomerErased", False)
    assert [lives for _, _, lives in seen] == sorted((lives for *_, lives in seen), reverse=True)


def _lives(town: Parts) -> bool:
    """Whether a key that opens the customer's data can still be had."""
    return bool(town.crm.erasures.living("anna"))
