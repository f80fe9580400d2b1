"""What Invesco really sent, read in place: no value of it is in this repository."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import invesco
from tests.sources import bodies
from transforms import invesco as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
DAY = date(2023, 1, 13)
FILE = PAYLOADS / f"invesco/QQQ_holdings_asof-{DAY}.csv"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def asked(fund: str = "QQQ") -> Capture:
    return bodies.kept(invesco.holdings(fund, "00000A103", "Acme QQ Trust", DAY), LATER)


def served() -> list[dict[str, str]]:
    with FILE.open(newline="") as lines:
        return list(csv.DictReader(lines))


def figure(text: str) -> float:
    return float(text.replace(",", ""))


def test_every_holding_of_the_table_of_former_years_is_accepted() -> None:
    capture = asked()
    raw = invesco.parse_holdings(FILE.read_bytes(), capture).tables["holdings"]

    verdict = accept(Holdings, transform.holdings(raw, capture), raw, capture)

    columns = ("holding", "name", "asset_class", "quantity", "market_value", "as_of", "currency")
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select(columns).rows() == [
        (
            row["Holding Ticker"].strip(),
            row["Name"],
            row["Class of Shares"],
            figure(row["Shares/Par Value"]),
            figure(row["MarketValue"]),
            DAY,
            "USD",
        )
        for row in served()
    ]
    assert verdict.accepted.height == 101
    assert verdict.accepted["weight"].sum() == pytest.approx(1.00004, abs=1e-9)


def test_the_shape_of_the_table_is_its_header() -> None:
    columns = invesco.parse_holdings(FILE.read_bytes(), asked()).columns

    assert columns == tuple(sorted(served()[0]))


def test_another_funds_table_and_a_cut_off_one_are_refused() -> None:
    with pytest.raises(Refused, match="of ticker 'QQQ' where 'RSP' was asked"):
        invesco.parse_holdings(FILE.read_bytes(), asked("RSP"))
    with pytest.raises(Refused, match="cut off"):
        invesco.parse_holdings(FILE.read_bytes()[:-30], asked())
