"""The examples of what is told of erasures, holds and new lives."""

from typing import Final

from regulars.application.events import Event
from regulars.domain.erasure import (
    CustomerErased,
    ErasureRequested,
    LegalHoldPlaced,
    LegalHoldReleased,
    NewLifeAuthorised,
)
from regulars.domain.evidence import DestroyedKey, Purged, Traces
from regulars.domain.personal import DataClass
from regulars.domain.subject import (
    Subject,
    SubjectErasureCompleted,
    SubjectErasureRequested,
    SubjectHoldPlaced,
    SubjectHoldReleased,
    SubjectKind,
    SubjectLifeAuthorised,
)
from regulars.domain.values import ErasureId
from regulars.testing.example_ids import ADA

ERASURES: Final[dict[tuple[str, int], Event]] = {
    ("ErasureRequested", 2): ErasureRequested(
        customer=ADA,
        erasure=ErasureId("erasure-8"),
        classes=(DataClass.CONTACT, DataClass.ADDRESS),
        restricted=(DataClass.ADDRESS,),
        basis="retention:customer",
        new_life=True,
    ),
    ("CustomerErased", 1): CustomerErased(
        customer=ADA,
        erasure=ErasureId("erasure-7"),
        classes=(DataClass.CONTACT,),
        keys=(
            DestroyedKey(
                subject="customer/ada", data_class=DataClass.CONTACT, version=2, kek="kek-1"
            ),
        ),
        purged=(Purged(place="snapshots", entries=3),),
        readable_for=300,
        traces=Traces.HELD,
    ),
    ("LegalHoldPlaced", 1): LegalHoldPlaced(
        customer=ADA, classes=(DataClass.ADDRESS, DataClass.PAYMENT), basis="tax"
    ),
    ("LegalHoldReleased", 1): LegalHoldReleased(
        customer=ADA, classes=(DataClass.PAYMENT,), basis="tax-term-over"
    ),
    ("NewLifeAuthorised", 1): NewLifeAuthorised(
        customer=ADA, classes=(DataClass.CONTACT,), basis="came-back"
    ),
    ("SubjectErasureRequested", 2): SubjectErasureRequested(
        subject=Subject(kind=SubjectKind.MERCHANT, id="cafe-7"),
        erasure=ErasureId("erasure-9"),
        classes=(DataClass.CONTACT, DataClass.CONTENT),
        restricted=(DataClass.CONTACT,),
        basis="retention:service",
        new_life=True,
    ),
    ("SubjectErasureCompleted", 1): SubjectErasureCompleted(
        subject=Subject(kind=SubjectKind.COURIER, id="c-7"),
        erasure=ErasureId("erasure-8"),
        classes=(DataClass.CONTACT,),
        keys=(
            DestroyedKey(
                subject="courier/c-7", data_class=DataClass.CONTACT, version=1, kek="kek-1"
            ),
        ),
        purged=(Purged(place="snapshots", entries=0),),
        readable_for=300,
        traces=Traces.GONE,
    ),
    ("SubjectHoldPlaced", 1): SubjectHoldPlaced(
        subject=Subject(kind=SubjectKind.COURIER, id="c-7"),
        classes=(DataClass.CONTACT,),
        basis="case-17",
    ),
    ("SubjectHoldReleased", 1): SubjectHoldReleased(
        subject=Subject(kind=SubjectKind.COURIER, id="c-7"),
        classes=(DataClass.CONTACT,),
        basis="case-17-closed",
    ),
    ("SubjectLifeAuthorised", 1): SubjectLifeAuthorised(
        subject=Subject(kind=SubjectKind.ORDER, id="order-1"),
        classes=(DataClass.CONTENT,),
        basis="came-back",
    ),
}
