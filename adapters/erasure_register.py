"""The register of erasures that a host keeps apart from its backups: a file of certificates."""

from pathlib import Path

import msgspec
from attrs import frozen

from regulars.application.erasing_again import Registered
from regulars.application.erasure_subjects import Whose
from regulars.domain.evidence import DestroyedKey
from regulars.domain.personal import DataClass
from regulars.domain.subject import Subject, SubjectKind
from regulars.domain.values import CustomerId, ErasureId


@frozen(kw_only=True)
class UnusableRegister(Exception):
    """The file is no register of erasures. Names the file, and what is wrong where."""

    file: Path
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}"


class _Key(msgspec.Struct):
    subject: str
    data_class: DataClass
    version: int
    kek: str


class _Completion(msgspec.Struct):
    keys: list[_Key]


class _Certificate(msgspec.Struct):
    tenant: str
    erasure: str
    basis: str
    classes: list[DataClass]
    restricted: list[DataClass]
    completions: list[_Completion]
    customer: str | None = None
    courier: str | None = None
    merchant: str | None = None
    order: str | None = None


class _Register(msgspec.Struct):
    erasures: list[_Certificate]


def read_register(file: Path, *, tenant: str) -> list[Registered]:
    """
    The erasures of a file: one certificate, or what `regulars erasures --json` lists.

    Raises:
        UnusableRegister: it is no such file, or an erasure in it is of another tenant.
    """
    try:
        content = file.read_bytes()
        many = "erasures" in msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        found = (
            msgspec.json.decode(content, type=_Register).erasures
            if many
            else [msgspec.json.decode(content, type=_Certificate)]
        )
    except OSError as error:
        raise UnusableRegister(file=file, problem=f"cannot be read: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableRegister(file=file, problem=f"is no certificates: {error}") from None
    for number, one in enumerate(found, 1):
        if one.tenant != tenant:
            problem = f"erasure {number} is of tenant {one.tenant!r}, and this one is {tenant!r}"
            raise UnusableRegister(file=file, problem=problem)
    return [_registered(file, number, one) for number, one in enumerate(found, 1)]


def _registered(file: Path, number: int, one: _Certificate) -> Registered:
    named: list[Whose] = [
        *([] if one.customer is None else [CustomerId(one.customer)]),
        *(
            Subject(kind=kind, id=whose)
            for kind, whose in (
                (SubjectKind.COURIER, one.courier),
                (SubjectKind.MERCHANT, one.merchant),
                (SubjectKind.ORDER, one.order),
            )
            if whose is not None
        ),
    ]
    if len(named) != 1:
        raise UnusableRegister(file=file, problem=f"erasure {number} names nobody, or several")
    return Registered(
        whose=named[0],
        erasure=ErasureId(one.erasure),
        basis=one.basis,
        classes=tuple(of for of in one.classes if of not in one.restricted),
        keys=tuple(
            DestroyedKey(
                subject=key.subject, data_class=key.data_class, version=key.version, kek=key.kek
            )
            for done in one.completions
            for key in done.keys
        ),
    )
