"""What points are spent on."""

from attrs import frozen

from regulars.domain.values import Money


@frozen(kw_only=True)
class Reward:
    """What points are spent on: its kind, such as `payment`, which one, and what it is worth."""

    kind: str
    id: str | None = None
    value: Money | None = None
