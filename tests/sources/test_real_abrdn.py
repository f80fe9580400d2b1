"""What abrdn really sent, read in place: no value of it is in this repository."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from schemas.capture import Capture, Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import abrdn
from tests.sources import bodies
from transforms import abrdn as transform

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
FILE = PAYLOADS / "abrdn/SGOL_fundDetailsKeyInformation_asof-2026-09-25.json"
LATER = datetime(2027, 1, 4, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="captured payloads may not be distributed; they are not here"
)


def asked(fund: str) -> Capture:
    return bodies.kept(abrdn.valuations(fund, "fund/class", "Acme Gold Trust"), LATER)


def test_the_answer_of_a_gold_fund_gives_its_shares_and_size() -> None:
    capture = asked("SGOL")
    raw = abrdn.parse_valuations(FILE.read_bytes(), capture).tables["fund_valuations"]

    verdict = accept(FundValuations, transform.fund_valuations(raw, capture), raw, capture)

    content = json.loads(FILE.read_bytes())["content"]
    size = content["fund"]["fundSizeWithDate"]
    assert verdict.rejected.is_empty()
    assert verdict.accepted.rows() == [
        (
            "SGOL",
            date.fromisoformat(size["date"][:10]),
            "abrdn",
            None,
            float(content["shareClass"]["sharesOutstanding"]),
            float(size["value"]),
            None,
            "USD",
            False,
        )
    ]
    assert FILE.stem.endswith(str(verdict.accepted["as_of"][0]))


def test_the_shape_of_the_answer_is_its_sections_values() -> None:
    columns = abrdn.parse_valuations(FILE.read_bytes(), asked("SGOL")).columns

    content = json.loads(FILE.read_bytes())["content"]
    assert set(columns) == {f"{name}.{value}" for name in content for value in content[name]}


def test_the_answer_of_another_fund_is_refused() -> None:
    with pytest.raises(Refused, match="is of 'SGOL' where 'SIVR' was asked"):
        abrdn.parse_valuations(FILE.read_bytes(), asked("SIVR"))
