from pathlib import Path

import pytest

from regulars import CustomerId, MayNotWrite, RegisterCustomer, connect
from tests.adapters.cli_shop import Shop
from tests.domain.story import NOON

SAM = "support:s-7"
POLICY = """\
[[rule]]
role = "support"
purpose = "service"
masked = ["contact"]
basis = "contract"

[[limit]]
role = "support"
reads = 1
seconds = 60
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop in which somebody in support read more than they may."""
    monkeypatch.chdir(tmp_path)
    register = RegisterCustomer(customer=CustomerId("ada"), at=NOON)
    with connect("sqlite:///regulars.db") as crm:
        crm.execute(register, by="web")
        with pytest.raises(MayNotWrite):
            crm.execute(register, by="auditor:a-1")
    shop = Shop(tmp_path)
    shop.keep("policy.toml", POLICY)
    asked = ("reveal", "ada", "--class", "contact", "--purpose", "service", "--as", SAM)
    for _ in range(2):
        shop.run(*asked, "--policy", "policy.toml", status=1)
    return shop


def test_a_reader_who_was_suspended_is_told_of_and_let_go_on(shop: Shop) -> None:
    go_on = ("reinstate", SAM, "--by", "privacy_officer:po-1")

    told = shop.json("access-log")["incidents"]
    assert [(one["event"], one["role"]) for one in told] == [
        ("WriteRefused", "auditor"),
        ("ActorSuspended", "support"),
    ]
    assert (told[0]["commands"], told[1]["reads"]) == (["RegisterCustomer"], 1)
    assert f"{SAM} reads again" in shop.run(*go_on, "--reason", "ticket-12").stdout
    assert shop.run(*go_on).stdout == f"{SAM} is not suspended\n"
    assert shop.json(*go_on) == {"role": "support", "actor": "s-7", "reinstated": False}

    said = " ".join(shop.run("access-log").stdout.split())
    assert "2 values asked for" in said
    assert "3 incidents" in said
    assert "auditor:a-1 refused: RegisterCustomer" in said
    assert "support:s-7 suspended: 1 values within 60 seconds" in said
    assert "support:s-7 reinstated by po-1, ticket-12" in said


def test_incidents_are_those_of_the_reader_and_not_of_a_customer(shop: Shop) -> None:
    of_sam = shop.json("access-log", "--actor", SAM)

    assert (len(of_sam["accesses"]), len(of_sam["incidents"])) == (2, 1)
    assert shop.json("access-log", "--customer", "ada")["incidents"] == []
    assert "incident" not in shop.run("access-log", "--customer", "ada").stdout


def test_nobody_but_another_who_is_an_officer_lets_them_go_on(shop: Shop) -> None:
    for officer, why in (
        (SAM, "role support may not write"),
        ("courier:c-3", "only a privacy_officer who is somebody else"),
        ("privacy_officer:s-7", "only a privacy_officer who is somebody else"),
    ):
        assert why in shop.run("reinstate", SAM, "--by", officer, status=3).stderr

    told = shop.json("access-log")["incidents"]
    assert "ActorReinstated" not in {one["event"] for one in told}
