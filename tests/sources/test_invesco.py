from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Endpoint, Refused
from schemas.tables.holdings import Holdings
from schemas.validation import accept
from sources import invesco
from tests.sources import bodies
from transforms import invesco as transform

CAPTURE = bodies.kept(invesco.holdings("ACQ", "00000A103", "Acme QQ Trust", date(2030, 7, 8)))
HELD = [
    {"ticker": "AAA ", "issuerName": "Alpha & Sons Inc", "units": 10000,
     "percentageOfTotalNetAssets": 62.5, "securityTypeName": "Common Stock", "coupon": None,
     "marketValueBase": 1250000.5, "cusip": "000000AA0", "currency": "USD"},
    {"ticker": "BBB", "issuerName": "Beta Corp", "units": 5000.0,
     "percentageOfTotalNetAssets": 25, "securityTypeName": "American Depository Receipt - NY",
     "coupon": None, "marketValueBase": 500000, "cusip": "000000BB0", "currency": "USD"},
    {"ticker": None, "issuerName": "CASH", "units": -1000.25,
     "percentageOfTotalNetAssets": -0.05, "securityTypeName": "Cash", "coupon": None,
     "marketValueBase": -1000.25, "cusip": "", "currency": "USD"},
]  # fmt: skip


def listed(held: Any = HELD, **told: Any) -> bytes:
    body = {
        "cusip": "00000A103",
        "effectiveDate": "2030-07-08",
        "totalNumberOfHoldings": len(held),
        "holdings": held,
    }
    return bodies.as_json({**body, **told})


def without(name: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != name} for row in HELD]


HEADER = (
    "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,"
    "Class of Shares,Sector,Date"
)
LINES = (
    'ACQ,000000AA0,AAA ,"10,000","1,250,000.50",62.500,Alpha & Sons Inc,Common Stock,IT,07/08/2030',
    'ACQ,000000BB0,BBB ,"5,000","500,000.00",25.000,"Beta, Corp",Common Stock,Energy,07/08/2030',
    "ACQ,,,-1000,-1000.25,-0.050,CASH,Cash,,07/08/2030",
)


def table(lines: Any = LINES, header: str = HEADER) -> bytes:
    """Write the table of former years: CRLF, quotes only around numbers with commas."""
    return "".join(f"{line}\r\n" for line in (header, *lines)).encode()


def rows(payload: bytes) -> list[dict[str, Any]]:
    return invesco.parse_holdings(payload, CAPTURE).tables["holdings"].to_dicts()


def test_the_newest_holdings_are_asked_for_by_cusip_and_where_they_were_before_by_ticker() -> None:
    request = invesco.holdings("ACQ", "00000A103", "Acme QQ Trust", date(2030, 7, 8))

    assert request.scope == "invesco/holdings/ACQ"
    assert request.path == "/cache/v1/accounts/en_US/shareclasses/00000A103/holdings/fund"
    assert request.params == {"idType": "cusip", "productType": "ETF"}
    assert request.asked_from is request.asked_to is None
    assert request.otherwise == (
        Endpoint(
            "/us/financial-products/etfs/holdings/main/holdings/0",
            {"audienceType": "Investor", "action": "download", "ticker": "ACQ"},
            "www",
        ),
    )


def test_the_service_gives_its_holdings_in_its_own_names_numbers_written_out() -> None:
    assert len(rows(listed())) == 3
    assert rows(listed())[0] == {
        "position": 0,
        "effectiveDate": "2030-07-08",
        "ticker": "AAA ",
        "issuerName": "Alpha & Sons Inc",
        "securityTypeName": "Common Stock",
        "cusip": "000000AA0",
        "units": "10000.0",
        "marketValueBase": "1250000.5",
        "percentageOfTotalNetAssets": "62.5",
        "currency": "USD",
    }


def test_the_table_of_former_years_gives_the_same_names_as_served() -> None:
    assert rows(table())[1] == {
        "position": 1,
        "effectiveDate": "07/08/2030",
        "ticker": "BBB ",
        "issuerName": "Beta, Corp",
        "securityTypeName": "Common Stock",
        "cusip": "000000BB0",
        "units": "5,000",
        "marketValueBase": "500,000.00",
        "percentageOfTotalNetAssets": "25.000",
        "currency": None,
    }


def test_the_shape_of_either_is_the_names_it_serves() -> None:
    service = invesco.parse_holdings(listed(), CAPTURE).columns
    former = invesco.parse_holdings(table(), CAPTURE).columns

    assert service == tuple(sorted(HELD[0]))
    assert former == tuple(sorted(HEADER.split(",")))


SERVICE_FAULTS = [
    pytest.param(b"", "an empty body was served where JSON", id="empty"),
    pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="the hub page"),
    pytest.param(b"Not Acceptable", "a plain text was served where JSON", id="406 in words"),
    pytest.param(listed()[:-40], "broken or cut-off JSON", id="cut off"),
    pytest.param(b"[]", "the answer has no cusip", id="another document"),
    pytest.param(
        listed(cusip="00000B104"), "cusip '00000B104' where '00000A103'", id="another fund"
    ),
    pytest.param(listed(holdings=None), "the answer has no holdings", id="no list"),
    pytest.param(listed(holdings={}), "holdings is no list", id="another thing"),
    pytest.param(listed([]), "the list of holdings is empty", id="no rows"),
    pytest.param(
        listed(totalNumberOfHoldings=100), "3 holdings are listed where there are 100", id="short"
    ),
    pytest.param(
        listed(totalNumberOfHoldings=None), "no totalNumberOfHoldings", id="who knows how long"
    ),
    pytest.param(listed(effectiveDate=None), "no effectiveDate", id="no day"),
    pytest.param(
        listed(without("percentageOfTotalNetAssets")),
        "column percentageOfTotalNetAssets is missing",
        id="a column gone",
    ),
    pytest.param(listed([*HELD, 1]), "is no object", id="a stray among them"),
    pytest.param(listed([{**HELD[0], "units": "10,000"}]), "units holds str", id="a text"),
]
TABLE_FAULTS = [
    pytest.param(table(LINES[:0]), "the table has no rows", id="no rows"),
    pytest.param(table()[:-2], "ends within a line: cut off", id="cut off"),
    pytest.param(table() + table(), "there twice", id="twice"),
    pytest.param(
        table(header=HEADER.replace("Weight", "Weight (%)")),
        "column Weight is missing",
        id="column",
    ),
    pytest.param(
        table([*LINES[:2], LINES[2].replace("ACQ", "ACR")]),
        "ticker 'ACR' where 'ACQ' was asked",
        id="another fund's row",
    ),
    pytest.param(
        table([*LINES[:2], LINES[2].removeprefix("ACQ")]),
        "ticker None where 'ACQ' was asked",
        id="nobody's row",
    ),
    pytest.param(
        table([*LINES[:2], LINES[2].replace("07/08", "07/05")]),
        "holdings of several days: 07/05/2030, 07/08/2030",
        id="two days",
    ),
    pytest.param(table([*LINES, LINES[0] + ",more"]), "cannot be read", id="a field more"),
]


@pytest.mark.parametrize(("payload", "told"), SERVICE_FAULTS + TABLE_FAULTS)
def test_what_is_no_list_of_the_funds_holdings_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^invesco/holdings/ACQ: .*{told}"):
        rows(payload)


@pytest.mark.parametrize(
    "payload",
    [listed(without("units")), table(header=HEADER.replace("Shares/Par Value", "Units"))],
    ids=["service", "table"],
)
def test_a_refusal_for_a_missing_column_tells_the_shape(payload: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        rows(payload)

    assert {"Name", "issuerName"} & {*refusal.value.columns}
    assert not {"units", "Shares/Par Value"} & {*refusal.value.columns}


NUMBERS = st.floats(-1e15, 1e15, allow_nan=False)
POSITIONS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["AAA", "BBB ", "", "-"])), NUMBERS, NUMBERS, NUMBERS
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=30)
@given(positions=POSITIONS, order=st.randoms(use_true_random=False))
def test_any_holdings_come_back_in_any_order_of_keys(positions: Any, order: Any) -> None:
    held = [
        {**HELD[0], "ticker": ticker, "units": units, "marketValueBase": worth,
         "percentageOfTotalNetAssets": weight}
        for ticker, units, worth, weight in positions
    ]  # fmt: skip
    payload = listed([dict(order.sample([*row.items()], len(row))) for row in held])

    raw = invesco.parse_holdings(payload, CAPTURE).tables["holdings"]
    verdict = accept(Holdings, transform.holdings(raw, CAPTURE), raw, CAPTURE)

    assert verdict.rejected.is_empty()
    told = verdict.accepted
    assert told.select("quantity", "market_value").rows() == [row[1:3] for row in positions]
    assert told["weight"].to_list() == pytest.approx([row[3] / 100 for row in positions])
