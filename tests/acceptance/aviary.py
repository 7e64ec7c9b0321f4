"""A person whose every detail is a canary, and a history that tells of them."""

from datetime import date
from pathlib import Path
from typing import Final

from regulars.domain.personal import Address, Contact, Content, Profile
from regulars.testing.canaries import Canaries
from tests.adapters.history_archive import Archive, csv_text, json_text

NAME: Final = "Žofie Kanárkovičová"
PHONE: Final = "+420 604 729 183"
EMAIL: Final = "papousek77@perutnice.test"
BORN: Final = date(1913, 7, 29)
GENDER: Final = "strnadice"
WORK: Final = "krmička tučňáků"
HOME: Final = "Sokolovničí 1187/3, Volavkov"
REVIEW: Final = "Polévka chutnala jako pelikánovina"
NOTE: Final = "zvoňte na Hrdličkovou"
DIET: Final = "alergie na kukaččí hnízda"

CANARIES: Final = Canaries(
    {
        "name": NAME,
        "phone": PHONE,
        "e-mail": EMAIL,
        "birth date": BORN.isoformat(),
        "gender": GENDER,
        "occupation": WORK,
        "address": HOME,
        "review": REVIEW,
        "column of an order": NOTE,
        "column of a customer": DIET,
    }
)

CONTACT: Final = Contact(name=NAME, phone=PHONE, email=EMAIL)
PROFILE: Final = Profile(birth_date=BORN, gender=GENDER, occupation=WORK)
ADDRESS: Final = Address(text=HOME)
OPINION: Final = Content(text=REVIEW)
COLUMNS: Final = Content(extra=(("diet", DIET),))

_CUSTOMER: Final = {
    "customer_id": "zofie",
    "name": NAME,
    "phone": PHONE,
    "email": EMAIL,
    "birth_date": BORN.isoformat(),
    "gender": GENDER,
    "occupation": WORK,
    "address": HOME,
    "diet": DIET,
}
_AT: Final = "2024-05-01T10:00:00Z"
_ORDER: Final = {
    "order_id": "order-of-zofie",
    "customer_id": "zofie",
    "placed_at": _AT,
    "currency": "USD",
    "total": "19.99",
    "refund": "5.00",
    "note": NOTE,
}
_NOBODYS: Final = {"order_id": "order-of-nobody", "customer_id": "", "refund": ""}
_REVIEW: Final = {"order_id": "order-of-zofie", "stars": "5", "text": REVIEW, "mood": DIET}


def write_history(folder: Path) -> None:
    """Files that can be recorded, and rows that cannot: each brings canaries."""
    archive = Archive(folder)
    folder.mkdir(parents=True, exist_ok=True)
    archive.keep(
        "customers-of-the-aviary.jsonl",
        json_text(
            [
                _CUSTOMER,
                _CUSTOMER | {"name": f"{NAME} the second"},
                _CUSTOMER | {"customer_id": "born-on-a-phone", "birth_date": PHONE},
                _CUSTOMER | {"customer_id": "from-home", "registered_at": HOME},
                _CUSTOMER | {"customer_id": "long", "name": NAME * 1_000},
                _CUSTOMER | {"customer_id": "nul", "address": f"{HOME}\0"},
                _CUSTOMER | {"customer_id": ""},
                _CUSTOMER | {"customer_id": "list", "name": [NAME]},
            ]
        )
        + f'{{"customer_id": "cut", "name": "{NAME}\n"{NAME}"\n',
    )
    archive.keep(
        "orders-of-the-aviary.csv",
        csv_text(
            [
                _ORDER,
                _ORDER | _NOBODYS,
                _ORDER | {"order_id": "total", "total": NAME},
                _ORDER | {"order_id": "time", "placed_at": PHONE},
                _ORDER | {"order_id": "status", "status": WORK},
                _ORDER | {"total": "29.99", "note": f"{NOTE}, {NAME}"},
            ]
        )
        + f"more,zofie,{_AT},USD,1,,,{NAME},{PHONE},{EMAIL}\n"
        + f'"quote"{NAME},zofie,{_AT},USD,1,,\n',
    )
    archive.keep(
        "reviews-of-the-aviary.csv",
        csv_text(
            [
                _REVIEW,
                _REVIEW | {"text": f"{REVIEW}, {NAME}"},
                _REVIEW | {"order_id": "never-placed"},
                _REVIEW | {"order_id": "stars", "stars": NAME},
                _REVIEW | {"order_id": "order-of-nobody"},
            ]
        ),
    )


def write_unreadable(folder: Path) -> list[str]:
    """Files that stop an import where they bring canaries; returns their names."""
    archive = Archive(folder)
    folder.mkdir(parents=True, exist_ok=True)
    head = "customer_id,name,email\n"
    archive.keep("customers-not-utf8.csv", f"{head}c,{NAME},{EMAIL}\n".encode("cp1250"))
    archive.keep("customers-open-quote.csv", f'{head}c,"{NAME}\nd,,{EMAIL}\n')
    archive.keep("customers-no-id.csv", f"name,email\n{NAME},{EMAIL}\n")
    archive.keep("customers-long.jsonl", f'{{"customer_id": "{EMAIL * (1 << 20)}"}}')
    return sorted(path.name for path in folder.iterdir())
