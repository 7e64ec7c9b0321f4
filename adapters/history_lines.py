"""
The lines of an import, gathered by their order on the way into the spool.

A big history is mostly lines, so this is where an import spends its time: whatever repeats from
line to line (orders, products, quantities, prices) is read once and looked up from then on.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from regulars.adapters.history_entries import product, quantity
from regulars.adapters.history_fields import Unfit, amount, identifier, present
from regulars.adapters.history_rows import Rows
from regulars.adapters.history_spool import Run, Spool, SpooledLine
from regulars.application.history import Place, Reject
from regulars.domain.values import digits

_Product: TypeAlias = tuple[str, str | None, str | None]
_Prices: TypeAlias = dict[str, int | None]
_Order: TypeAlias = tuple[int, int, Run, _Prices]
"""Number in the spool, decimal places, the lines that wait, and the prices of such places."""

_WAITING_MAX: Final = 2_000
"""Lines that wait. More are slower: they no longer fit the processor's caches."""

_FOUND_MAX: Final = 1 << 18
"""Orders that are remembered without being asked for again: what helps where lines are mixed up."""

_LEARNED_MAX: Final = 1 << 24
_LEARNED_COST: Final = 100
"""Characters remembered before all is forgotten, and how many what stands around them weighs."""


class Lines:
    """Takes the rows of files of lines to their orders, in a spool that has all orders."""

    def __init__(self, spool: Spool, reject: Callable[[Reject], None]) -> None:
        """Rows that break a rule, or whose order the spool does not have, go to `reject`."""
        self._spool = spool
        self._reject = reject
        self._orders: dict[str, _Order] = {}
        self._found: dict[str, tuple[int, int]] = {}
        self._products: dict[tuple[str, ...], _Product] = {}
        self._counts: dict[str, int] = {}
        self._prices: dict[int, _Prices] = {}
        self._learned = 0

    def read(self, rows: Rows) -> None:
        """
        Reads one file to its end.

        Raises:
            UnreadableHistory: as `Rows` does.
        """
        orders, products, counts = self._orders, self._products, self._counts
        file = rows.file
        count = 0
        for number, cells, _ in rows:
            count += 1
            if not count % _WAITING_MAX:
                self._hand_over()
            try:
                _, _, (_, numbers, lines), prices = orders[cells[0]]
                sku, name, category = products[cells[1:4]]
                pieces, unit_price = counts[cells[4]], prices[cells[5]]
            except KeyError:
                try:
                    run, (sku, name, category), pieces, unit_price = self._learn(file, cells)
                    _, numbers, lines = run
                except Unfit as unfit:
                    self.spoil(Place(file=rows.file, row=number), cells[0], unfit)
                    continue
            numbers.append(number)
            lines.append(SpooledLine(len(numbers), sku, pieces, name, category, unit_price))
        self._hand_over()

    def spoil(self, place: Place, order_id: str, unfit: Unfit) -> None:
        """Rejects a line and takes its order out: an order comes with all its lines or not."""
        self._reject(Reject(place=place, field=unfit.field, reason=unfit.reason))
        self._spool.spoil(order_id, place)

    def _learn(self, file: str, cells: tuple[str, ...]) -> tuple[Run, _Product, int, int | None]:
        """Reads what a line says, and remembers it."""
        if self._learned > _LEARNED_MAX:
            self._hand_over()
            self._products.clear()
            self._counts.clear()
            self._prices.clear()
            self._learned = 0
        order = self._orders.get(cells[0])
        if order is None:
            number, places = self._found.get(cells[0]) or self._find(cells[0])
            run: Run = (file, [], [])
            order = number, places, run, self._prices.setdefault(places, {})
            self._orders[cells[0]] = order
        _, places, run, prices = order
        if cells[1:4] not in self._products:
            self._products[cells[1:4]] = product(cells[1:4])
            self._learned += _LEARNED_COST + sum(map(len, cells[1:4]))
        if cells[4] not in self._counts:
            self._counts[cells[4]] = quantity(cells[4])
            self._learned += _LEARNED_COST
        if cells[5] not in prices:
            prices[cells[5]] = amount("unit_price", cells[5], places)
            self._learned += _LEARNED_COST + len(cells[5])
        return run, self._products[cells[1:4]], self._counts[cells[4]], prices[cells[5]]

    def _find(self, cell: str) -> tuple[int, int]:
        order_id = present("order_id", identifier("order_id", cell))
        found = self._spool.find(order_id)
        if found is None:
            raise Unfit("order_id", "is not that of an order that was read and not rejected")
        if len(self._found) >= _FOUND_MAX:
            self._found.clear()
        number, currency = found
        self._found[order_id] = number, digits(currency)
        return self._found[order_id]

    def _hand_over(self) -> None:
        self._spool.add_lines(
            (number, run) for number, _, run, _ in self._orders.values() if run[1]
        )
        self._orders.clear()
