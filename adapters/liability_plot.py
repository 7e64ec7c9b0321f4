"""A picture of what a programme owes: what came and went in each month, and was left, as SVG."""

from collections.abc import Sequence
from html import escape
from itertools import chain
from typing import Final

from regulars.application.liability import MonthOfPoints

_WIDTH: Final = 800
_HEIGHT: Final = 300
_LEFT: Final = 110
_TOP: Final = 90
_EDGE: Final = 40
_COLOURS: Final = {"issued": "#0e7490", "redeemed": "#ca8a04", "expired": "#c2410c", "left": "#333"}


def plotted_liability(months: Sequence[MonthOfPoints], *, title: str) -> str:
    """
    Three bars for each month, of what was issued, redeemed and expired, and a line of what is left.

    Issued is what was earned, brought along, and put in or taken out by transfers and adjustments,
    less what refunds took back; expired, which is the breakage, has what was forfeited with it.
    """
    bars = [(_issued(one), one.redeemed, one.expired + one.forfeited) for one in months]
    left = [one.closing for one in months]
    values = [0, *left, *chain.from_iterable(bars)]
    highest, lowest = max(values), min(values)
    scale = _HEIGHT / ((highest - lowest) or 1)
    zero = _TOP + highest * scale
    step = _WIDTH / (len(months) or 1)
    labels = "".join(
        f'<text x="{_LEFT - 8}" y="{zero - value * scale + 4:.1f}" text-anchor="end">'
        f"{value:,}</text>"
        for value in sorted({highest, 0, lowest})
    )
    drawn = "\n".join(
        f'<path d="{_bars([one[place] for one in bars], zero, scale, step, place)}"'
        f' fill="{_COLOURS[name]}"/>'
        for place, name in enumerate(("issued", "redeemed", "expired"))
    )
    points = " ".join(
        f"{_LEFT + (place + 0.5) * step:.1f},{zero - value * scale:.1f}"
        for place, value in enumerate(left)
    )
    width, height = _LEFT + _WIDTH + _EDGE, _TOP + _HEIGHT + _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="13">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="{_LEFT}" y="28" font-size="17">{escape(title)}</text>\n'
        f"{_legend(months)}\n{labels}\n{drawn}\n"
        f'<polyline points="{points}" fill="none" stroke="{_COLOURS["left"]}" stroke-width="2"/>\n'
        f'<path d="M{_LEFT},{zero:.1f}H{_LEFT + _WIDTH}" stroke="#333"/>\n'
        f"{_ends(months, height)}\n"
        "</svg>\n"
    )


def _issued(one: MonthOfPoints) -> int:
    return one.earned + one.migrated + one.transferred + one.adjusted - one.reversed


def _bars(values: Sequence[int], zero: float, scale: float, step: float, place: int) -> str:
    """One bar of each month, the first, second or third of three, as one outline."""
    wide = step / 4
    return "".join(
        f"M{_LEFT + month * step + (place + 0.5) * wide:.1f},{zero:.1f}"
        f"v{-value * scale:.1f}h{wide:.1f}V{zero:.1f}Z"
        for month, value in enumerate(values)
    )


def _legend(months: Sequence[MonthOfPoints]) -> str:
    sums = {
        "issued": sum(map(_issued, months)),
        "redeemed": sum(one.redeemed for one in months),
        "expired": sum(one.expired + one.forfeited for one in months),
        "left": months[-1].closing if months else 0,
    }
    return "".join(
        f'<text x="{_LEFT + place * _WIDTH // len(sums)}" y="54" fill="{_COLOURS[name]}">'
        f"{name} {value:,}</text>"
        for place, (name, value) in enumerate(sums.items())
    )


def _ends(months: Sequence[MonthOfPoints], height: int) -> str:
    """The first and the last month, under the picture."""
    if not months:
        return ""
    first, last = (one.month.isoformat()[:7] for one in (months[0], months[-1]))
    y = height - _EDGE // 3
    return (
        f'<text x="{_LEFT}" y="{y}">{first}</text>'
        f'<text x="{_LEFT + _WIDTH}" y="{y}" text-anchor="end">{last}</text>'
    )
