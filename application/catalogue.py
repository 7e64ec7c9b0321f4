"""Every view that the core keeps."""

from collections.abc import Sequence
from typing import Any, Final

from regulars.application.access_log import ACCESSES
from regulars.application.books import BOOKS
from regulars.application.coupons import COUPONS, OFFERS
from regulars.application.customer import CUSTOMERS
from regulars.application.errors import UnknownView
from regulars.application.loyalty import ACCOUNTS, LEDGER
from regulars.application.sales import FLAGS, ITEMS, MERCHANTS, SALES
from regulars.application.views import View

VIEWS: Final[tuple[View[Any, Any], ...]] = (
    CUSTOMERS,
    ACCOUNTS,
    LEDGER,
    SALES,
    MERCHANTS,
    ITEMS,
    FLAGS,
    ACCESSES,
    COUPONS,
    OFFERS,
)
"""Every view that is folded from the log, in the order in which they are told of."""

KEPT: Final[tuple[View[Any, Any], ...]] = (*VIEWS, BOOKS)
"""All that a store keeps rows of: every view, and the books."""


def views_named(names: Sequence[str]) -> tuple[View[Any, Any], ...]:
    """
    The views of these names, or all of them if there are no names.

    Raises:
        UnknownView: there is no view of that name.
    """
    known = {view.name: view for view in VIEWS}
    for name in names:
        if name not in known:
            raise UnknownView(name=name, known=tuple(known))
    return tuple(known[name] for name in names) if names else VIEWS
