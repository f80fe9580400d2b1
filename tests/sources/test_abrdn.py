import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Refused
from schemas.tables.fund_valuations import FundValuations
from schemas.validation import accept
from sources import abrdn
from tests.sources import bodies
from transforms import abrdn as transform

CAPTURE = bodies.kept(abrdn.valuations("ACS", "acme-fund/acme-class", "Acme Silver Trust"))
GOOD: dict[str, Any] = {
    "content": {
        "shareClass": {
            "baseCurrency": "USD",
            "sharesOutstanding": "1250000",
            "totalExpenseRatio": "0.30%",
            "ticker": "ACS",
            "iopvValue": "25.5000",
            "iopvDate": "2030-07-08T20:29:48Z",
        },
        "fund": {
            "fundLaunchDate": "2026-05-01T00:00:00Z",
            "fundSizeWithDate": {"value": "31250000.25", "date": "2030-07-08T00:00:00Z"},
            "domicile": "United States",
        },
        "metalEntitlement": {"basketSizeSilver": {"value": "1", "date": "2030-07-08T00:00:00Z"}},
    },
    "statusCode": 200,
}


def changed(path: str, value: object) -> dict[str, Any]:
    """Change one value of a good answer; None takes it out."""
    body = copy.deepcopy(GOOD)
    *above, last = path.split(".")
    holder = body
    for step in above:
        holder = holder[step]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return body


def rows(document: object) -> list[dict[str, Any]]:
    payload = bodies.as_json(document)
    return abrdn.parse_valuations(payload, CAPTURE).tables["fund_valuations"].to_dicts()


def test_key_information_is_posted_for_by_fund_and_share_class() -> None:
    request = abrdn.valuations("ACS", "acme-fund/acme-class", "Acme Silver Trust")

    assert request.scope == "abrdn/valuations/ACS"
    assert request.path == "/api/gateway/funds/fundDetailsKeyInformation"
    assert request.params == {}
    assert request.body == {
        "countryInvestors": {
            "countryCode": "USA",
            "investorType": "1,4",
            "jurisdiction": "Live",
            "literatureAuthorization": "1",
        },
        "language": "en-US",
        "site": "Investor",
        "fund": "acme-fund",
        "shareClass": "acme-class",
        "fundName": "Acme Silver Trust",
    }
    assert request.expects == {"ticker": "ACS"}
    assert request.asked_from is request.asked_to is None


def test_an_answer_is_one_row_of_text_in_the_sites_own_paths() -> None:
    assert rows(GOOD) == [
        {
            "position": 0,
            "shareClass.ticker": "ACS",
            "shareClass.baseCurrency": "USD",
            "shareClass.sharesOutstanding": "1250000",
            "fund.fundSizeWithDate.value": "31250000.25",
            "fund.fundSizeWithDate.date": "2030-07-08T00:00:00Z",
        }
    ]


def test_the_shape_of_an_answer_is_the_paths_to_its_values() -> None:
    columns = abrdn.parse_valuations(bodies.as_json(GOOD), CAPTURE).columns

    assert columns == (
        "fund.domicile",
        "fund.fundLaunchDate",
        "fund.fundSizeWithDate",
        "metalEntitlement.basketSizeSilver",
        "shareClass.baseCurrency",
        "shareClass.iopvDate",
        "shareClass.iopvValue",
        "shareClass.sharesOutstanding",
        "shareClass.ticker",
        "shareClass.totalExpenseRatio",
    )


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(b"", "an empty body was served where JSON", id="a metal's holdings"),
        pytest.param(bodies.PAGE.encode(), "HTML was served where JSON", id="a page"),
        pytest.param(bodies.as_json(GOOD)[:-30], "broken or cut-off JSON", id="cut off"),
        pytest.param(b"[]", "has no statusCode", id="another document"),
        pytest.param(
            b'{"content":null,"statusCode":404}',
            "statusCode in the answer is 404",
            id="an error within status 200",
        ),
        pytest.param(b'{"content":null,"statusCode":200}', "has no content", id="no content"),
        pytest.param(
            bodies.as_json(changed("statusCode", None)), "has no statusCode", id="no status"
        ),
        pytest.param(
            bodies.as_json(changed("statusCode", "200")), "statusCode is no int", id="its text"
        ),
        pytest.param(
            bodies.as_json(changed("content.shareClass.ticker", "ACG")),
            "the answer is of 'ACG' where 'ACS' was asked",
            id="another fund",
        ),
        pytest.param(
            bodies.as_json(changed("content.shareClass.ticker", None)),
            "no shareClass.ticker",
            id="nameless",
        ),
        pytest.param(
            bodies.as_json(changed("content.shareClass.sharesOutstanding", None)),
            "no shareClass.sharesOutstanding",
            id="a column gone",
        ),
        pytest.param(
            bodies.as_json(changed("content.shareClass.sharesOutstanding", 1250000)),
            "shareClass.sharesOutstanding is no str",
            id="numbers as numbers",
        ),
        pytest.param(
            bodies.as_json(changed("content.shareClass.sharesOutstanding", " ")),
            "shareClass.sharesOutstanding is empty",
            id="no count",
        ),
        pytest.param(
            bodies.as_json(changed("content.fund.fundSizeWithDate", None)),
            "no fund.fundSizeWithDate.value",
            id="no fund size",
        ),
    ],
)
def test_what_is_no_key_information_of_the_fund_is_refused(payload: bytes, told: str) -> None:
    with pytest.raises(Refused, match=f"^abrdn/valuations/ACS: .*{told}"):
        abrdn.parse_valuations(payload, CAPTURE)


def test_a_refusal_for_a_missing_value_tells_the_shape_and_another_funds_does_not() -> None:
    with pytest.raises(Refused) as lacking:
        rows(changed("content.shareClass.sharesOutstanding", None))
    with pytest.raises(Refused) as foreign:
        rows(changed("content.shareClass.ticker", "ACG"))

    assert "shareClass.baseCurrency" in lacking.value.columns
    assert foreign.value.columns == ()


@settings(max_examples=30)
@given(
    shares=st.integers(0, 10**12),
    cents=st.integers(0, 10**14),
    day=st.dates(),
    order=st.randoms(use_true_random=False),
)
def test_any_values_come_back_in_any_order_of_keys(
    shares: int, cents: int, day: Any, order: Any
) -> None:
    body = changed("content.shareClass.sharesOutstanding", str(shares))
    size = f"{cents // 100}.{cents % 100:02}"
    body["content"]["fund"]["fundSizeWithDate"] = {"value": size, "date": f"{day}T00:00:00Z"}
    for holder in (body, body["content"], body["content"]["shareClass"]):
        items = list(holder.items())
        order.shuffle(items)
        holder.clear()
        holder.update(items)

    raw = abrdn.parse_valuations(json.dumps(body).encode(), CAPTURE).tables["fund_valuations"]
    accepted = accept(
        FundValuations, transform.fund_valuations(raw, CAPTURE), raw, CAPTURE
    ).accepted

    told = accepted.select("as_of", "shares_outstanding", "net_assets").rows()
    assert told == [(day, float(shares), float(size))]
