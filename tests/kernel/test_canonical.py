"""Canonical bytes (RFC 8785): what means the same has the same digest."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from allotment.kernel.canonical import canonical_bytes, digest

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcö€", max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


def test_the_example_of_the_standard() -> None:
    """RFC 8785 §3.2.2 and §3.2.3."""
    value = {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27], "literals": [None, True, False]}
    assert canonical_bytes(value) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}'
    )


def test_the_digest_names_its_method() -> None:
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@given(PLAIN)
def test_nothing_is_lost(value: Any) -> None:
    assert json.loads(canonical_bytes(value)) == value


@given(st.dictionaries(st.text("abc", max_size=3), PLAIN, max_size=5))
def test_the_order_of_keys_changes_nothing(value: dict[str, Any]) -> None:
    assert digest(dict(reversed(value.items()))) == digest(value)


@given(PLAIN, PLAIN)
def test_different_values_have_different_bytes(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical_bytes(one) == canonical_bytes(other)) is same
