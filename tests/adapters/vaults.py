"""A vault with a known key-encryption key, at noon, and what lies in it."""

from contextlib import suppress
from datetime import UTC, datetime

from attrs import define

from regulars.adapters.envelope import AES_256_GCM
from regulars.adapters.key_ring import KeyRing
from regulars.adapters.memory import MemoryLog
from regulars.adapters.vault import EnvelopeVault
from regulars.application.errors import StorageUnavailable
from regulars.application.events import EventId
from regulars.application.key_history import KeyHistory
from regulars.application.keys import KeyName, KeyState, KeyStore, StoredKey, marks_of
from regulars.application.ports import Spot
from regulars.domain.personal import Contact, DataClass

RING = KeyRing({"k1": bytes(range(32))}, active="k1")
NO_HISTORY = KeyHistory(MemoryLog(tenant="shop"))
SECRET = bytes(range(50, 82))
MARK_SECRET = bytes(range(150, 182))
ANNA = KeyName("shop", "anna", DataClass.CONTACT)
CONTACT = Contact(name="Anna", phone="13812345678")
SPOT = Spot(
    subject="anna",
    type="CustomerRegistered",
    schema=1,
    event_id=EventId(bytes.fromhex("01890000000080008000000000000000")),
    box="contact",
)


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


@define
class Timer:
    seconds: float = 0

    def __call__(self) -> float:
        return self.seconds


def vault(
    keys: KeyStore,
    tenant: str = "shop",
    ring: KeyRing = RING,
    *,
    algorithm: int = AES_256_GCM,
    capacity: int = 10,
    max_seals: int = 100_000,
    timer: Timer | None = None,
    history: KeyHistory | None = None,
) -> EnvelopeVault:
    """A vault whose marks hold in every other one of its tenant, whatever store it is over."""
    with suppress(StorageUnavailable):
        keys.provision(marking(tenant, ring))
    return EnvelopeVault(
        tenant,
        keys,
        ring,
        history=history or NO_HISTORY,
        clock=Noon(),
        algorithm=algorithm,
        capacity=capacity,
        max_seals=max_seals,
        max_age=60,
        timer=timer or Timer(),
    )


def stored(
    version: int = 1, state: KeyState = KeyState.ACTIVE, secret: bytes = SECRET
) -> StoredKey:
    gone = state is KeyState.ERASED
    return StoredKey(
        name=ANNA,
        version=version,
        state=state,
        wrapped=None if gone else RING.wrap(secret, ANNA, version),
        kek="k1",
        created_at=1,
        erased_at=2 if gone else None,
    )


def marking(tenant: str = "shop", ring: KeyRing = RING) -> StoredKey:
    name = marks_of(tenant)
    return StoredKey(
        name=name,
        version=1,
        state=KeyState.ACTIVE,
        wrapped=ring.wrap(MARK_SECRET, name, 1),
        kek=ring.kek_id,
        created_at=1,
    )
