"""What Stooq really sent, read in place: no value of it is in this repository."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.capture import Capture, Refused
from schemas.tables.bars import Bars
from schemas.validation import Verdict, accept
from sources import stooq
from tests.sources.bodies import kept
from transforms import stooq as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads" / "stooq"
LATER = datetime(2027, 1, 4, tzinfo=UTC)
FIRST_SESSIONS = {
    "xagusd": date(1963, 6, 13),
    "xauusd": date(1969, 6, 2),
    "btc_v": date(2010, 7, 17),
    "eth_v": date(2015, 8, 7),
    "iwm_us": date(2005, 2, 25),
}
PRICES = ("Open", "High", "Low", "Close", "Volume")

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def asked(first: date = date(1700, 1, 1)) -> Capture:
    return kept(stooq.quotes("ACM", "acm", "USD", first, date(2026, 1, 1)), LATER)


@pytest.fixture(scope="module", params=FIRST_SESSIONS)
def served(request: pytest.FixtureRequest) -> tuple[str, list[dict[str, str]], Verdict]:
    """Give a file's name, its rows by another route, and what is made of it."""
    payload = (PAYLOADS / f"{request.param}_d.csv").read_bytes()
    capture = asked(FIRST_SESSIONS[request.param])
    raw = stooq.parse_quotes(payload, capture).tables["bars"]
    rows = list(csv.DictReader(payload.decode().splitlines()))
    return request.param, rows, accept(Bars, transform.bars(raw, capture), raw, capture)


Served = tuple[str, list[dict[str, str]], Verdict]


def values(row: dict[str, str]) -> tuple[Any, ...]:
    numbers = (float(row[name]) if name in row else None for name in PRICES)
    return date.fromisoformat(row["Date"]), *numbers


def test_every_daily_row_comes_back_as_the_same_values(served: Served) -> None:
    name, rows, verdict = served
    columns = ("session", "open", "high", "low", "close", "volume")
    daily = [values(row) for row in rows if row["Date"] >= str(FIRST_SESSIONS[name])]

    assert verdict.accepted.select(columns).rows() == daily
    assert verdict.rejected.is_empty()
    assert verdict.accepted["is_final"].all()


def test_the_quarters_and_months_before_the_first_session_do_not_enter(served: Served) -> None:
    name, rows, verdict = served
    earlier = [row for row in rows if row["Date"] < str(FIRST_SESSIONS[name])]

    assert bool(earlier) is name.startswith("xa")
    assert verdict.accepted["session"].min() == FIRST_SESSIONS[name]
    assert verdict.accepted["session"].diff().dt.total_days().max() <= 13


def test_metals_and_funds_have_no_weekends_and_coins_have_them(served: Served) -> None:
    name, _, verdict = served

    weekdays = set(verdict.accepted["session"].dt.weekday())

    assert weekdays == set(range(1, 8) if name in {"btc_v", "eth_v"} else range(1, 6))


def test_only_metals_lack_volumes_and_some_of_the_others_are_fractional(served: Served) -> None:
    name, _, verdict = served
    volume = verdict.accepted["volume"]

    if name.startswith("xa"):
        assert volume.null_count() == volume.len()
    else:
        assert volume.null_count() == 0
        assert (volume % 1 != 0).any()


def test_flat_rows_of_metals_are_kept(served: Served) -> None:
    name, _, verdict = served
    flat = verdict.accepted.filter(pl.col("low") == pl.col("high"))

    if name.startswith("xa"):
        assert flat.height > 100


TOLD = {
    "http200_access_denied": "Stooq denies access: .* save the CSV by hand",
    "http200_daily_hits_limit_en": "daily limit",
    "http200_daily_hits_limit_pl": "daily limit",
    "http200_get_your_apikey_PARTIAL": "Stooq asks for a key",
    "http200_js_pow_challenge": "Stooq sent a challenge",
    "http200_no_data_en": "Stooq has no data",
    "http200_no_data_pl": "Stooq has no data",
    "http200_quote_ND": "does not know the symbol",
}


@pytest.mark.parametrize(
    "file", sorted((PAYLOADS / "errors").glob("*")), ids=lambda file: file.stem
)
def test_a_notice_is_refused_for_what_it_means(file: Path) -> None:
    for payload in (file.read_bytes(), file.read_bytes() + b"\r\n"):
        with pytest.raises(Refused, match=f"^stooq/quotes/ACM: .*{TOLD[file.stem]}"):
            stooq.parse_quotes(payload, asked())
