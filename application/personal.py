"""What can be personal data: a name that is not blank, a text that ends, four digits of a card."""

import re
from datetime import date
from typing import Final, assert_never

from regulars.application.errors import InvalidPersonalData
from regulars.application.fields import is_text
from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    Identity,
    Payment,
    Personal,
    Profile,
)

_LONGEST_TEXT: Final = 10_000
_EARLIEST_BIRTH: Final = date(1880, 1, 1)
_CARD_TAIL: Final = re.compile(r"[0-9]{4}")


def check(value: Personal) -> None:
    """
    Refuse what cannot be personal data of this kind.

    Raises:
        InvalidPersonalData: names the field and the reason, never the value.
    """
    if isinstance(value, Profile) and value.birth_date and value.birth_date < _EARLIEST_BIRTH:
        raise InvalidPersonalData(field="birth_date", reason="lies before 1880")
    for name, text in _texts(value).items():
        if text is None:
            continue
        if not text.strip():
            raise InvalidPersonalData(field=name, reason="is blank")
        if len(text) > _LONGEST_TEXT:
            reason = f"is longer than {_LONGEST_TEXT} characters"
            raise InvalidPersonalData(field=name, reason=reason)
        if not is_text(text):
            raise InvalidPersonalData(field=name, reason="holds characters that are no text")
    if isinstance(value, Payment) and not _CARD_TAIL.fullmatch(value.card_tail):
        raise InvalidPersonalData(field="card_tail", reason="is not four digits")


def _texts(value: Personal) -> dict[str, str | None]:
    match value:
        case Contact(name=name, phone=phone, email=email):
            return {"name": name, "phone": phone, "email": email}
        case Address(text=text):
            return {"address": text}
        case Payment(card_tail=tail, issuer=issuer):
            return {"card_tail": tail, "issuer": issuer}
        case Identity(real_name=real_name, document_number=number):
            return {"real_name": real_name, "document_number": number}
        case Profile(gender=gender, occupation=occupation):
            return {"gender": gender, "occupation": occupation}
        case Content(text=text, extra=extra):
            return {"text": text, **{f"extra column {column}": cell for column, cell in extra}}
        case _:
            assert_never(value)
