"""A shop with a few past orders in files, and the command line over its database."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import frozen
from click.testing import CliRunner, Result

from regulars import connect
from regulars.adapters.cli import regulars

SECRETS = ("Ada Lovelace", "+14155550100", "ada@example.org", "12 Analytical Row", "Delicious soup")

ORDERS = """\
order_id,customer_id,merchant_id,placed_at,delivered_at,accepted_at,status,currency,total,refund
o1,ada,m1,2024-05-01T10:00:00Z,2024-05-01T10:40:00Z,,,USD,19.99,
o2,ada,m1,2024-05-02T10:00:00Z,,2024-05-02T09:00:00Z,,USD,30.00,40.00
o3,bob,m2,2024-05-03T23:30:00Z,,,,USD,1234.50,
o4,bob,m2,2024-05-04T10:00:00Z,,,cancelled,USD,5.00,
o5,,m2,2024-05-04T10:00:00Z,,,,EUR,5.00,
"""
LINES = """\
order_id,sku,name,category,quantity,unit_price
o1,soup,Soup of the day,Food,1,9.99
o1,bread,Bread,Food,1,10.00
o2,soup,Soup of the day,Food,3,10.00
"""
CUSTOMERS = (
    json.dumps(
        {
            "customer_id": "ada",
            "name": SECRETS[0],
            "phone": SECRETS[1],
            "email": SECRETS[2],
            "address": SECRETS[3],
        }
    )
    + "\n"
)
REVIEWS = f"order_id,stars,text\no1,5,{SECRETS[4]}\n"


@frozen
class Shop:
    """Works in `folder`, which must be the current one. Every command's `status` is expected."""

    folder: Path

    def keep(self, name: str, text: str) -> Path:
        """A file of the shop."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def history(self) -> str:
        """The name of a folder with all past orders."""
        self.keep("history/orders.csv", ORDERS)
        self.keep("history/lines.csv", LINES)
        self.keep("history/customers.jsonl", CUSTOMERS)
        self.keep("history/reviews.csv", REVIEWS)
        return "history"

    def opened(self) -> "Shop":
        """The shop with all past orders recorded."""
        self.run("import", self.history())
        return self

    def run(self, *words: str, status: int = 0, given: bytes = b"") -> Result:
        """What a command says that is given this on standard input."""
        result = CliRunner().invoke(
            regulars, words, obj=connect, catch_exceptions=False, input=given
        )
        assert result.exit_code == status, result.output
        return result

    def json(self, *words: str, status: int = 0) -> Any:  # noqa: ANN401 - JSON has no type
        """The document with which a command answers."""
        return json.loads(self.run(*words, "--json", status=status).stdout)

    def files(self) -> set[str]:
        """The names of everything in the folder."""
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}


def secrets_in(texts: Iterable[str]) -> list[str]:
    """The personal values of the shop's history that stand in these texts."""
    said = "".join(texts)
    return [secret for secret in SECRETS if secret in said]
