from datetime import date

import pytest

from regulars.domain.caps import Span, bounds


@pytest.mark.parametrize(
    ("span", "on", "start", "end"),
    [
        (Span.DAY, "2024-05-17", "2024-05-17", "2024-05-18"),
        (Span.WEEK, "2024-05-13", "2024-05-13", "2024-05-20"),
        (Span.WEEK, "2024-05-17", "2024-05-13", "2024-05-20"),
        (Span.WEEK, "2024-05-19", "2024-05-13", "2024-05-20"),
        (Span.MONTH, "2024-05-17", "2024-05-01", "2024-06-01"),
        (Span.MONTH, "2024-12-31", "2024-12-01", "2025-01-01"),
    ],
)
def test_a_day_lies_in_its_own_day_week_and_month(
    span: Span, on: str, start: str, end: str
) -> None:
    first, after = map(date.fromisoformat, (start, end))

    assert bounds(span, date.fromisoformat(on)) == (first, after)
