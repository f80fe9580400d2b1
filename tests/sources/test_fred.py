import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from sources import fred
from tests.sources import bodies

TABLE = bodies.kept(fred.rates("ACME_RATE", "ACMERATE"))
API = bodies.kept(fred.rates_by_api("ACME_RATE", "ACMERATE"))
OBSERVED = (("2030-07-06", "5.50"), ("2030-07-07", "5.50"), ("2030-07-08", "5.25"))


def table(
    rows: Any = OBSERVED, *, header: tuple[str, ...] = ("observation_date", "ACMERATE")
) -> bytes:
    """Write a table: LF, no quotes, a newline at the end."""
    return "".join(f"{','.join(row)}\n" for row in (header, *rows)).encode()


def answer(rows: Any = OBSERVED, **told: Any) -> bytes:
    """Write the API's answer; `told` replaces what it says of itself."""
    today = {"realtime_start": "2030-07-09", "realtime_end": "2030-07-09"}
    about = {"units": "lin", "output_type": 1, "file_type": "json", "sort_order": "asc"}
    counted = {"count": len(rows), "offset": 0, "limit": 100_000}
    listed = [{**today, "date": day, "value": value} for day, value in rows]
    return json.dumps({**today, **about, **counted, "observations": listed, **told}).encode()


def observed(payload: bytes, capture: Any = TABLE) -> list[tuple[Any, ...]]:
    return fred.parse_rates(payload, capture).tables["rates"].rows()


NUMBERED = [(position, day, value) for position, (day, value) in enumerate(OBSERVED)]


def test_a_table_is_asked_for_without_a_key() -> None:
    request = fred.rates("ACME_RATE", "ACMERATE")

    assert request.scope == "fred/rates/ACME_RATE"
    assert (request.site, request.path) == ("", "/graph/fredgraph.csv")
    assert request.params == {"id": "ACMERATE"}
    assert request.expects == {"symbol": "ACMERATE"}


def test_the_api_is_asked_at_its_own_address_and_the_key_is_no_part_of_the_question() -> None:
    request = fred.rates_by_api("ACME_RATE", "ACMERATE")

    assert request.scope == "fred/rates/ACME_RATE"
    assert (request.site, request.path) == ("api", "/fred/series/observations")
    assert request.params == {
        "series_id": "ACMERATE",
        "file_type": "json",
        "limit": "100000",
        "sort_order": "asc",
    }


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(table(), id="the header since 2024"),
        pytest.param(table(header=("DATE", "ACMERATE")), id="the header before"),
        pytest.param(table().replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(bodies.BOM.encode() + table(), id="a byte order mark"),
        pytest.param(
            table(
                [(day, "9", v, "8") for day, v in OBSERVED], header=("DATE", "A", "ACMERATE", "B")
            ),
            id="several series side by side",
        ),
        pytest.param(answer(), id="the API"),
        pytest.param(b"  " + answer() + b"\n", id="the API, with blanks around"),
    ],
)
def test_a_series_reads_the_same_in_every_form(payload: bytes) -> None:
    assert observed(payload) == NUMBERED
    assert observed(payload, API) == NUMBERED


def test_values_stay_text_and_missing_ones_keep_their_place() -> None:
    days = [("2030-07-05", "."), ("2030-07-06", ""), ("2030-07-07", "5.50"), ("???", "x")]

    expected = [(position, *row) for position, row in enumerate(days)]
    assert observed(table(days)) == expected
    assert observed(answer(days)) == expected


def test_the_shape_is_the_header_or_the_names_in_an_observation() -> None:
    assert fred.parse_rates(table(), TABLE).columns == ("ACMERATE", "observation_date")
    names = fred.parse_rates(answer(), API).columns
    assert names == ("date", "realtime_end", "realtime_start", "value")


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body", id="empty"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where CSV", id="an unknown id's page"),
        pytest.param(b"Too many requests.", "a plain text", id="an error as text"),
        pytest.param(table(header=("DATE", "OTHER")), "of OTHER where 'ACMERATE'", id="another"),
        pytest.param(
            table([("2030-07-08", "1", "2")], header=("DATE", "A", "B")),
            "of A, B where 'ACMERATE'",
            id="several others",
        ),
        pytest.param(
            table(header=("date", "ACMERATE")),
            "header begins 'date', neither observation_date nor DATE",
            id="a third header",
        ),
        pytest.param(b"DATE\n2030-07-08\n", "a plain text", id="days alone"),
        pytest.param(table(()), "the table has no rows", id="a header alone"),
        pytest.param(table()[:-3], "cut off", id="cut off"),
        pytest.param(table() + table(), "there twice", id="there twice"),
        pytest.param(table([("2030-07-08", "1", "2")]), "cannot be read", id="a longer row"),
        pytest.param(b'{"error_code":500}', "FRED says '500: None'", id="an error without words"),
        pytest.param(
            b'{"error_code":400,"error_message":"Bad Request.  No\\nsuch series."}',
            "FRED says '400: Bad Request. No such series.'",
            id="an error, its spaces set right",
        ),
        pytest.param(answer()[:-9], "broken or cut-off JSON", id="cut-off JSON"),
        pytest.param(b"[]", "has no observations", id="no document"),
        pytest.param(answer(observations=None), "has no observations", id="no observations"),
        pytest.param(answer(observations={}), "observations is no list", id="no list"),
        pytest.param(answer(()), "the series has no observations", id="an empty list"),
        pytest.param(answer(count=4_000), "3 of 4,000 observations .* incomplete", id="a part"),
        pytest.param(answer(count=None), "has no count", id="not counted"),
        pytest.param(answer(units="pch"), "units is 'pch' where 'lin'", id="changes, not levels"),
        pytest.param(answer(units=None), "has no units", id="of no unit"),
        pytest.param(answer([("2030-07-08", 5.5)]), "value holds float", id="a number as such"),
        pytest.param(answer(observations=[1], count=1), "is no object", id="no observation"),
    ],
)
def test_what_is_not_the_whole_series_is_refused(payload: bytes, told: str) -> None:
    for capture in (TABLE, API):
        with pytest.raises(Refused, match=f"^fred/rates/ACME_RATE: .*{told}"):
            fred.parse_rates(payload, capture)


def test_a_long_error_is_cut() -> None:
    payload = json.dumps({"error_code": 429, "error_message": "no " * 1_000}).encode()

    with pytest.raises(Refused) as refusal:
        fred.parse_rates(payload, API)

    assert len(str(refusal.value)) < 250


def test_a_refusal_tells_the_columns_there_were() -> None:
    with pytest.raises(Refused) as refusal:
        fred.parse_rates(table(header=("DATE", "OTHER")), TABLE)

    assert refusal.value.columns == ("DATE", "OTHER")


TEXTS = st.sampled_from(["", "."]) | st.decimals(-99, 99, places=2).map(str)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.dates().map(str), TEXTS), min_size=1),
    st.permutations(["ACMERATE", "B", "C"]),
)
def test_any_series_comes_back_from_a_table_in_any_order_and_from_the_api(
    rows: list[tuple[str, str]], ids: list[str]
) -> None:
    wide = [(day, *(value if name == "ACMERATE" else "7" for name in ids)) for day, value in rows]
    expected = [(position, *row) for position, row in enumerate(rows)]

    assert observed(table(wide, header=("DATE", *ids))) == expected
    assert observed(answer(rows), API) == expected
