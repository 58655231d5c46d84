"""What screening finds, what it leaves alone, and that it does so in linear time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allotment.screening import national_ids, passwords, personal, phones, secrets
from allotment.screening.findings import Detected, Finding
from allotment.screening.matching import flat
from allotment.screening.scanning import is_clear, scan


def found(text: str) -> list[tuple[Detected, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in scan(text)]


def test_a_letter_is_screened_from_left_to_right() -> None:
    text = (
        "Write to anna.berg@example.org or call +49 30 901820; pay to DE89 3704 0044 0532 0130 00. Thank you!"
    )
    assert found(text) == [
        (Detected.EMAIL, "anna.berg@example.org"),
        (Detected.PHONE, "+49 30 901820"),
        (Detected.IBAN, "DE89 3704 0044 0532 0130 00"),
    ]
    assert all(finding.certain for finding in scan(text))


@pytest.mark.parametrize(
    ("kind", "before", "value"),
    [
        (Detected.EMAIL, "mail ", "иван@почта.рф"),
        (Detected.EMAIL, "https://example.com/unsubscribe?email=", "jo+news@example.co.uk"),
        (Detected.PHONE, "Fax: ", "345-899-3560"),
        (Detected.PHONE, "my mobile is ", "07700 900123"),
        (Detected.PHONE, "at ", "(08) 8747 6301"),
        (Detected.PHONE, "Telefon ", "4711815"),
        (Detected.IBAN, "my iban is ", "gb29nwbk60161331926819"),
        (Detected.CARD, "card ", "4111 1111 1111 1111"),
        (Detected.CARD, "paid with ", "378282246310005"),
        (Detected.CARD, "card ", "４１１１ １１１１ １１１１ １１１１"),
        (Detected.NATIONAL_ID, "my SSN is ", "219-09-9999"),
        (Detected.NATIONAL_ID, "NI number ", "AB 12 34 56 C"),
        (Detected.NATIONAL_ID, "Steuer-ID: ", "86095742719"),
        (Detected.NATIONAL_ID, "née, ", "2 55 08 14 168 025 38"),
        (Detected.NATIONAL_ID, "DNI ", "12345678Z"),
        (Detected.NATIONAL_ID, "NIE ", "X1234567L"),
        (Detected.NATIONAL_ID, "signor ", "RSSMRA85T10A562S"),
        (Detected.NATIONAL_ID, "BSN ", "111222333"),
        (Detected.NATIONAL_ID, "né ", "85.07.30-033.28"),
        (Detected.NATIONAL_ID, "PESEL ", "44051401359"),
        (Detected.NATIONAL_ID, "Anna, ", "850709-9805"),
        (Detected.NATIONAL_ID, "cliente ", "529.982.247-25"),
        (Detected.NATIONAL_ID, "Aadhaar: ", "2341 2341 2346"),
        (Detected.SECRET, "password: ", "hunter2"),
        (Detected.SECRET, "DB_PASSWORD=", "correcthorse"),
        (Detected.SECRET, "my password is ", "Sommer2024!"),
        (Detected.SECRET, "Passwort lautet ", "geheim#1"),
        (Detected.SECRET, "the PIN is ", "4711"),
        (Detected.SECRET, 'api_key = "', "k3Vq9ZtR2mXw"),
        (Detected.SECRET, "Authorization: Bearer ", "abcdef0123456789abcdef"),
        (Detected.SECRET, "postgres://app:", "s3cr3t"),
        (Detected.SECRET, "key ", "AKIA" + "Z7Q2" * 4),
        (Detected.SECRET, "key ", "sk-ant-" + "a1B2c3D4" * 5),
        (Detected.SECRET, "key ", "allot-a1b2c3d4e5f6-" + "a1B2c3D" * 6 + "e"),
        (Detected.SECRET, "key ", "sk-proj-" + "a1B2c3D4" * 6),
        (Detected.SECRET, "key ", "ghp_" + "a1B2c3D4e" * 4),
        (Detected.SECRET, "key ", "glpat-" + "a1B2c3D4e5" * 2),
        (Detected.SECRET, "key ", "xoxb-" + "1234567890-abc"),
        (Detected.SECRET, "key ", "sk_live_" + "a1B2c3D4e5f6"),
        (Detected.SECRET, "key ", "AIza" + "a1B2c3D" * 5),
        (Detected.SECRET, "token ", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"),
    ],
)
def test_each_kind_is_found_where_it_stands(kind: Detected, before: str, value: str) -> None:
    after = "@db:5432/app" if before.startswith("postgres") else '" \n' if '"' in before else "\n"
    assert found(before + value + after) == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "pay to DE89 3704 0044 0532 0130 01",
        "order 4111111111111112",
        "order 4111111111111112 of 2026",
        "my number 666-12-3456",
        "form BG 12 34 56 C",
        "Steuer-ID: 86095742718",
        "ref 2 55 08 14 168 025 39",
        "ref 12345678A",
        "ref X1234567M",
        "ref RSSMRA85T10A562T",
        "BSN 111222334",
        "ref 111222333",
        "ref 85.07.30-033.29",
        "PESEL 44051401358",
        "ref 44051401359",
        "ref 850709-9806",
        "ref 529.982.247-26",
        "ref 52998224725",
        "Aadhaar: 2341 2341 2347",
        "ref 2341 2341 2346",
    ],
)
def test_wrong_check_digits_and_unnamed_digit_runs_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "We moved C4 from S3 to EKS on 2026-11-23 at 12:30, see release 1.2.3-rc4.",
        "Order 20260417 for 1,250.00 EUR was paid; invoice INV-2026-000123 is open.",
        "In 2024-2025 revenue rose from 1.250.000 to 1 480 000, that is 18.4 %.",
        "Die Sitzung vom 23.11.2026 dauerte von 9.30 bis 11.45 Uhr in Raum 3.014.",
        "The password is wrong and my PIN was refused. Password: please enter it again.",
        "How do I reset my password? I lost the token for my card.",
        "password = os.environ['DB_PASSWORD']; token: ${TOKEN}; secret: <your secret>; pwd=****",
        "The server 192.168.10.20 answers at https://example.org/orders/1234567890?page=2.",
        "Follow @allotment, or read section 4.1.2 on pages 110-119.",
        "The vector is 0.1234567890 and the hash 9f86d081884c7d65 matches commit 2004342.",
    ],
)
def test_ordinary_sentences_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_card_that_fails_its_check_is_uncertain_beside_its_name() -> None:
    (finding,) = scan("my card 4000-0000-0091-4086 was refused")
    assert (finding.kind, finding.certain) == (Detected.CARD, False)


def test_a_private_key_is_one_finding() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nq1w2e3r4\n-----END RSA PRIVATE KEY-----"
    assert found(f"Here:\n{key}\nThanks.") == [(Detected.SECRET, key)]


def test_a_private_key_that_is_cut_off_is_found_to_its_end() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7\nq1w2e3r4"
    assert found(key) == [(Detected.SECRET, key)]


def test_a_token_without_a_header_is_no_web_token() -> None:
    assert found("eyJhbasdGciOiJIUaddasd.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJ") == []


@given(st.text(st.characters(exclude_categories=())))
def test_the_view_has_one_byte_for_each_character(text: str) -> None:
    assert len(flat(text)) == len(text)


FRAGMENTS = st.sampled_from(
    [
        "anna@example.org", "+49 30 901820", "4111 1111 1111 1111", "DE89370400440532013000", "password: ", "hunter2",
        "SSN ", "219-09-9999", "-----BEGIN PRIVATE KEY-----", " ", "\n", "0", "1", "@", ".", "é", "字", "://u:", "x9@h",
    ]
)  # fmt: skip


@given(st.lists(FRAGMENTS, max_size=30).map("".join))
def test_findings_are_ordered_within_the_text_and_never_overlap(text: str) -> None:
    reach = 0
    for finding in scan(text):
        assert reach <= finding.start < finding.end <= len(text)
        reach = finding.end


SHAPES = [
    rb"(?i)[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}[ -]?[A-Z0-9]{4}[ -]?[0-9]{3,8}", rb"[0-9][0-9 ./()+-]{5,16}[0-9]",
    rb"[A-Z]{6}[0-9L]{2}[A-E][0-9L]{2}[A-Z][0-9L]{3}[A-Z]", rb"[XYZ]?-?[0-9]{7,8}-?[A-Z]", rb"sk-[a-zA-Z0-9]{32,40}",
    rb"(pass ?word|api[_-]key|token|pin)s?(\"| for it|)( ?= ?| is |: )[\"']?[A-Za-z0-9#]{3,14}",
    rb"bearer [a-z0-9]{15,18}",
    rb"ftp://[a-z]{0,2}:[a-z0-9]{1,4}@[a-z\[]", rb"AKIA[A-Z0-9]{15,17}", rb"[0-9]{9}:[A-Za-z0-9_-]{35}",
]  # fmt: skip
PIECES = FRAGMENTS | st.sampled_from(SHAPES).flatmap(lambda shape: st.from_regex(shape, fullmatch=True)).map(
    lambda found: found.decode("latin-1")
)


def found_by_every_detector(view: bytes) -> list[Finding]:
    return [
        *secrets.find(view), *passwords.find(view), *personal.find_emails(view), *personal.find_numbers(view),
        *phones.find(view), *national_ids.find(view),
    ]  # fmt: skip


@given(st.lists(PIECES, max_size=6).map("".join), st.data())
def test_no_detector_finds_anything_in_any_part_of_a_clear_text(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    part = text[start : data.draw(st.integers(start, len(text)))]
    if is_clear(flat(text)):
        assert found_by_every_detector(flat(part)) == []
        assert not secrets.has_open_private_key(flat(part))
    if found_by_every_detector(flat(part)):
        assert not is_clear(flat(part))
        assert not is_clear(flat(text))


@given(st.lists(PIECES, max_size=6).map("".join))
def test_skipping_detectors_misses_nothing(text: str) -> None:
    numbered = f"No. 7: {text}"
    assert bool(scan(numbered)) == bool(found_by_every_detector(flat(numbered)))


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your message. We will look into it today, and write again by Monday.",
        "Der Umsatz stieg 2026 um 18,4 %, in Raum 3.014 waren es 12 Leute.",
        "It’s fine — “really”. 请问我的订单",
    ],
)
def test_ordinary_answers_are_clear(text: str) -> None:
    assert is_clear(flat(text))


@pytest.mark.parametrize(
    "unit",
    [
        "The committee paid order 12345678 on 3 May 2026. ",
        "1 ",
        "a@b.c",
        "-----BEGIN PRIVATE KEY-----\n",
        "eyJ",
    ],
)
def test_five_megabytes_are_scanned(unit: str) -> None:
    assert isinstance(scan(unit * (5_000_000 // len(unit))), tuple)
