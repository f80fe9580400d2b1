from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources import stooq
from tests.sources.bodies import BOM, kept

ASKED = kept(stooq.quotes("ACM", "acm.us", "USD", date(2030, 7, 1), date(2030, 7, 9)))
HEADER = ("Date", "Open", "High", "Low", "Close")
ROWS = (
    ("2030-07-05", "12", "13.25", "11.5", "12.5"),
    ("2030-07-08", "12.5", "13.5", "12", "13"),
)
PAGE = (
    "<!DOCTYPE html><html><head></head><body><noscript>This site requires JavaScript to verify"
    ' your browser.</noscript><script>fetch("/__verify");crypto.subtle.digest("SHA-256")</script>'
    "</body></html>\n"
)


def download(
    rows: tuple[tuple[str, ...], ...] = ROWS, header: tuple[str, ...] = HEADER, end: str = "\r\n"
) -> bytes:
    """Write a download: CRLF, at the end of the last line too."""
    return "".join(",".join(row) + end for row in (header, *rows)).encode()


def texts(payload: bytes) -> list[tuple[str | None, ...]]:
    return stooq.parse_quotes(payload, ASKED).tables["bars"].drop("position").rows()


def test_bars_are_asked_for_by_symbol_and_days() -> None:
    request = stooq.quotes("XAGUSD", "xagusd", "USD", date(1963, 6, 13), date(2030, 7, 9))

    assert request.scope == "stooq/quotes/XAGUSD"
    assert request.path == "/q/d/l/"
    assert request.params == {"s": "xagusd", "i": "d", "d1": "19630613", "d2": "20300709"}
    assert (request.asked_from, request.asked_to) == (date(1963, 6, 13), date(2030, 7, 9))
    assert request.expects == {"currency": "USD"}


def test_metals_have_no_volume() -> None:
    parsed = stooq.parse_quotes(download(), ASKED)

    assert parsed.columns == ("Close", "Date", "High", "Low", "Open")
    assert parsed.tables["bars"].to_dicts()[0] == {
        "position": 0,
        "Date": "2030-07-05",
        "Open": "12",
        "High": "13.25",
        "Low": "11.5",
        "Close": "12.5",
        "Volume": None,
    }


def test_a_volume_may_be_fractional_after_many_that_are_whole() -> None:
    rows = tuple((*ROWS[0], "1000") for _ in range(300))
    body = download((*rows, (*ROWS[1], "1000.125")), (*HEADER, "Volume"))

    parsed = stooq.parse_quotes(body, ASKED)

    assert "Volume" in parsed.columns
    assert parsed.tables["bars"]["Volume"].to_list()[-2:] == ["1000", "1000.125"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(download(end="\n"), id="LF"),
        pytest.param(BOM.encode() + download(), id="a byte order mark"),
        pytest.param(b"\r\n" + download() + b"\r\n", id="a blank line before and after"),
        pytest.param(
            download(tuple((*row, "x") for row in ROWS), (*HEADER, "OpenInt")), id="one more column"
        ),
    ],
)
def test_a_download_in_another_shape_reads_the_same(body: bytes) -> None:
    assert texts(body) == texts(download())


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("Exceeded the daily hits limit", "daily limit .* ask again tomorrow"),
        ("Przekroczony dzienny limit wywolan", "daily limit .* ask again tomorrow"),
        ("Przekroczony dzienny limit wywołań\r\n", "daily limit .* ask again tomorrow"),
        ("No data", "no data: it does not know the symbol, or no session"),
        ("Brak danych\n", "no data: it does not know the symbol, or no session"),
        ("Access denied", "denies access: it is blocked for programs; save the CSV by hand"),
        ("Odmowa dostępu", "denies access: it is blocked for programs; save the CSV by hand"),
        ("Get your apikey:\n1. Open https://x/?s=a&get_apikey", "asks for a key.*by hand"),
        ("", "an empty body, which is a refusal: .*by hand"),
        (" \r\n", "an empty body, which is a refusal: .*by hand"),
        (PAGE, "a challenge .* blocked for programs; save the CSV by hand"),
        ("ACM,N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n", "does not know the symbol"),
        (
            "Symbol,Date,Time,Open,High,Low,Close,Volume\r\nACM,N/D,N/D,N/D,N/D,N/D,N/D,N/D\r\n",
            "does not know the symbol",
        ),
    ],
)
def test_what_stooq_says_in_place_of_a_table_is_named(body: str, told: str) -> None:
    with pytest.raises(Refused, match=f"^stooq/quotes/ACM: Stooq.*{told}") as refused:
        texts(body.encode())

    assert "\n" not in str(refused.value)


def test_a_refusal_in_the_polish_sites_own_encoding_is_named() -> None:
    with pytest.raises(Refused, match="denies access"):
        texts("Odmowa dostępu".encode("iso-8859-2"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html><body>Overview</body></html>", "HTML was served where CSV was wanted"),
        (b'{"error":1}', "JSON was served where CSV was wanted"),
        (b"\xff\xfe\x00", "undecodable text"),
        (b"Date,Open\xff\r\n", "undecodable text"),
        (b"Ticker,Price\r\nACM,1\r\nACM,2\r\n", "no header Date,Open,.*begins 'Ticker,Price"),
        (download(()), "no rows"),
        (download()[:-4], "ends within a line: cut off"),
        (download() + download(), "there twice"),
        (download((("1", "2", "3", "4", "5", "6"),)), "cannot be read"),
        (download(header=("Date", "Open", "High", "Low", "Last")), "column Close is missing"),
    ],
)
def test_what_is_no_download_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^stooq/quotes/ACM: .*{told}"):
        texts(body)


def test_the_polish_sites_header_is_refused_for_the_columns_that_it_lacks() -> None:
    header = ("Data", "Otwarcie", "Najwyzszy", "Najnizszy", "Zamkniecie")
    told = "column Date, Open, High, Low, Close is missing; the payload has .*'Otwarcie'"

    with pytest.raises(Refused, match=told) as refused:
        texts(download(header=header))

    assert refused.value.columns == tuple(sorted(header))


def test_a_bad_row_stays_to_be_rejected() -> None:
    rows = (ROWS[0], ("???", "x", "", "-", "y"), ("2030-07-06", "12"), ROWS[1])

    assert texts(download(rows))[1:3] == [
        ("???", "x", None, "-", "y", None),
        ("2030-07-06", "12", None, None, None, None),
    ]


VALUE = st.floats(1e-4, 1e6).map(lambda price: f"{price:.4f}".rstrip("0").rstrip("."))


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(st.tuples(st.dates().map(str), *[VALUE] * 5), min_size=1, max_size=50))
def test_any_table_comes_back(rows: list[tuple[str, ...]]) -> None:
    assert texts(download(tuple(rows), (*HEADER, "Volume"))) == rows


@settings(deadline=None, max_examples=100)
@given(
    body=st.one_of(st.binary(), st.text().map(str.encode)), before=st.sampled_from([b"", b"Date,"])
)
def test_a_parser_refuses_and_never_fails(body: bytes, before: bytes) -> None:
    with suppress(Refused):
        stooq.parse_quotes(before + body, ASKED)
