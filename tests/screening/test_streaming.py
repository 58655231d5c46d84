"""An answer is shown sentence by sentence, the same however it arrives."""

from hypothesis import given
from hypothesis import strategies as st

from allotment.screening.findings import Detected
from allotment.screening.masking import Masking
from allotment.screening.streaming import WITHHELD, Release

PARTS = st.sampled_from(
    [
        "[EMAIL_1]", "[email_1", "]", "EMAIL_1", "Dear you. ", "Yes! ", "\n", " ", ".", "e.g. ", "anna@example.org",
        "leak@example.org", "+49 30 901820", "password: ", "hunter2", "-----BEGIN PRIVATE KEY-----\n", "MIIEpA\n",
        "-----END PRIVATE KEY-----\n", "[SECRET_1]", "字", "…", ":", '"', "4111 1111 1111 1111",
    ]
)  # fmt: skip
ANSWERS = st.lists(PARTS, max_size=20).map("".join)


def a_masking() -> Masking:
    masking = Masking()
    masking.mask("anna@example.org, password: geheim99")
    return masking


def released(chunks: list[str]) -> tuple[str, Release]:
    release = Release(a_masking())
    return "".join([*(release.push(chunk) for chunk in chunks), release.finish()]), release


def test_a_sentence_is_shown_once_it_is_complete() -> None:
    release = Release(a_masking())
    assert release.push("Write to [EMA") == ""
    assert release.push("IL_1].") == ""
    assert release.push(" Then wai") == "Write to anna@example.org. "
    assert release.push("t\nor") == "Then wait\n"
    assert release.finish() == "or"
    assert release.findings == ()


def test_personal_data_that_was_in_no_input_is_reported_where_it_is_shown() -> None:
    shown, release = released(["Ask [EMAIL_1] or leak@example.org today."])
    (finding,) = release.findings
    assert (finding.kind, shown[finding.start : finding.end]) == (Detected.EMAIL, "leak@example.org")


def test_secrets_are_withheld() -> None:
    shown, release = released(["The password: hun", "ter2\nwas leaked."])
    assert shown == f"The password: {WITHHELD}\nwas leaked."
    assert [shown[finding.start : finding.end] for finding in release.findings] == [WITHHELD]


def test_a_word_in_the_sentence_before_still_names_its_value() -> None:
    shown, _ = released(["Your new password:\n", "hunter2x\n"])
    assert "hunter2x" not in shown


def test_a_private_key_is_withheld_whole() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAK\nCAQEA7q1w2e3\n-----END PRIVATE KEY-----"
    shown, _ = released(list(f"Here:\n{key}\nDone."))
    assert shown == f"Here:\n{WITHHELD}\nDone."


def test_a_masked_secret_is_not_reported_again() -> None:
    shown, release = released(["The password: [SECRET_1]."])
    assert shown == "The password: [SECRET_1]."
    assert release.findings == ()


@given(ANSWERS, st.data())
def test_every_split_of_an_answer_shows_the_same(answer: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=12)))
    chunks = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    whole, batch = released([answer])
    for split in (chunks, list(answer)):
        shown, release = released(split)
        assert shown == whole
        assert release.findings == batch.findings


@given(st.text())
def test_an_answer_without_findings_is_only_restored(answer: str) -> None:
    shown, release = released([answer])
    assert release.findings or shown == a_masking().restore(answer)
