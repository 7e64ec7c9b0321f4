"""
Data keys wrapped by AWS KMS, whose key-encryption keys never leave it.

What a data key is for (tenant, subject, data class, version) is its encryption context, so KMS
itself refuses to unwrap it elsewhere. The context stands in clear in the trail that AWS keeps of
all calls: another reason for ids that say nothing. Needs the extra `aws`.
"""

from typing import Any, Final, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from regulars.adapters.key_ring import UnusableKeys
from regulars.application.errors import StorageUnavailable
from regulars.application.key_rotation import CannotRotate
from regulars.application.keys import KeyName
from regulars.application.ports import KeyUnavailable, Tampered

SCHEME: Final = "kms://"
"""What comes before the alias, id or ARN of a key, where a host names its keys."""

_CHANGED: Final = {"InvalidCiphertextException", "IncorrectKeyException"}
_PLAIN: Final = {
    "NoRegionError": "no region is set: name one in AWS_DEFAULT_REGION",
    "NoCredentialsError": "there are no credentials of AWS in the environment",
}
"""What keeps this process from asking KMS at all, in words."""
_ELSEWHERE: Final = (
    "the key-encryption keys are in AWS KMS: let it rotate them, or open the core with another of"
    " its keys and wrap anew; the old one is disabled there"
)


class KmsClient(Protocol):
    """What is used of `boto3.client("kms")`."""

    def encrypt(self, **told: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        """Encrypt `Plaintext` under `KeyId`."""
        ...

    def decrypt(self, **told: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        """Decrypt `CiphertextBlob` under `KeyId`."""
        ...

    def describe_key(self, **told: Any) -> Any:  # noqa: ANN401 - as boto3 has it
        """The ARN of `KeyId`, among other things."""
        ...


class AwsKms:
    """
    The `KeyWrapper` port over a key of AWS KMS, named by its id, ARN or `alias/…`.

    An alias is looked up once; data keys name the ARN that it stood for, under which they unwrap
    for as long as this identity may use that key.

    Raises:
        UnusableKeys: there is no such key, it may not be used, or KMS is not reached.
    """

    def __init__(self, client: KmsClient, key: str) -> None:
        self._client = client
        try:
            self._arn: str = client.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        except (BotoCoreError, ClientError) as error:
            raise UnusableKeys(source=f"{SCHEME}{key}", why=_why(error)) from None

    @property
    def kek_id(self) -> str:
        """The ARN of the key that wraps; see the port."""
        return self._arn

    @property
    def kek_ids(self) -> list[str]:
        """The ARN of the key that wraps."""
        return [self._arn]

    def reaches(self, kek_id: str) -> bool:
        """Whether it is a key of AWS KMS; if it may be used shows when it is."""
        return kek_id.startswith("arn:")

    def rotate(self) -> str:
        """Raises `CannotRotate`: KMS does that."""
        raise CannotRotate(why=_ELSEWHERE)

    def retire(self, kek_id: str) -> None:  # noqa: ARG002 - the port's
        """Raises `CannotRotate`: KMS does that."""
        raise CannotRotate(why=_ELSEWHERE)

    def wrap(
        self, secret: bytes, name: KeyName, version: int, *, kek_id: str | None = None
    ) -> bytes:
        """`secret` encrypted and bound to what it is for; see the port."""
        try:
            made = self._client.encrypt(
                KeyId=kek_id or self._arn,
                Plaintext=secret,
                EncryptionContext=_context(name, version),
            )
        except (BotoCoreError, ClientError) as error:
            raise StorageUnavailable(store="AWS KMS", why=_why(error)) from None
        return bytes(made["CiphertextBlob"])

    def unwrap(
        self, wrapped: bytes, name: KeyName, version: int, *, kek_id: str
    ) -> bytes | Tampered | KeyUnavailable:
        """The secret, or why not; see the port."""
        try:
            found = self._client.decrypt(
                KeyId=kek_id,
                CiphertextBlob=wrapped,
                EncryptionContext=_context(name, version),
            )
        except (BotoCoreError, ClientError) as error:
            if _code(error) in _CHANGED:
                return Tampered("the stored key is not what was wrapped for this place")
            return KeyUnavailable(f"AWS KMS: {_why(error)}")
        return bytes(found["Plaintext"])


def kms_keys(url: str) -> AwsKms:
    """
    The key that `kms://…` names, in the account and region of this process's environment.

    Raises:
        UnusableKeys: as for `AwsKms`, or no region or credentials are set.
    """
    client: Any = boto3
    try:
        return AwsKms(client.client("kms"), url.removeprefix(SCHEME))
    except BotoCoreError as error:
        raise UnusableKeys(source=url, why=_why(error)) from None


def _context(name: KeyName, version: int) -> dict[str, str]:
    return {
        "regulars:tenant": name.tenant,
        "regulars:subject": name.subject,
        "regulars:class": name.data_class.value,
        "regulars:version": str(version),
    }


def _code(error: BotoCoreError | ClientError) -> str:
    if not isinstance(error, ClientError):
        return ""
    return error.response.get("Error", {}).get("Code", "")


def _why(error: BotoCoreError | ClientError) -> str:
    # The words of AWS may hold the context; its codes do not.
    name = type(error).__name__
    return _code(error) or _PLAIN.get(name, name)
