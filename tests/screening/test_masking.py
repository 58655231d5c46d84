"""Masking can be undone exactly, whatever the text, and never gives a secret back."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from allotment.screening.findings import Detected
from allotment.screening.masking import Masking, Piece, Remembered
from allotment.screening.scanning import scan

LOOK_ALIKES = [
    "[EMAIL_1]", "[email_1]", "EMAIL_1", "[EMAIL_2]", "[TEXT_1]", "TEXT_1", "[PHONE 1]", "[NATIONAL_ID_1]",
    "[EMAIL\\_1]", "[EMAIL_01]", "[SECRET_1]", "[ＥＭＡＩＬ＿１]", "[EMAIL_", "1]", "[", "]", "_1", "EMAIL",
    "[[EMAIL_1]]",
]  # fmt: skip
VALUES = [
    "anna@example.org",
    "bo@example.org",
    "+49 30 901820",
    "DE89370400440532013000",
    "4111 1111 1111 1111",
]
PARTS = st.sampled_from([*LOOK_ALIKES, *VALUES, " ", "\n", ", ", "ſ", "字", "é", "x"])
TEXTS = st.lists(PARTS, max_size=15).map("".join)
ANY_TEXT = (TEXTS | st.text()).filter(
    lambda text: all(found.kind is not Detected.SECRET for found in scan(text))
)


def test_the_model_sees_placeholders_and_the_person_the_values() -> None:
    masking = Masking()
    masked = masking.mask(
        "Tell anna@example.org and bo@example.org, not anna@example.org, to ring +49 30 901820."
    )
    assert masked.text == "Tell [EMAIL_1] and [EMAIL_2], not [EMAIL_1], to ring [PHONE_1]."
    assert len(masked.findings) == 4
    assert masking.restore("Dear [EMAIL_2], [PHONE_1]'s line") == "Dear bo@example.org, +49 30 901820's line"


def test_restored_values_are_marked() -> None:
    masking = Masking()
    masking.mask("anna@example.org")
    assert masking.restore_marked("To [EMAIL_1].") == (
        Piece("To ", None), Piece("anna@example.org", Detected.EMAIL), Piece(".", None),
    )  # fmt: skip


def test_small_changes_by_the_model_are_forgiven() -> None:
    masking = Masking()
    masking.mask("anna@example.org")
    for written in ("[email_1]", "[Email 1]", "EMAIL_1", "[EMAIL\\_1]", "[EMAIL-1]"):
        assert masking.restore(f"To {written}.") == "To anna@example.org."


def test_what_may_mean_something_else_stays() -> None:
    masking = Masking()
    masking.mask("anna@example.org")
    for written in ("email_1", "MY_EMAIL_1", "EMAIL_12", "[EMAIL_2]", "EMAIL 1"):
        assert masking.restore(f"To {written}.") == f"To {written}."


def test_secrets_never_come_back() -> None:
    masking = Masking(restored=frozenset(Detected))
    masked = masking.mask("password: hunter2")
    assert masked.text == "password: [SECRET_1]"
    assert masking.restore(masked.text) == "password: [SECRET_1]"


def test_kinds_that_are_not_masked_pass_and_are_known() -> None:
    masking = Masking(kinds={Detected.EMAIL})
    assert masking.mask("anna@example.org, +49 30 901820").text == "[EMAIL_1], +49 30 901820"
    assert masking.knows(Detected.PHONE, "+49 30 901820")
    assert not masking.knows(Detected.PHONE, "+49 30 901821")


def test_kinds_that_are_not_restored_stay_masked() -> None:
    masking = Masking(restored={Detected.PHONE})
    assert masking.restore(masking.mask("anna@example.org, +49 30 901820").text) == "[EMAIL_1], +49 30 901820"


@given(ANY_TEXT)
@example("[EMAIL_1] anna@example.org EMAIL_2 bo@example.org")
def test_restoring_undoes_masking(text: str) -> None:
    masking = Masking()
    assert masking.restore(masking.mask(text).text) == text


@given(st.lists(ANY_TEXT, max_size=4))
@example(["anna@example.org", "[EMAIL_1] and TEXT_1", "[TEXT_1]"])
def test_restoring_undoes_every_masking_of_a_run(texts: list[str]) -> None:
    masking = Masking()
    masked = [masking.mask(text).text for text in texts]
    assert [masking.restore(text) for text in masked] == texts


@given(st.lists(ANY_TEXT, max_size=3), ANY_TEXT)
def test_a_stored_masking_goes_on_as_if_it_had_never_stopped(before: list[str], after: str) -> None:
    masking = Masking(kinds={Detected.EMAIL, Detected.IBAN})
    for text in before:
        masking.mask(text)
    stored = msgspec.json.decode(msgspec.json.encode(masking.to_values()), type=tuple[Remembered, ...])
    again = Masking.from_values(stored, kinds={Detected.EMAIL, Detected.IBAN})
    assert again.to_values() == masking.to_values()
    assert again.mask(after) == masking.mask(after)
