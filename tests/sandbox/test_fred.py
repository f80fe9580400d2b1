import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from sandbox import fred, macro
from sandbox.answers import Answer, Question
from sandbox.market import Market
from schemas.tables.rates import Rates
from schemas.validation import accept
from sources import fred as source
from tests.sources import bodies
from transforms import fred as transform

KEY = "0123456789abcdef" * 2
NOW = datetime(2030, 7, 9, 12, tzinfo=UTC)


def series(values: list[float | None], first: date = date(2030, 7, 6)) -> pl.DataFrame:
    days = pl.date_range(first, interval="1d", end=date(2030, 7, 5 + len(values)), eager=True)
    return macro.published_at_noon(pl.DataFrame({"date": days, "value": values}))


MARKET = Market(
    origin="synthetic",
    instruments={},
    bars={},
    valuations={},
    rates={
        "ACMERATE": series([5.5, None, 5.25, 5.0, 4.75]),
        "OTHER": series([1.125, 0.0], date(2030, 7, 6)),
    },
)


def asked(path: str, now: datetime = NOW, **query: str) -> Answer:
    return fred.ROUTES[path](MARKET, now, Question(path, query, "python"))


def text(**query: str) -> str:
    return asked(fred.TABLE, **query).body.decode()


def told(now: datetime = NOW, **query: str) -> Any:
    key = {"api_key": KEY, "file_type": "json", "series_id": "ACMERATE"}
    return json.loads(asked(fred.OBSERVATIONS, now, **key | query).body)


def test_a_table_has_the_new_header_and_leaves_missing_values_empty() -> None:
    assert text(id="ACMERATE").split("\n") == [
        "observation_date,ACMERATE",
        "2030-07-06,5.50",
        "2030-07-07,",
        "2030-07-08,5.25",
        "2030-07-09,5.00",
        "",
    ]


def test_several_series_are_one_wide_table() -> None:
    assert text(id="OTHER,ACMERATE", cosd="2030-07-07", coed="2030-07-08").split("\n") == [
        "observation_date,OTHER,ACMERATE",
        "2030-07-07,0.00,",
        "2030-07-08,,5.25",
        "",
    ]
    assert text(id="OTHER").split("\n")[1] == "2030-07-06,1.125"


def test_the_api_marks_missing_values_with_a_point() -> None:
    answer = told()

    values = [(row["date"], row["value"]) for row in answer["observations"]]
    assert values[:2] == [("2030-07-06", "5.50"), ("2030-07-07", ".")]
    assert (answer["count"], answer["units"]) == (4, "lin")
    assert answer["realtime_end"] == answer["observations"][0]["realtime_end"] == "2030-07-09"


def test_the_api_serves_parts_and_says_how_much_there_is() -> None:
    answer = told(limit="1", offset="1", sort_order="desc", observation_start="2030-07-07")

    assert [row["date"] for row in answer["observations"]] == ["2030-07-08"]
    assert (answer["count"], answer["offset"], answer["limit"]) == (3, 1, 1)


def test_a_value_is_served_from_noon_of_its_day_on() -> None:
    early = NOW.replace(hour=11)

    assert len(told(early)["observations"]) == 3
    assert len(told(NOW)["observations"]) == 4


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"series_id": "ACMERATE"}, "Variable api_key is not set"),
        ({"series_id": "ACMERATE", "api_key": "x"}, "api_key is not registered"),
        ({"series_id": "NONE", "api_key": KEY}, "The series does not exist"),
    ],
)
def test_the_api_refuses_in_json_and_the_parser_in_its_words(
    query: dict[str, str], words: str
) -> None:
    answer = asked(fred.OBSERVATIONS, **query)

    assert answer.status == 400
    with pytest.raises(source.Refused, match=words):
        source.parse_rates(answer.body, bodies.kept(source.rates_by_api("ACME_RATE", "ACMERATE")))


def test_an_unknown_id_is_a_page() -> None:
    answer = asked(fred.TABLE, id="ACMERATE,NONE")

    assert answer.status == 404
    with pytest.raises(source.Refused, match="HTML was served"):
        source.parse_rates(answer.body, bodies.kept(source.rates("ACME_RATE", "ACMERATE")))


@pytest.mark.parametrize("ask", [source.rates, source.rates_by_api])
def test_what_is_served_comes_back_as_the_same_values(ask: Any) -> None:
    request = ask("ACME_RATE", "ACMERATE")
    capture = bodies.kept(request)
    query = request.params | ({"api_key": KEY} if request.site else {})

    served = asked(request.path, **query).body
    raw = source.parse_rates(served, capture).tables["rates"]
    verdict = accept(Rates, transform.rates(raw, capture), raw, capture)

    assert raw.height == 4
    assert verdict.rejected.is_empty()
    assert verdict.accepted.select("as_of", "value").rows() == [
        (date(2030, 7, 6), 5.5),
        (date(2030, 7, 8), 5.25),
        (date(2030, 7, 9), 5.0),
    ]


def test_the_empty_window_has_no_rows() -> None:
    assert asked(fred.TABLE, id="ACMERATE").empty == b"observation_date,ACMERATE\n"
    answer = asked(fred.OBSERVATIONS, series_id="ACMERATE", api_key=KEY)
    assert json.loads(answer.empty or b"{}")["count"] == 0


def test_what_a_market_carries_is_listed() -> None:
    assert fred.carries(MARKET) == {"rates": ["ACMERATE", "OTHER"]}
    assert fred.carries(Market("synthetic", {}, {}, {})) == {"rates": []}
