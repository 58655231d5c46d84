"""Identifiers follow RFC 9562 §5.7: version 7, sorted by the time they were made."""

import time
import uuid

from allotment.kernel.ids import new_id, new_secret


def test_an_id_is_a_version_7_uuid_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_of_later_milliseconds_sort_later() -> None:
    first = new_id()
    time.sleep(0.002)
    assert first < new_id()


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id() for _ in range(5000)}) == 5000


def test_a_secret_fits_into_an_address_and_never_repeats() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(len(secret) >= 43 and secret.replace("-", "").replace("_", "").isalnum() for secret in made)
