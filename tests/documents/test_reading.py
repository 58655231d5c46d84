"""Documents that people hand over: what they say, and what is refused of those that mean harm."""

import io
import zipfile
from email.message import EmailMessage

import docx
import pytest

from allotment.documents.pdf_writing import write_pdf
from allotment.documents.reading import MOST_BYTES, MOST_CHARACTERS, read_document
from allotment.documents.report import Part, Prose, Report
from allotment.kernel.errors import Invalid, TooLarge

BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><a>&b;</a>'


def _pdf(text: str) -> bytes:
    return write_pdf(Report("Letter", (), (Part("", Prose(text)),)))


def _word(*paragraphs: str) -> bytes:
    document = docx.Document()
    document.add_heading("Minutes", level=1)
    for text in paragraphs:
        document.add_paragraph(text)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Who", "Mira"
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _with_part(name: str, content: bytes) -> bytes:
    """Return a Word file with one part replaced or added."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(_word("Hello."))) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return target.getvalue()


def test_a_pdf_of_one_page_is_its_text() -> None:
    found = read_document("letter.pdf", _pdf("Dear customer."))
    assert "Dear customer." in found.text
    assert (found.pages, found.notes) == (1, ())
    assert "[Page" not in found.text


def test_pages_keep_their_numbers() -> None:
    found = read_document("letter.PDF", _pdf("\n\n".join(f"Paragraph {n}." for n in range(120))))
    assert found.pages is not None
    assert found.pages > 1
    assert "[Page 2]" in found.text


def test_a_word_file_gives_paragraphs_and_tables_in_their_order() -> None:
    text = read_document("minutes.docx", _word("Ada writes to the bank.")).text
    assert text.splitlines() == ["Minutes", "Ada writes to the bank.", "Who\tMira"]


def test_macros_of_a_word_file_are_never_looked_at() -> None:
    assert "Hello." in read_document("a.docx", _with_part("word/vbaProject.bin", b"Sub AutoOpen()")).text


def test_a_web_page_gives_what_is_seen() -> None:
    page = b"<html><head><title>T</title><style>p{}</style></head><body><h1>Hours</h1><p>We open at <b>nine</b>.</p>"
    page += b"<script>alert(1)</script><table><tr><td>Mon</td><td>9&ndash;5</td></tr></table></body></html>"
    assert read_document("page.html", page).text == "Hours\n\nWe open at nine.\n\nMon 9–5"


def test_an_e_mail_gives_who_and_what_and_names_what_came_with_it() -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "Mira <mira@example.org>",
        "desk@example.org",
        "My card",
    )
    message.set_content("Where is my card?")
    message.add_alternative("<p>Where is my <b>card</b>?</p>", subtype="html")
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="photos.zip")
    found = read_document("mail.eml", message.as_bytes())
    assert found.text.splitlines()[0] == "From: Mira <mira@example.org>"
    assert "Where is my card?" in found.text
    assert found.notes == ("Not read: photos.zip, which came with it.",)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_comes_in_any_usual_encoding(encoding: str) -> None:
    assert read_document("note.txt", "Grüße aus Köln".encode(encoding)).text == "Grüße aus Köln"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.exe", b"MZ", "not a file that can be read here"),
        ("a", b"text", "not a file that can be read here"),
        ("a.pdf", b"PK\x03\x04", "not a PDF file, whatever its name says"),
        ("a.docx", b"%PDF-1.7", "not a DOCX file, whatever its name says"),
        ("a.pdf", b"%PDF-1.7\n" + b"broken " * 50, "not a PDF that can be read"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 500, "not a Word file that can be read"),
        ("a.docx", _word("Hello.")[:900], "not a Word file that can be read"),
        ("a.txt", b"\0\1\2\3" * 50, "not a text file"),
        ("a.eml", b"hello", "not an e-mail"),
        ("a.txt", b"   ", "holds no text"),
        ("a.docx", _with_part("word/document.xml", BOMB.encode()), "XML entities"),
    ],
)
def test_what_cannot_be_read_is_said(name: str, content: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read_document(name, content)


def test_a_zip_bomb_is_refused() -> None:
    with pytest.raises(TooLarge, match="unpacks to too much"):
        read_document("a.docx", _with_part("word/media/a.bin", b"\0" * (60 * 1024 * 1024)))


@pytest.mark.parametrize(
    ("name", "content"), [("a.txt", b"x" * (MOST_CHARACTERS + 1)), ("a.txt", b"x" * (MOST_BYTES + 1))]
)
def test_too_much_is_refused_with_both_numbers(name: str, content: bytes) -> None:
    with pytest.raises(TooLarge, match="is the most"):
        read_document(name, content)
