"""What SPDR Gold really sent, read in place: no value of it is in this repository."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import spdr_gold
from tests.sources.bodies import kept
from transforms import spdr_gold as transform

SHARED = Path(__file__).parents[3] / "shared"
ARCHIVE = SHARED / "payloads" / "spdr_gld" / "GLD_US_archive_EN_to-2019-12-31.csv"
HISTORY = SHARED / "history" / "funds" / "GLD.csv"
GOLD = kept(
    spdr_gold.valuations("GLD", "gld", "SPDR Gold Shares"), datetime(2027, 1, 4, tzinfo=UTC)
)
PREAMBLE = b"SPDR Gold Shares\n\nA note, and another\n\n\nin USD\n"  # six lines were cut away
OFF_BASKET = {
    date(2005, 12, 9),
    date(2006, 7, 3),
    date(2006, 7, 7),
    date(2007, 3, 21),
    date(2011, 3, 8),
}

pytestmark = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason="captured payloads may not be distributed; they are not here"
)

Day = tuple[date, float | None, float | None, float | None]


def by_csv() -> list[Day]:
    """Read the file by another route; words are missing, holidays left out."""
    with ARCHIVE.open(newline="") as lines:
        rows = list(csv.reader(lines, skipinitialspace=True))[1:]
    return [
        (
            datetime.strptime(row[0], "%d-%b-%Y").date(),  # noqa: DTZ007 -- a day
            *(None if row[at] == "NYSE Closed" else float(row[at]) for at in (3, 8, 10)),
        )
        for row in rows
        if row[3] != "HOLIDAY"
    ]  # type: ignore[misc]  # three columns


@pytest.mark.parametrize("preamble", [b"", PREAMBLE], ids=["as captured", "as served"])
def test_every_session_of_the_archive_is_accepted(preamble: bytes) -> None:
    raw = spdr_gold.parse_valuations(preamble + ARCHIVE.read_bytes(), GOLD).tables
    rows = raw["fund_valuations"]

    verdict = accept(FundValuations, transform.fund_valuations(rows, GOLD), rows, GOLD)

    assert rows.height == 3_940
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", "nav", "ounces", "net_assets").rows() == by_csv()
    assert verdict.accepted["is_recovered"].to_list().count(False) == 2


def test_recovered_shares_are_near_the_quotient_but_for_five_days() -> None:
    rows = spdr_gold.parse_valuations(ARCHIVE.read_bytes(), GOLD).tables["fund_valuations"]
    shares = dict(
        transform.fund_valuations(rows, GOLD).select("as_of", "shares_outstanding").rows()
    )

    strays = {
        day
        for day, nav, _, net_assets in by_csv()
        if nav and net_assets and abs(net_assets / nav - shares[day]) > 1_000
    }
    assert strays == OFF_BASKET
    assert {count % 100_000 for count in shares.values() if count is not None} == {0}


@pytest.mark.skipif(not HISTORY.is_file(), reason="the plain history is not here")
def test_recovered_shares_are_those_of_the_plain_history() -> None:
    rows = spdr_gold.parse_valuations(ARCHIVE.read_bytes(), GOLD).tables["fund_valuations"]
    found = transform.fund_valuations(rows, GOLD).select("as_of", "nav", "shares_outstanding")
    with HISTORY.open(newline="") as lines:
        expected = [
            (
                date.fromisoformat(row["date"]),
                float(row["nav"]),
                float(row["shares_outstanding"]) if row["shares_outstanding"] else None,
            )
            for row in csv.DictReader(lines)
        ]

    assert found.rows() == [row for row in expected if row[0].year < 2020]


def test_an_archive_that_ends_within_a_line_is_refused() -> None:
    whole = ARCHIVE.read_bytes()

    for cut in (1, 2, 30, 100_000):
        with pytest.raises(Refused, match="ends within a line"):
            spdr_gold.parse_valuations(whole[:-cut], GOLD)


def test_the_archive_is_not_taken_for_the_smaller_trusts() -> None:
    mini = kept(spdr_gold.valuations("GLDM", "gldm", "SPDR Gold MiniShares Trust"))

    with pytest.raises(Refused, match="has 'GLD Close', not 'GLDM Close'"):
        spdr_gold.parse_valuations(ARCHIVE.read_bytes(), mini)
