"""What FRED really sent; its own policy series are free, the S&P's is read for its layout only."""

import csv
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.rates import Rates
from schemas.validation import Verdict, accept
from sources import fred
from tests.sources import bodies
from transforms import fred as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
FRED = PAYLOADS / "fred"
OLD_HEADER = FRED / "DFEDTARU_fredgraph_oldheader_2024-05.csv"
MERGED = FRED / "DFEDTARL_DFEDTARU_DFF_extract_market-base_1954_to-2025-12-11.csv"
TRIMMED = FRED / "series_observations_SP500_TRIMMED_openbb_2024-06-27.json"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def asked(symbol: str) -> Capture:
    return bodies.kept(fred.rates(symbol, symbol), LATER)


def by_api(symbol: str) -> Capture:
    return bodies.kept(fred.rates_by_api(symbol, symbol), LATER)


def judged(payload: bytes, capture: Capture) -> Verdict:
    raw = fred.parse_rates(payload, capture).tables["rates"]
    return accept(Rates, transform.rates(raw, capture), raw, capture)


def test_the_target_with_the_old_header_is_accepted_whole() -> None:
    verdict = judged(OLD_HEADER.read_bytes(), asked("DFEDTARU"))

    assert verdict.rejected.is_empty()
    assert verdict.accepted.height == 5_629
    values = dict(verdict.accepted.select("as_of", "value").rows())
    assert values[date(2008, 12, 16)] == 0.25
    assert values[date(2020, 3, 15)] == 1.25
    assert values[date(2020, 3, 16)] == 0.25
    assert values[date(2024, 5, 14)] == 5.5


def test_another_series_table_is_refused() -> None:
    with pytest.raises(Refused, match="the table is of DFEDTARU where 'DFEDTARL' was asked"):
        fred.parse_rates(OLD_HEADER.read_bytes(), asked("DFEDTARL"))


def wide(header: str) -> bytes:
    """Give the merged table the header that FRED serves."""
    return MERGED.read_bytes().replace(b"date,", f"{header},".encode(), 1)


@pytest.mark.parametrize("header", ["DATE", "observation_date"])
@pytest.mark.parametrize("symbol", ["DFEDTARU", "DFEDTARL", "DFF"])
def test_one_series_is_taken_from_a_wide_table_and_its_blanks_are_left_out(
    header: str, symbol: str
) -> None:
    with MERGED.open(newline="") as lines:
        rows = [(row["date"], row[symbol]) for row in csv.DictReader(lines)]

    verdict = judged(wide(header), asked(symbol))

    stated = [(date.fromisoformat(day), float(value)) for day, value in rows if value]
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", "value").rows() == stated


def test_a_wide_table_keeps_the_place_of_every_row() -> None:
    raw = fred.parse_rates(wide("DATE"), asked("DFEDTARU")).tables["rates"]

    rows = transform.rates(raw, asked("DFEDTARU"))

    assert raw.height == 26_097
    assert rows.height == 6_205
    assert rows["position"][0] == raw["date"].index_of("2008-12-16")
    assert rows.row(-1)[3:] == (3.75, 26_096)


def test_a_table_that_a_captor_merged_is_refused_for_its_header() -> None:
    with pytest.raises(Refused, match="the header begins 'date', neither observation_date nor"):
        fred.parse_rates(MERGED.read_bytes(), asked("DFEDTARU"))


def test_a_trimmed_answer_is_refused_for_its_count() -> None:
    with pytest.raises(Refused, match="10 of 2,609 observations were served: incomplete"):
        fred.parse_rates(TRIMMED.read_bytes(), by_api("SP500"))


def test_the_same_answer_is_read_once_its_count_is_mended() -> None:
    document: dict[str, Any] = json.loads(TRIMMED.read_bytes())
    observations = document["observations"]
    document["count"] = len(observations)

    verdict = judged(json.dumps(document).encode(), by_api("SP500"))

    stated = [
        (date.fromisoformat(row["date"]), float(row["value"]))
        for row in observations
        if row["value"] != "."
    ]
    assert len(stated) < len(observations)
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", "value").rows() == stated


@pytest.mark.parametrize(
    "file", [pytest.param(file, id=file.stem) for file in sorted(FRED.glob("errors/*"))]
)
def test_an_error_is_refused_in_freds_words(file: Path) -> None:
    words = " ".join(json.loads(file.read_bytes())["error_message"].split())

    for capture in (asked("DFEDTARU"), by_api("DFEDTARU")):
        with pytest.raises(Refused, match=f"FRED says .400: {re.escape(words[:100])}"):
            fred.parse_rates(file.read_bytes(), capture)
