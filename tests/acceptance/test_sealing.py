from datetime import UTC, datetime
from pathlib import Path

import pytest

import regulars
from regulars.adapters.envelope import Sealing
from regulars.domain.bank_card import BankCardBound
from regulars.domain.real_name import RealNameVerified

AT = datetime(2024, 1, 1, 12, tzinfo=UTC)
ADA = regulars.CustomerId("ada")
RED = regulars.CardId("red")
BIND = regulars.BindBankCard(
    customer=ADA, at=AT, card=RED, payment=regulars.Payment(card_tail="0411"), co_brand="panda"
)
VERIFY = regulars.VerifyRealName(
    customer=ADA,
    at=AT,
    identity=regulars.Identity(real_name="Ada King", document_number="110101181512100011"),
    method="id-card",
    evidence="check-1",
)


@pytest.mark.parametrize(
    ("sealing", "number"),
    [("aes-256-gcm", 1), ("aes-256-gcm-siv", 2), ("chacha20-poly1305", 3)],
)
def test_a_host_chooses_how_its_data_is_sealed_and_what_was_sealed_otherwise_still_opens(
    tmp_path: Path, sealing: Sealing, number: int
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with regulars.connect(url, environment={}) as crm:
        crm.execute(regulars.RegisterCustomer(customer=ADA, at=AT), by="shop", id="r-1")
        crm.execute(VERIFY, by="shop", id="v-1")

    with regulars.connect(url, sealing=sealing, environment={}) as crm:
        crm.execute(BIND, by="shop", id="b-1")
        boxes = [
            (one.event.payment if isinstance(one.event, BankCardBound) else one.event.identity)
            for one in crm.events()
            if isinstance(one.event, BankCardBound | RealNameVerified)
        ]
        checked = crm.verify()

    assert [box.envelope[3] for box in boxes] == [1, number]
    assert (checked.boxes_open, checked.sound) == (2, True)
