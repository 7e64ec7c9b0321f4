"""Personal data of every kind, for Hypothesis to draw from."""

from datetime import date

from hypothesis import strategies as st

from regulars.domain.personal import (
    Address,
    Contact,
    Content,
    Identity,
    Payment,
    Personal,
    Profile,
)

texts = st.one_of(
    st.sampled_from(["", "true", "null", "1e5", "0411", "13812345678", "张三", '"', "\\", "\x00"]),
    st.from_regex(r"\d{1,15}", fullmatch=True),
    st.text(max_size=80),
)
maybe = st.none() | texts

contacts: st.SearchStrategy[Contact] = st.builds(Contact, name=maybe, phone=maybe, email=maybe)
personal: st.SearchStrategy[Personal] = st.one_of(
    contacts,
    st.builds(Address, text=texts),
    st.builds(Payment, card_tail=texts, issuer=maybe),
    st.builds(Identity, real_name=texts, document_number=maybe),
    st.builds(
        Profile,
        birth_date=st.none() | st.dates(min_value=date(1, 1, 1)),
        gender=maybe,
        occupation=maybe,
    ),
    st.builds(
        Content,
        text=maybe,
        extra=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    ),
)
