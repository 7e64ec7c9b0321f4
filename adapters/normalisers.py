"""
The one form of a phone number and of an e-mail address, so that equal ones are found as equal.

Each edition of these rules has a number that stays in the index; a change is a new edition beside
the old. Phone numbers are read by `phonenumbers`, domains by `idna`: the extra `lookup`.
"""

import re
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Final, TypeAlias
from unicodedata import category, east_asian_width, normalize

from regulars.application.contact_index import ContactField
from regulars.application.errors import InvalidPersonalData, UnusableIndex

Normaliser: TypeAlias = Callable[[str, str | None], str]
"""
The one form of a text, numbers without a country read as those of a region, if there is one.

Raises:
    InvalidPersonalData: the text is none. It is not repeated.
    UnusableIndex: what reads it is not installed.
"""

_EXTENSION: Final = re.compile(r"(?:转|轉|分机|分機)")
_WRITTEN: Final = re.compile(
    r"\+?[\d\s().\-/\u2010-\u2015\u2212]+(?:[;,]?\s*(?:ext\.?|extn\.?|x|#)\s*\d{1,7})?",
    re.ASCII | re.IGNORECASE,
)
_E164: Final = re.compile(r"\+[0-9]{8,15}")
_LOCAL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f]{1,64}")
# Marks and letters that show nothing, most of them ignored by Unicode, beside those of class C.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U0001d159\U000e0100-\U000e01ef]"
)
_LONGEST_ADDRESS: Final = 254


def phone(text: str, region: str | None) -> str:
    """
    E.164: a plus sign and 8 to 15 digits. An extension is dropped, a leading zero kept in Italy.

    A number without a country is read as one of `region`, and refused without it.
    """
    numbers = _phonenumbers()
    plain = _EXTENSION.sub(" ext ", normalize("NFKC", text)).strip()
    written = re.sub(r"[\u2010-\u2015\u2212]", "-", plain)
    if _WRITTEN.fullmatch(written):
        try:
            number = numbers.parse(written, region)
        except numbers.NumberParseException:
            pass
        else:
            form = str(numbers.format_number(number, numbers.PhoneNumberFormat.E164))
            if numbers.is_possible_number(number) and _E164.fullmatch(form):
                return form
    where = f"of region {region} or with its country code" if region else "with its country code"
    raise InvalidPersonalData(field="phone", reason=f"is no phone number {where}")


def dialled(text: str, region: str | None) -> str | None:
    """
    The form of a phone number in which it is called, as `phone` gives it; None if it is none.

    Raises:
        UnusableIndex: what reads numbers is not installed.
    """
    try:
        return phone(text, region)
    except InvalidPersonalData:
        return None


def email(text: str, region: str | None) -> str:
    """
    Local part and domain in lower case, the domain as it is asked for (IDNA 2008, UTS 46).

    No standard says that case does not matter in local parts; no provider of weight differs. What
    is written in full width is read as what it stands for (the width mapping of RFC 8265), and the
    dot of the root is dropped. A local part with a character that nobody sees is refused.
    """
    form = first_email("".join(map(_narrow, text)), region).removesuffix(".")
    local = form.rpartition("@")[0]
    if _UNSEEN.search(local) or any(category(one).startswith("C") for one in local):
        raise _no_address()
    return form


def first_email(text: str, region: str | None) -> str:  # noqa: ARG001 - one shape for all normalisers
    """The same in edition 1, to which other widths, unseen characters and the root are others."""
    try:
        import idna  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        raise _missing() from None
    local, _, domain = normalize("NFC", text).strip().rpartition("@")
    if _LOCAL.fullmatch(local):
        try:
            host = idna.encode(domain, uts46=True).decode().lower()
        except (idna.IDNAError, UnicodeError):
            host = ""
        form = f"{normalize('NFC', local.lower())}@{host}"
        if host and len(form) <= _LONGEST_ADDRESS:
            return form
    raise _no_address()


def _narrow(letter: str) -> str:
    return normalize("NFKC", letter) if east_asian_width(letter) in {"F", "H"} else letter


def _no_address() -> InvalidPersonalData:
    return InvalidPersonalData(field="email", reason="is no e-mail address")


NORMALISERS: Final[Mapping[int, Mapping[ContactField, Normaliser]]] = {
    1: {ContactField.PHONE: phone, ContactField.EMAIL: first_email},
    2: {ContactField.PHONE: phone, ContactField.EMAIL: email},
}
"""Every edition that an index may have been made by. None is ever changed or taken out."""


def check_region(region: str | None) -> None:
    """
    Whether numbers can be read as those of a region.

    Raises:
        UnusableIndex: there is no such region, or what reads numbers is not installed.
    """
    if region not in {None, *_phonenumbers().SUPPORTED_REGIONS}:
        raise UnusableIndex(why=f"knows no region {region}: regions are CN, DE, US and so on")


def _phonenumbers() -> ModuleType:
    try:
        import phonenumbers  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError:
        raise _missing() from None
    return phonenumbers


def _missing() -> UnusableIndex:
    return UnusableIndex(why="needs what reads numbers and domains: install regulars[lookup]")
