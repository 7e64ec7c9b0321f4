"""
Erasures asked for again from a register of them that was kept apart from the log.

A backup of log and keys from before an erasure knows nothing of it: what it destroyed is there
again, and only who kept the certificates elsewhere can tell whose it was.
"""

from collections.abc import Iterable

from attrs import frozen

from regulars.application.certificate import Certificate
from regulars.application.erasure_sinks import CUSTOMER
from regulars.application.erasure_subjects import Whose
from regulars.application.erasures import Erasures
from regulars.domain.evidence import DestroyedKey
from regulars.domain.personal import DataClass
from regulars.domain.records import MergedInto
from regulars.domain.retention import OVER
from regulars.domain.subject import Subject
from regulars.domain.values import CustomerId, ErasureId, Refusal


@frozen(kw_only=True)
class Registered:
    """An erasure as its certificate tells it; `classes` are those that no hold kept back."""

    whose: Whose
    erasure: ErasureId
    basis: str
    classes: tuple[DataClass, ...]
    keys: tuple[DestroyedKey, ...] = ()

    @property
    def by_retention(self) -> bool:
        """Whether its time was over: retention finds that again by itself."""
        return self.basis.startswith(OVER)


def lost(erasures: Erasures, register: Iterable[Registered]) -> list[Registered]:
    """Those that were asked for and that the log does not tell of, but for those by retention."""
    told = {(one.customer, one.erasure) for one in erasures.all()}
    return [
        one
        for one in register
        if one.classes and not one.by_retention and (one.whose, one.erasure) not in told
    ]


def erase_again(
    erasures: Erasures, register: Iterable[Registered], *, by: str
) -> list[Certificate]:
    """
    Ask for each erasure again under its id, and carry it out; what is erased already stays so.

    So is who was merged into them then and, as this log has it, was not. An id that nothing was
    told of is barred, as it was. Where one is refused, the others are done, and then it is raised.

    Raises:
        MergedInto: another speaks for who was erased by themselves: decide whose data goes.
        ErasureIdTaken: another erasure of the same subject has that id.
        StorageUnavailable: a store does not answer; what was done stands.
    """
    done, refused = list[Certificate](), list[Refusal]()
    for one in register:
        for whose in _all_of(one):
            try:
                done.append(
                    erasures.erase(
                        whose,
                        by=by,
                        basis=one.basis,
                        classes=one.classes,
                        erasure=one.erasure,
                        unknown=True,
                    )
                )
            except MergedInto as merged:
                if merged.into != one.whose:
                    refused.append(merged)
            except Refusal as refusal:
                refused.append(refusal)
    if refused:
        raise refused[0]
    return done


def _all_of(one: Registered) -> list[Whose]:
    """The subject, and whoever was merged into them when they were erased."""
    if isinstance(one.whose, Subject):
        return [one.whose]
    keys = sorted(key.subject for key in one.keys if key.subject.startswith(CUSTOMER))
    return list(
        dict.fromkeys(
            (one.whose, *(CustomerId(subject.removeprefix(CUSTOMER)) for subject in keys))
        )
    )
