"""A picture of what other rules would change: the difference of each customer, as SVG."""

from collections.abc import Sequence
from html import escape
from typing import Final

from regulars.application.what_if import WhatIf

_WIDTH: Final = 800
_HEIGHT: Final = 300
_LEFT: Final = 110
_TOP: Final = 70
_EDGE: Final = 20
_LESS: Final = "#c2410c"
_MORE: Final = "#0e7490"


def plotted(found: WhatIf, *, title: str) -> str:
    """
    The customers side by side, from who would lose most to who would gain most.

    Each is a step as high as the difference. Of more customers than fit, as many as fit are drawn
    at equal distances, the first and the last among them. Nothing is loaded from elsewhere.
    """
    differences = _thinned(sorted(one.difference for one in found.customers))
    highest, lowest = max([0, *differences]), min([0, *differences])
    scale = _HEIGHT / ((highest - lowest) or 1)
    zero = _TOP + highest * scale
    width, height = _LEFT + _WIDTH + _EDGE, _TOP + _HEIGHT + _EDGE
    labels = "".join(
        f'<text x="{_LEFT - 8}" y="{zero - value * scale + 4:.1f}" text-anchor="end">'
        f"{f'{value:+,}' if value else 0}</text>"
        for value in sorted({highest, 0, lowest})
    )
    summary = (
        f"{len(found.customers):,} customers: {found.winners:,} would have more,"
        f" {found.losers:,} less, {found.difference:+,} points in all"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="13">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="{_LEFT}" y="28" font-size="17">{escape(title)}</text>\n'
        f'<text x="{_LEFT}" y="50" fill="#555">{summary}</text>\n'
        f"{labels}\n"
        f'<path d="{_steps(differences, zero, scale, sign=-1)}" fill="{_LESS}"/>\n'
        f'<path d="{_steps(differences, zero, scale, sign=1)}" fill="{_MORE}"/>\n'
        f'<path d="M{_LEFT},{zero:.1f}H{_LEFT + _WIDTH}" stroke="#333"/>\n'
        "</svg>\n"
    )


def _thinned(values: Sequence[int]) -> Sequence[int]:
    if len(values) <= _WIDTH:
        return values
    return [values[place * (len(values) - 1) // (_WIDTH - 1)] for place in range(_WIDTH)]


def _steps(values: Sequence[int], zero: float, scale: float, *, sign: int) -> str:
    """The outline of the values of one sign; those of the other lie flat."""
    step = _WIDTH / (len(values) or 1)
    tops = (
        f"V{zero - max(0, sign * value) * sign * scale:.1f}H{_LEFT + place * step:.1f}"
        for place, value in enumerate(values, 1)
    )
    return f"M{_LEFT},{zero:.1f}{''.join(tops)}V{zero:.1f}Z"
