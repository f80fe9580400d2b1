import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources.sniffing import Format, sniff
from tests.sources import bodies

CAPTURE = bodies.asked_quotes()
FORMATS: list[Format] = ["csv", "json", "spreadsheetml"]
CONSENT = b"<html><body><form>Before you go on, we need your consent</form></body></html>"
CHALLENGE = (
    b"<!DOCTYPE html><html><body><noscript>Please enable JavaScript</noscript></body></html>"
)
OUTAGE = b"<html><head><title>Yahoo</title></head><body>Will be right back...</body></html>"


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        pytest.param(b'{"chart":{}}', "json", id="an object"),
        pytest.param(b" \n[1]", "json", id="an array below blanks"),
        pytest.param(b"\xef\xbb\xbf{}", "json", id="JSON behind a byte order mark"),
        pytest.param(b"Date,Close\n2030-07-01,1\n", "csv", id="a table"),
        pytest.param(b"Date;Close\r\n", "csv", id="a header alone"),
        pytest.param(bodies.holdings_file(), "csv", id="a name above a table"),
        pytest.param(bodies.workbook(), "spreadsheetml", id="a workbook behind two marks"),
        pytest.param(b"<Workbook xmlns='x'/>", "spreadsheetml", id="no declaration, no prefix"),
    ],
)
def test_what_was_wanted_passes(payload: bytes, wanted: Format) -> None:
    assert sniff(payload, CAPTURE, wanted=wanted) == payload.decode().lstrip("\ufeff")


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize(
    ("payload", "named"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(b" \r\n\t", "an empty body", id="blank"),
        pytest.param(b"\xef\xbb\xbf", "an empty body", id="a byte order mark alone"),
        pytest.param(bodies.PAGE.encode(), "HTML", id="a page"),
        pytest.param(b"\n\n  " + bodies.PAGE.encode(), "HTML", id="a page below blank lines"),
        pytest.param(b"\xef\xbb\xbf" + bodies.PAGE.encode(), "HTML", id="a page behind a mark"),
        pytest.param(b'<?xml version="1.0"?><!DOCTYPE html><html/>', "HTML", id="XHTML"),
        pytest.param(b"<!-- gate --><HTML><BODY>", "HTML", id="a page behind a comment"),
        pytest.param(b"<html>" + b"consent captcha " * 9_000, "HTML", id="a long product page"),
        pytest.param(CONSENT, "a consent page", id="consent"),
        pytest.param(CHALLENGE, "a challenge page", id="challenge"),
        pytest.param(OUTAGE, "an outage page", id="outage"),
        pytest.param(b"<error>no</error>", "markup", id="XML of another kind"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3", "a PDF", id="PDF"),
        pytest.param(b"PK\x03\x04\x14", "an XLSX workbook", id="xlsx"),
        pytest.param(gzip.compress(b"{}"), "a gzip archive", id="still compressed"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1", "a binary Excel file", id="xls"),
        pytest.param(b"Too Many Requests\r\n", "a plain text", id="429 with CRLF"),
        pytest.param(b"Edge: Too Many Requests", "a plain text", id="429 of the edge"),
        pytest.param(b"Will be right back", "a plain text", id="outage text"),
        pytest.param(b"Sorry, try again later", "a plain text", id="a sentence with a comma"),
        pytest.param(b"\xff\xfe{\x00}\x00", "undecodable text", id="UTF-16"),
        pytest.param(b"caf\xe9,1\n", "undecodable text", id="Latin-1"),
        pytest.param(b"a,b\0c\n", "undecodable text", id="a zero byte"),
    ],
)
def test_what_is_no_data_is_refused_by_its_name(payload: bytes, named: str, wanted: Format) -> None:
    with pytest.raises(Refused) as refusal:
        sniff(payload, CAPTURE, wanted=wanted)

    told = str(refusal.value)
    assert told.startswith(f"yahoo/quotes/ACM: {named}")
    assert "wanted" in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("payload", "wanted", "told"),
    [
        (b'{"error":"no"}', "csv", "JSON was served where CSV was wanted; it begins"),
        (b'{"error":"no"}', "spreadsheetml", "JSON was served where a SpreadsheetML workbook"),
        (b"Date,Close\n", "json", "CSV was served where JSON was wanted"),
        (bodies.workbook(), "csv", "a SpreadsheetML workbook was served where CSV was wanted"),
    ],
)
def test_one_format_does_not_pass_for_another(payload: bytes, wanted: Format, told: str) -> None:
    with pytest.raises(Refused, match=told):
        sniff(payload, CAPTURE, wanted=wanted)


@settings(deadline=None)
@given(payload=st.binary(), wanted=st.sampled_from(FORMATS))
def test_any_bytes_pass_or_are_refused(payload: bytes, wanted: Format) -> None:
    try:
        sniff(payload, CAPTURE, wanted=wanted)
    except Refused as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 -- either outcome is right
