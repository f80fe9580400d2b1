"""The archive's traps, and that what the sandbox serves is read back as the same values."""

from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import polars as pl
import pytest

from sandbox import publication, spdr_gold
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import spdr_gold as source
from tests.sources.bodies import kept
from transforms import spdr_gold as transform

HISTORY = Path(__file__).parents[3] / "shared" / "history" / "funds" / "GLD.csv"
LATER = datetime(2027, 1, 4, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
LED = {"origin": spdr_gold.SITE, "referer": f"{spdr_gold.SITE}/"}
ROWS = {
    "date": [date(2025, 11, 25), date(2025, 11, 26), date(2025, 11, 28), date(2025, 12, 1)],
    "nav": [350.125, 351.25, 352.5, 353.75],
    "shares_outstanding": [300_000_000, None, 300_100_000, 299_900_000],
    "ounces": [27_500_000.25, None, 27_509_000.5, 27_490_000.75],
}


def market(rows: pl.DataFrame, fund: str = "GLD") -> Market:
    valuations = {fund: publication.publish_fund_rows(rows)}
    return Market(origin="synthetic", instruments={}, bars={}, valuations=valuations)


SMALL = market(pl.DataFrame(ROWS))


def asked(
    served: Market,
    now: datetime = LATER,
    product: str = "gld",
    agent: str = BROWSER,
    headers: dict[str, str] = LED,
) -> Answer:
    query = {"product": product, "exchange": "NYSE", "lang": "en"}
    question = Question(spdr_gold.PATH, query, agent, headers=headers)
    return spdr_gold.answer(served, now, question)


def read(payload: bytes, symbol: str = "GLD") -> pl.DataFrame:
    capture = kept(source.valuations(symbol, symbol.lower(), "x"), LATER)
    raw = source.parse_valuations(payload, capture).tables["fund_valuations"]
    verdict = accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)
    assert verdict.rejected.is_empty()
    return verdict.accepted


def same(found: pl.DataFrame, rows: pl.DataFrame) -> bool:
    columns = ("nav", "shares_outstanding", "ounces")
    expected = rows.select("date", *columns).cast({"shares_outstanding": pl.Float64})
    return found.select("as_of", *columns).rows() == expected.rows()


def test_what_is_served_is_read_back_as_the_same_values() -> None:
    found = read(asked(SMALL).body)

    assert same(found, pl.DataFrame(ROWS))
    assert found["net_assets"][0] == 350.125 * 300_000_000


def test_a_holiday_between_the_days_has_a_row_without_figures() -> None:
    raw = source.parse_valuations(asked(SMALL).body, kept(source.valuations("GLD", "gld", "x")))
    rows = raw.tables["fund_valuations"]

    assert rows["Date"].to_list()[2] == "27-Nov-2025"
    assert rows.row(2)[2:] == ("US Holiday",) * 3
    assert rows.row(1)[3:] == ("NYSE Closed",) * 2


def test_the_smaller_trust_has_its_own_sheet_and_no_recovered_shares() -> None:
    payload = asked(market(pl.DataFrame(ROWS), "GLDM"), product="gldm").body

    assert read(payload, "GLDM")["ounces"].to_list() == ROWS["ounces"]
    assert read(payload, "GLDM")["shares_outstanding"].null_count() == len(ROWS["nav"])
    with pytest.raises(Refused, match="US GLDM Historical Archive"):
        read(payload, "GLD")


@pytest.mark.skipif(not HISTORY.is_file(), reason="the captured history is not here")
def test_the_real_history_is_read_back_row_by_row() -> None:
    rows = pl.read_csv(HISTORY, schema_overrides={"date": pl.Date, "ounces": pl.Float64})

    found = read(asked(market(rows)).body)

    assert found.height == 5_162
    assert found["shares_outstanding"].null_count() == 2
    assert same(found, rows)


def test_only_what_is_public_is_served_and_dated() -> None:
    morning = datetime(2025, 11, 29, 13, 0, 1, tzinfo=UTC)
    answer = asked(SMALL, morning)

    assert read(answer.body)["as_of"].max() == date(2025, 11, 28)
    assert parsedate_to_datetime(answer.headers["last-modified"]) == morning.replace(second=0)


def test_the_same_days_are_the_same_bytes() -> None:
    first = asked(SMALL).body
    spdr_gold.archive.cache_clear()

    assert asked(SMALL).body == first


@pytest.mark.parametrize(
    ("agent", "headers"),
    [
        pytest.param("python-httpx/0.28", LED, id="no browser"),
        pytest.param(BROWSER, {}, id="from nowhere"),
        pytest.param(BROWSER, {"origin": spdr_gold.SITE}, id="no referer"),
        pytest.param(BROWSER, {**LED, "origin": "https://example.org"}, id="from elsewhere"),
    ],
)
def test_who_does_not_look_like_its_own_page_gets_a_pdf(
    agent: str, headers: dict[str, str]
) -> None:
    answer = asked(SMALL, agent=agent, headers=headers)

    assert (answer.status, answer.media_type) == (200, "application/pdf")
    with pytest.raises(Refused, match="a PDF was served where an XLSX workbook was wanted"):
        read(answer.body)


def test_the_old_address_leads_to_the_pdf() -> None:
    question = Question(spdr_gold.OLD_PATH, {}, BROWSER)
    answer = spdr_gold.ROUTES[spdr_gold.OLD_PATH](SMALL, LATER, question)

    assert answer.status == 301
    path = answer.headers["location"].partition("?")[0]
    assert spdr_gold.ROUTES[path](SMALL, LATER, question).body.startswith(b"%PDF")


def test_it_carries_what_the_market_has() -> None:
    assert spdr_gold.carries(SMALL) == {"valuations": ["gld"]}
    assert asked(SMALL, product="gldm").status == 404


def test_before_the_first_day_there_is_an_archive_without_rows() -> None:
    answer = asked(SMALL, datetime(2025, 1, 1, tzinfo=UTC))

    assert "last-modified" not in answer.headers
    with pytest.raises(Refused, match="has no rows"):
        read(answer.body)
