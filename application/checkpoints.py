"""How far followers of the log are: the core's own, and those of hosts."""

from typing import Protocol


class Checkpoints(Protocol):
    """How far each follower of the log has done its work, by the name of the follower."""

    def position(self, follower: str) -> int:
        """The position up to which it is done; 0 if it never was kept."""
        ...

    def keep(self, follower: str, position: int) -> None:
        """Write down how far it is; kept or lost with the transaction."""
        ...

    def forget(self, follower: str) -> None:
        """Let go of a follower; kept or lost with the transaction. One unknown is none as well."""
        ...
