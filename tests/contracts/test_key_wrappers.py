import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import boto3
import pytest
from attrs import frozen
from botocore.config import Config
from moto.server import ThreadedMotoServer

import regulars
from regulars.adapters.aws_kms import AwsKms
from regulars.adapters.key_file import KeyFile
from regulars.adapters.key_ring import KeyRing, create_key_file
from regulars.adapters.memory_keys import MemoryKeyStore
from regulars.adapters.vault import EnvelopeVault
from regulars.application.errors import StorageUnavailable
from regulars.application.key_rotation import CannotRotate, KeyEncryptionKeys, KeyRotation
from regulars.application.keys import KeyName
from regulars.application.ports import KeyUnavailable, Revealed, Tampered
from regulars.domain.personal import DataClass
from tests.adapters.vaults import ANNA, CONTACT, NO_HISTORY, SPOT, Noon

SECRET = bytes(range(100, 132))
PLACES = [
    (ANNA._replace(tenant="other"), 1),
    (ANNA._replace(tenant="shopa", subject="nna"), 1),
    (ANNA._replace(subject="bob"), 1),
    (ANNA._replace(data_class=DataClass.PROFILE), 1),
    (ANNA, 2),
]


@frozen
class Kms:
    """A server that answers as AWS KMS does."""

    url: str

    def client(self, url: str = "") -> Any:  # noqa: ANN401 - as boto3 has it
        made: Any = boto3
        return made.client(
            "kms",
            region_name="eu-central-1",
            endpoint_url=url or self.url,
            config=Config(retries={"max_attempts": 0}),
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - of a server that takes any
        )

    def key(self, alias: str) -> str:
        """A new key behind an alias. Returns its ARN."""
        made = self.client().create_key()["KeyMetadata"]
        self.client().create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
        return str(made["Arn"])


class Gone:
    """A server that went away after the key was looked up."""

    def __init__(self, kms: Kms) -> None:
        self.describe_key = kms.client().describe_key
        nowhere = kms.client("http://127.0.0.1:9")
        self.encrypt, self.decrypt = nowhere.encrypt, nowhere.decrypt


@pytest.fixture(scope="module")
def kms() -> Iterator[Kms]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Kms(f"http://{host}:{port}")
    server.stop()


@pytest.fixture(params=["ring", "file", "kms"])
def keks(request: pytest.FixtureRequest, tmp_path: Path, kms: Kms) -> KeyEncryptionKeys:
    if request.param == "ring":
        return KeyRing({"k1": bytes(32), "k0": bytes(range(32))}, active="k1")
    if request.param == "file":
        create_key_file(tmp_path / "shop.keys")
        return KeyFile(tmp_path / "shop.keys")
    alias = f"alias/{tmp_path.name}"
    kms.key(alias)
    return AwsKms(kms.client(), alias)


def check_that_a_key_unwraps_where_it_was_wrapped(keks: KeyEncryptionKeys) -> None:
    wrapped = keks.wrap(SECRET, ANNA, 1)

    assert SECRET not in wrapped
    assert keks.unwrap(wrapped, ANNA, 1, kek_id=keks.kek_id) == SECRET
    named = keks.wrap(SECRET, ANNA, 1, kek_id=keks.kek_id)
    assert keks.unwrap(named, ANNA, 1, kek_id=keks.kek_id) == SECRET


def check_that_a_key_unwraps_nowhere_else(keks: KeyEncryptionKeys) -> None:
    wrapped = keks.wrap(SECRET, ANNA, 1)

    for name, version in PLACES:
        outcome = keks.unwrap(wrapped, name, version, kek_id=keks.kek_id)
        assert isinstance(outcome, Tampered), (name, version)


def check_that_a_changed_bit_is_tampering(keks: KeyEncryptionKeys) -> None:
    wrapped = keks.wrap(SECRET, ANNA, 1)

    for bit in range(0, 8 * 36, 5):
        changed = (int.from_bytes(wrapped) ^ 1 << bit).to_bytes(len(wrapped))
        assert isinstance(keks.unwrap(changed, ANNA, 1, kek_id=keks.kek_id), Tampered)


def check_that_without_its_key_encryption_key_it_is_unavailable(keks: KeyEncryptionKeys) -> None:
    wrapped = keks.wrap(SECRET, ANNA, 1)
    absent = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"

    assert isinstance(keks.unwrap(wrapped, ANNA, 1, kek_id=absent), KeyUnavailable)
    with pytest.raises(StorageUnavailable):
        keks.wrap(SECRET, ANNA, 1, kek_id=absent)


def check_that_the_key_that_wraps_is_among_those_at_hand(keks: KeyEncryptionKeys) -> None:
    assert keks.kek_id in keks.kek_ids
    assert keks.reaches(keks.kek_id)
    assert not keks.reaches("nowhere")


CONTRACT: list[Callable[[KeyEncryptionKeys], None]] = [
    check_that_a_key_unwraps_where_it_was_wrapped,
    check_that_a_key_unwraps_nowhere_else,
    check_that_a_changed_bit_is_tampering,
    check_that_without_its_key_encryption_key_it_is_unavailable,
    check_that_the_key_that_wraps_is_among_those_at_hand,
]


@pytest.mark.parametrize("check", CONTRACT)
def test_a_key_wrapper_keeps_its_promise(
    check: Callable[[KeyEncryptionKeys], None], keks: KeyEncryptionKeys
) -> None:
    check(keks)


class Unbound(KeyRing):
    """Binds a wrapped key to nothing, as the wrappers of others do."""

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        return super().wrap(secret, name._replace(subject=""), version * 0, kek_id=kek_id)

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        return super().unwrap(wrapped, name._replace(subject=""), version * 0, kek_id=kek_id)


class Plain(KeyRing):
    """Wraps nothing."""

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        return super().wrap(secret, name, version, kek_id=kek_id)[:0] + secret

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        outcome = super().unwrap(wrapped, name, version, kek_id=kek_id)
        return outcome if isinstance(outcome, KeyUnavailable) else wrapped


@pytest.mark.parametrize("broken", [Unbound, Plain])
def test_the_contract_finds_broken_key_wrappers(broken: type[KeyRing]) -> None:
    failed = 0
    for check in CONTRACT:
        try:
            check(broken({"k1": bytes(32)}, active="k1"))
        except AssertionError:
            failed += 1

    assert failed


def test_a_key_that_may_not_be_used_now_is_unavailable_and_not_tampered(kms: Kms) -> None:
    arn = kms.key("alias/disabled")
    keks = AwsKms(kms.client(), arn)
    wrapped = keks.wrap(SECRET, ANNA, 1)
    gone = AwsKms(Gone(kms), arn)

    assert isinstance(gone.unwrap(wrapped, ANNA, 1, kek_id=arn), KeyUnavailable)
    with pytest.raises(StorageUnavailable, match="AWS KMS"):
        gone.wrap(SECRET, ANNA, 1)


def test_a_kms_that_has_no_such_key_is_told_of_by_name(kms: Kms) -> None:
    with pytest.raises(regulars.UnusableKeys, match="kms://alias/nobody: NotFoundException"):
        AwsKms(kms.client(), "alias/nobody")


def test_keys_of_a_kms_are_rotated_there_and_wrapped_anew_here(kms: Kms) -> None:
    first, second = kms.key("alias/first"), kms.key("alias/second")
    keys = MemoryKeyStore()
    box = EnvelopeVault(
        "shop", keys, AwsKms(kms.client(), first), history=NO_HISTORY, clock=Noon()
    ).seal(CONTACT, SPOT)
    later = AwsKms(kms.client(), "alias/second")
    rotation = KeyRotation(keys, later, alone=nullcontext, begin_anew=lambda: False)
    assert (rotation.status().waiting, rotation.status().missing) == (2, ())

    with pytest.raises(CannotRotate, match="AWS KMS"):
        rotation.rotate()
    with pytest.raises(CannotRotate, match="AWS KMS"):
        later.retire(first)

    assert rotation.rewrap().rewrapped == 2
    assert {one.kek for one in rotation.status().counts} == {second}
    assert EnvelopeVault("shop", keys, later, history=NO_HISTORY, clock=Noon()).open(
        box, SPOT
    ) == Revealed(CONTACT)


def test_a_host_names_a_key_of_kms_where_it_would_name_a_file(
    kms: Kms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = kms.key("alias/host")
    for name, value in {
        "AWS_ENDPOINT_URL_KMS": kms.url,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    register = regulars.RegisterCustomer(
        customer=regulars.CustomerId("ada"), at=Noon().now(), contact=CONTACT
    )

    with regulars.connect(url, keys="kms://alias/host", environment={}) as crm:
        crm.execute(register, by="shop")
        assert crm.keys.status().active == arn
    with regulars.connect(url, keys=AwsKms(kms.client(), arn), environment={}) as crm:
        assert crm.verify().boxes_open == 1

    assert not list(tmp_path.glob("*.keys"))
    with pytest.raises(regulars.UnusableKeys, match="kms://alias/none"):
        regulars.connect(url, keys="kms://alias/none", environment={})
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(regulars.UnusableKeys, match="no region is set: name one in AWS_DEFAULT"):
        regulars.connect(url, keys="kms://alias/host", environment={})
