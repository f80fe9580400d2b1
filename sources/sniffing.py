"""Tell what a body is from its own bytes: status, content type and file name prove nothing."""

import re
from collections.abc import Iterable
from typing import Literal

from schemas.capture import Capture, Refused

Format = Literal["csv", "json", "spreadsheetml", "html", "xlsx"]

BOM = "\ufeff"
BEGINNING = 2_000  # characters in which a document shows its root element
LONGEST_NOTICE = 20_000  # characters; a product page is longer, and full of consent scripts
BINARY = {
    b"%PDF": "a PDF",
    b"PK": "an XLSX workbook",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "a binary Excel file",
}
FORMATS: dict[Format, str] = {
    "csv": "CSV",
    "json": "JSON",
    "spreadsheetml": "a SpreadsheetML workbook",
    "html": "HTML",
    "xlsx": "an XLSX workbook",
}
NOTICES = {
    "captcha|challenge|just a moment|enable javascript|verify (that )?you": "a challenge page",
    "consent": "a consent page",
    "be right back|maintenance|temporarily unavailable": "an outage page",
}
ERRORS = re.compile(
    "too many requests|be right back|access denied|forbidden|unauthori[sz]ed|rate limit|exceeded"
    "|unavailable|bad gateway|time-?out|internal (server )?error|try again|sorry",
    re.IGNORECASE,
)


def sniff(payload: bytes, capture: Capture, *, wanted: Format) -> str:
    """Give the body as text, without its byte order marks, if it is what was wanted.

    An XLSX workbook is no text: then the text is empty.

    Args:
        payload: The body as served.
        capture: Where it comes from; its scope is named in the refusal.
        wanted: The format that the source's parser reads.

    Raises:
        Refused: It is something else (HTML, PDF, zip, an error text, nothing ...); says what,
            what was wanted, and how it begins.
    """
    served, text = named(payload), decoded(payload)
    if served != FORMATS[wanted]:
        raise Refused(
            f"{capture.request.scope}: {served} was served where {FORMATS[wanted]} was wanted"
            f"{beginning(text)}"
        )
    return text or ""


def is_one_of(payload: bytes, formats: Iterable[Format]) -> bool:
    """Say whether a body is in one of these formats."""
    return named(payload) in [FORMATS[wanted] for wanted in formats]


def named(payload: bytes) -> str:
    """Name what a body is: a format, or what it is instead."""
    text = decoded(payload)
    return binary(payload) or ("undecodable text" if text is None else kind(text))


def decoded(payload: bytes) -> str | None:
    """Read UTF-8 and strip any byte order marks; None for what is not text."""
    try:
        text = payload.decode("utf-8").lstrip(BOM)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def binary(payload: bytes) -> str | None:
    """Name a binary format by its first bytes."""
    return next((name for magic, name in BINARY.items() if payload.startswith(magic)), None)


def kind(text: str) -> str:
    """Name what a text is: a format, a page, an error text or nothing."""
    first = text.lstrip()[:1]
    if not first:
        return "an empty body"
    if first == "<":
        return markup(text)
    if first in "{[":
        return FORMATS["json"]
    return FORMATS["csv"] if is_table(text) else "a plain text"


def markup(text: str) -> str:
    """Tell a workbook from a page; a short page is named for the notice that it gives."""
    root = text.lstrip()[:BEGINNING]
    if re.search("<!doctype html|<(html|head|body|script|title)\\b", root, re.IGNORECASE):
        page = text.casefold() if len(text) < LONGEST_NOTICE else ""
        notice = next((name for words, name in NOTICES.items() if re.search(words, page)), None)
        return f"{notice} (HTML)" if notice else FORMATS["html"]
    return FORMATS["spreadsheetml"] if re.search(r"<(\w+:)?Workbook\b", root) else "markup"


def is_table(text: str) -> bool:
    """Tell rows of separated values from a sentence: they have separators, and no error's words."""
    lines = text.splitlines()
    is_short = len(lines) <= 2  # noqa: PLR2004 -- an error text; a header alone has none of its words
    return any(set(",;\t") & set(line) for line in lines) and not (is_short and ERRORS.search(text))


def beginning(text: str | None) -> str:
    """Quote how a text begins, on one line."""
    start = " ".join((text or "")[:BEGINNING].split())[:60]
    return f"; it begins {start!r}" if start else ""
