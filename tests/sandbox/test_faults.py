import json

import pytest

from sandbox.answers import Answer
from sandbox.faults import Faults

CHART = Answer(b'{"a":{"b":1,"c":[{"d":2,"e":3}]},"f":null}', "application/json;charset=utf-8")
PAGE = Answer(b"nothing to reorder", "text/plain")
HOLDINGS = Answer(b"\xef\xbb\xbfA,B\n1,2", "text/csv;charset=UTF-8", empty=b"A,B")


def spoiled(faults: Faults, answer: Answer, times: int) -> list[Answer]:
    return [faults.spoil(answer) for _ in range(times)]


def test_faults_repeat_with_their_seed_and_the_order_of_requests() -> None:
    one, same, other = (spoiled(Faults(0.5, seed), CHART, 50) for seed in (7, 7, 8))

    assert one == same != other


def test_a_rate_of_zero_spoils_nothing_and_of_one_everything() -> None:
    assert spoiled(Faults(0), CHART, 50) == [CHART] * 50
    assert PAGE not in spoiled(Faults(1), PAGE, 50)


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_fraction_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Faults(rate)


def test_about_as_many_answers_are_spoiled_as_asked_for() -> None:
    hits = [answer for answer in spoiled(Faults(0.2), CHART, 1_000) if answer != CHART]

    assert 150 < len(hits) < 250


def test_every_kind_of_fault_befalls_a_holdings_file() -> None:
    seen = spoiled(Faults(1), HOLDINGS, 300)

    assert {answer.status for answer in seen} == {200, 429, 500}
    assert {answer.headers.get("retry-after") for answer in seen if answer.status == 429} == {
        None,
        "1",
    }
    assert any(answer.cut_off for answer in seen)
    assert all(1 <= answer.delay_seconds <= 2 for answer in seen if answer.delay_seconds)
    assert any(answer.delay_seconds for answer in seen)
    assert {
        answer.body for answer in seen if answer.status == 200 and "csv" in answer.media_type
    } == {
        HOLDINGS.body,
        b"A,B",
        b"\xef\xbb\xbfA,B\n1,2\nA,B\n1,2",
    }
    assert any(answer.body.startswith(b"<!DOCTYPE") for answer in seen)


def test_reordered_keys_mean_the_same() -> None:
    bodies = {
        answer.body
        for answer in spoiled(Faults(1), CHART, 300)
        if "json" in answer.media_type and not answer.cut_off
    }

    assert len(bodies) > 2
    assert {json.dumps(json.loads(body), sort_keys=True) for body in bodies} == {
        json.dumps(json.loads(CHART.body), sort_keys=True),
    }
