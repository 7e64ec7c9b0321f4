import pytest

from regulars.adapters.normalisers import NORMALISERS, check_region, dialled, email, phone
from regulars.application.contact_index import ContactField
from regulars.application.errors import InvalidPersonalData, UnusableIndex

UNSEEN = (
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\xad",
    "\u202e",
    "\u034f",
    "\u2800",
    "\u3164",
    "\U0001d159",
    "\ufe0f",
    "\ue000",
)
"""Characters of no width, and others that nobody sees."""


def wide(text: str) -> str:
    """The text in the full-width characters of Chinese keyboards."""
    return "".join(one if one == " " else chr(ord(one) + 0xFEE0) for one in text)


@pytest.mark.parametrize(
    ("text", "region", "form"),
    [
        ("13812345678", "CN", "+8613812345678"),
        (" 138-1234 5678 ", "CN", "+8613812345678"),
        ("138\u20111234\u20135678", "CN", "+8613812345678"),
        ("8613812345678", "CN", "+8613812345678"),
        ("008613812345678", "CN", "+8613812345678"),
        ("+86 138 1234 5678", None, "+8613812345678"),
        (wide("+86 13812345678"), None, "+8613812345678"),
        (wide("13812345678"), "CN", "+8613812345678"),
        ("(010) 1234-5678", "CN", "+861012345678"),
        ("010-12345678 ext. 8001", "CN", "+861012345678"),
        ("010-12345678转8001", "CN", "+861012345678"),
        ("010-12345678 分机 8001", "CN", "+861012345678"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("+39 06 1234 5678", "CN", "+390612345678"),
        ("030 1234567", "DE", "+49301234567"),
        ("+14155550100", "CN", "+14155550100"),
    ],
)
def test_one_phone_number_has_one_form(text: str, region: str | None, form: str) -> None:
    assert phone(text, region) == form


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("13812345678", None),
        ("008613812345678", None),
        ("8613812345678", None),
        ("12345", "CN"),
        ("1-800-FLOWERS", "US"),
        ("no number", "CN"),
        ("+86 138 1234 5678 or +86 139 1234 5678", "CN"),
        ("+", "CN"),
        ("+1234567890123456", None),
        ("1e10", "US"),
    ],
)
def test_what_is_no_phone_number_is_refused_and_not_guessed_at(
    text: str, region: str | None
) -> None:
    with pytest.raises(InvalidPersonalData) as refused:
        phone(text, region)

    assert refused.value.field == "phone"
    assert text not in str(refused.value)
    assert dialled(text, region) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ada@example.org", "ada@example.org"),
        ("  Ada@EXAMPLE.org ", "ada@example.org"),
        ("Zoe\u0308@example.org", "zo\u00eb@example.org"),
        ("ada@B\u00dcCHER.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"),
        ("ada+soup@example.org", "ada+soup@example.org"),
        ("ada@example.org.", "ada@example.org"),
        ("ada@example.org\u3002", "ada@example.org"),
        (wide("Ada@example.org"), "ada@example.org"),
        ("ada\uff20example.org", "ada@example.org"),
        ("ada@exa\u200bmple.org\ufeff", "ada@example.org"),
        ("\u963f\u8fbe@\u4f8b\u5b50.example", "\u963f\u8fbe@xn--fsqu00a.example"),
    ],
)
def test_one_address_has_one_form(text: str, form: str) -> None:
    assert email(text, None) == form


@pytest.mark.parametrize(
    "text",
    [
        "ada",
        "@example.org",
        "ada@",
        "a da@example.org",
        '"ada"@example.org',
        "a@b@example.org",
        "ada@-.example",
        "ada@exa mple.org",
        f"{'a' * 65}@example.org",
        f"a@{'b.' * 130}org",
        "ada@example.org..",
        "ada@.",
        *(f"ad{unseen}a@example.org" for unseen in UNSEEN),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidPersonalData) as refused:
        email(text, None)

    assert refused.value.field == "email"
    assert text not in str(refused.value)


def test_a_form_has_the_same_form() -> None:
    for normalise, form in ((phone, "+390612345678"), (email, "zo\u00eb@xn--bcher-kva.example")):
        assert normalise(form, "CN") == form


def test_a_region_is_one_that_has_numbers() -> None:
    check_region("CN")
    check_region(None)
    with pytest.raises(UnusableIndex, match="no region ZZ"):
        check_region("ZZ")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (" Ada@EXAMPLE.org ", "ada@example.org"),
        ("ada@example.org.", "ada@example.org."),
        (f"{wide('ada')}@example.org", f"{wide('ada')}@example.org"),
        ("ad\u200ba@example.org", "ad\u200ba@example.org"),
    ],
)
def test_an_edition_stays_what_it_was(text: str, form: str) -> None:
    assert NORMALISERS[1][ContactField.EMAIL](text, None) == form


def test_no_edition_is_ever_taken_out() -> None:
    assert min(NORMALISERS) == 1
    assert [*NORMALISERS] == [*range(1, len(NORMALISERS) + 1)]
