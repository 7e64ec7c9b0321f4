"""How far the followers of a host are, kept beside the log so that its status tells their lag."""

import sys
from contextlib import AbstractContextManager
from typing import Final

from attrs import field, frozen

from regulars.application.catalogue import KEPT
from regulars.application.errors import AheadOfLog, ReservedId
from regulars.application.fields import check_id
from regulars.application.narrowing import check_kind
from regulars.application.ports import Storage
from regulars.application.protecting import BOUND, FOLLOWER

_OWN: Final = "regulars"
"""The word that names of the core's own followers begin with, but for the first two."""

_TAKEN: Final = frozenset({FOLLOWER, BOUND, *(view.name for view in KEPT)})


@frozen(kw_only=True)
class Positions:
    """
    How far each follower of a host's is, by a name that it chooses, such as `billing`.

    `Crm.positions` keeps them by themselves, and `Joined.positions` in the host's transaction, so
    that they are kept or lost with its rows. `regulars log status` shows each with its lag.
    `lock` is that of whoever shares the storage with it.

    Each call raises:
        InvalidId: the name is blank, too long or no text.
        ReservedId: it begins with `regulars/`, as those of the core's own.
        ValueError: it is that of a view, or of a follower of the core.
        TypeError: the name is no text, or the position no whole number.
        StorageUnavailable: the store does not answer, or was opened to read only and is written.
    """

    storage: Storage = field(repr=False)
    lock: AbstractContextManager[object] = field(repr=False)

    def kept(self, follower: str) -> int:
        """The position that was kept last; 0 if none is."""
        _check_name(follower)
        with self.lock, self.storage.snapshot():
            return self.storage.checkpoints.position(follower)

    def keep(self, follower: str, position: int) -> None:
        """
        Keep that all up to `position` is done, instead of what was kept before; it may be less.

        Raises:
            AheadOfLog: the log never came to it, as after a restore of an older backup.
            ValueError: it is less than 0.
        """
        _check_name(follower)
        check_kind("position", position, int)
        if not 0 <= position <= sys.maxsize:
            raise ValueError(f"position must be one of the log, 0 or more, not {position}")
        with self.lock, self.storage.transaction():
            head = self.storage.log.head()
            if position > head:
                raise AheadOfLog(position=position, head=head)
            self.storage.checkpoints.keep(follower, position)

    def forget(self, follower: str) -> None:
        """Let go of a follower that is no more; one that is not known is none as well."""
        _check_name(follower)
        with self.lock, self.storage.transaction():
            self.storage.checkpoints.forget(follower)


def _check_name(follower: str) -> None:
    check_id("follower", follower)
    if follower.startswith(f"{_OWN}/"):
        raise ReservedId(field="follower", word=_OWN)
    if follower in _TAKEN:
        raise ValueError(f"follower must be a name of its own: {follower} is the core's")
