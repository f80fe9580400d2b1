import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request as Asked
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.server import CutOff
from schemas.capture import Request
from sources import client
from sources.client import (
    LONGEST_WAIT,
    Answer,
    Client,
    Manners,
    Refusal,
    Secrets,
    Unanswered,
    open_client,
    patience,
    retry_after,
)

REQUEST = Request("acme", "quotes", "ACM", "/quotes", {"days": "5"})
SCOPE = "acme/quotes/ACM"

Answers = Callable[[Asked, int], Response]
Serve = Callable[[ASGIApp], str]


class Provider:
    """A provider that answers by request and turn, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        routes = [Route("/{path:path}", self.answer, methods=["GET", "POST"])]
        self.app = Starlette(routes=routes)

    async def answer(self, request: Asked) -> Response:
        self.asked.append(request)
        return self.answers(request, len(self.asked))


def manners(base_url: str, **changes: object) -> Manners:
    common = Manners(
        sites={"": base_url},
        headers={"User-Agent": "Mozilla/5.0 (test)"},
        rate=1000,
        concurrency=4,
        attempts=3,
        timeout=5,
        max_bytes=1_000,
    )
    return common._replace(**changes)  # type: ignore[arg-type]


async def fetch(base_url: str, **changes: object) -> Answer:
    async with open_client(manners(base_url, **changes)) as opened:
        return await opened.fetch(REQUEST)


def failing_first(*failures: Response) -> Answers:
    return lambda _, turn: failures[turn - 1] if turn <= len(failures) else Response(b"good")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Response(status_code=429), id="too many requests"),
        pytest.param(Response(status_code=429, headers={"retry-after": "0"}), id="come at once"),
        pytest.param(Response(status_code=429, headers={"retry-after": "soon"}), id="nonsense"),
        pytest.param(Response(status_code=500), id="server error"),
        pytest.param(Response(status_code=503), id="unavailable"),
        pytest.param(CutOff(b"half of this"), id="connection cut in the middle of the body"),
        pytest.param(
            Response(b"no gzip", headers={"content-encoding": "gzip"}), id="broken compression"
        ),
    ],
)
async def test_what_may_pass_is_asked_again(serve: Serve, failure: Response) -> None:
    provider = Provider(failing_first(failure, failure))

    answer = await fetch(serve(provider.app))

    assert answer.payload == b"good"
    assert len(provider.asked) == 3


@pytest.mark.usefixtures("impatient")
async def test_a_retry_is_logged_in_plain_words(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    await fetch(serve(Provider(failing_first(Response(status_code=503))).app))

    told = [(record.levelname, record.message) for record in caplog.records]
    assert ("INFO", "asking again in 0.0 s: status 503") in told
    assert "WARNING" not in {level for level, _ in told}


async def test_a_provider_is_not_asked_again_before_it_said(serve: Serve) -> None:
    """The wait without Retry-After is at most 1.5 seconds, so two attempts would not do."""
    began: list[float] = []

    def answer(_: Asked, __: int) -> Response:
        began.append(monotonic())
        early = began[-1] - began[0] < 2
        return Response(status_code=429, headers={"retry-after": "2"}) if early else Response(b"ok")

    url = serve(Provider(answer).app)

    assert (await fetch(url, attempts=2)).payload == b"ok"


def refusal(status: int, header: str | None) -> Refusal:
    return Refusal(httpx.Response(status, headers={"retry-after": header} if header else {}))


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        pytest.param(refusal(429, "7"), 7.0, id="seconds"),
        pytest.param(refusal(503, "0"), 0.0, id="at once is a wait too"),
        pytest.param(refusal(429, "86400"), LONGEST_WAIT, id="nobody waits for a day"),
        pytest.param(refusal(429, None), True, id="without a word our own waits hold"),
        pytest.param(httpx.ReadTimeout("slow"), True, id="timeout"),
        pytest.param(client.Unwanted("too large"), False, id="too large stays too large"),
        pytest.param(httpx.TooManyRedirects("round"), False, id="a circle stays a circle"),
        pytest.param(ValueError("ours"), False, id="our own faults"),
    ],
)
def test_patience_is_for_what_may_pass(error: Exception, verdict: bool | float) -> None:  # noqa: FBT001
    waits = patience(error)

    assert (waits, type(waits)) == (verdict, type(verdict))


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_a_date_in_retry_after_is_awaited(zone: str) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(minutes=1))

    seconds = retry_after(in_a_minute.replace("+0000", zone))

    assert seconds is not None
    assert 0 < seconds <= 60


def test_a_date_that_has_passed_means_at_once() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@given(st.text())
def test_no_retry_after_header_is_a_fault_of_ours(header: str) -> None:
    seconds = retry_after(header)

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("header", [None, "", "soon", "²", "1e3", "-5", "Wed, 99 Oct 2015"])
def test_a_retry_after_that_says_nothing_is_none(header: str | None) -> None:
    assert retry_after(header) is None


@pytest.mark.usefixtures("impatient")
async def test_a_provider_that_refuses_every_time_is_named_with_a_way_out(serve: Serve) -> None:
    provider = Provider(lambda *_: Response(status_code=429))

    with pytest.raises(Unanswered) as told:
        await fetch(serve(provider.app))

    assert str(told.value) == (
        f"{SCOPE}: refused with 429 in 3 attempts: wait some minutes; if the very first request "
        "is refused, set SILVERSTREAK_USER_AGENT to a current browser's"
    )
    assert len(provider.asked) == 3


@pytest.mark.usefixtures("impatient")
async def test_a_server_that_fails_every_time_is_named_with_its_status(serve: Serve) -> None:
    url = serve(Provider(lambda *_: Response(status_code=502)).app)

    with pytest.raises(Unanswered, match=f"^{SCOPE}: the server failed with status 502 in 3 att"):
        await fetch(url)


@pytest.mark.usefixtures("impatient")
async def test_a_refused_connection_ends_in_one_line_after_all_attempts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

    with pytest.raises(Unanswered) as told:
        await fetch(url, attempts=2)

    assert str(told.value).startswith(f"{SCOPE}: no answer from {url} in 2 attempts (ConnectError:")
    assert "\n" not in str(told.value)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(Response(b"x" * 1_001), id="as it is"),
        pytest.param(
            Response(gzip.compress(b"x" * 1_001), headers={"content-encoding": "gzip"}),
            id="once it is expanded",
        ),
    ],
)
async def test_a_body_over_the_cap_is_refused_and_not_asked_for_again(
    serve: Serve, body: Response
) -> None:
    provider = Provider(lambda *_: body)

    with pytest.raises(Unanswered, match=f"^{SCOPE}: the body is larger than 1,000 bytes$"):
        await fetch(serve(provider.app))

    assert len(provider.asked) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_body_of_exactly_the_cap_is_an_answer(serve: Serve) -> None:
    provider = Provider(lambda *_: Response(b"x" * 1_000))

    assert len((await fetch(serve(provider.app))).payload) == 1_000


@pytest.mark.usefixtures("impatient")
async def test_a_body_that_never_ends_is_given_up(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"."
            await asyncio.sleep(0.02)

    monkeypatch.setattr(client, "LONGEST_ANSWER", 0.1)
    url = serve(Provider(lambda *_: StreamingResponse(drip())).app)

    with pytest.raises(Unanswered, match="the body does not end"):
        await fetch(url, attempts=1, timeout=1)


async def test_a_redirect_on_the_same_host_is_followed(serve: Serve) -> None:
    provider = Provider(
        lambda request, _: (
            Response(b"here") if request.url.path == "/moved" else RedirectResponse("/moved")
        )
    )

    assert (await fetch(serve(provider.app))).payload == b"here"


@pytest.mark.usefixtures("impatient")
async def test_a_redirect_to_another_host_is_refused_and_not_followed(serve: Serve) -> None:
    elsewhere = Provider(lambda *_: Response(b"elsewhere"))
    other = serve(elsewhere.app).replace("127.0.0.1", "localhost")
    provider = Provider(lambda *_: RedirectResponse(other))

    with pytest.raises(
        Unanswered, match=rf"^{SCOPE}: .* redirects to http://localhost:[0-9]+, which is not"
    ):
        await fetch(serve(provider.app))

    assert (len(provider.asked), len(elsewhere.asked)) == (1, 0)


async def test_a_circle_of_redirects_is_named(serve: Serve) -> None:
    url = serve(Provider(lambda *_: RedirectResponse("/again")).app)

    with pytest.raises(Unanswered, match=f"^{SCOPE}: {url} redirects in circles$"):
        await fetch(url)


async def test_the_user_agent_and_the_parameters_are_sent(serve: Serve) -> None:
    provider = Provider(lambda *_: Response(b"ok"))

    await fetch(serve(provider.app))

    [asked] = provider.asked
    assert asked.headers["user-agent"] == "Mozilla/5.0 (test)"
    assert (asked.url.path, asked.url.query) == ("/quotes", "days=5")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
async def test_what_is_no_failure_of_the_server_is_an_answer_as_served(
    serve: Serve, status: int
) -> None:
    provider = Provider(lambda *_: Response(b"as served\n", status, media_type="text/csv"))

    answer = await fetch(serve(provider.app))

    assert answer == Answer(b"as served\n", status, "text/csv; charset=utf-8", {})


async def test_no_more_requests_are_in_flight_than_manners_allow(serve: Serve) -> None:
    in_flight: set[object] = set()
    most = 0

    async def answer(request: Asked) -> Response:
        nonlocal most
        in_flight.add(request)
        most = max(most, len(in_flight))
        await asyncio.sleep(0.02)
        in_flight.remove(request)
        return Response(b"ok")

    url = serve(Starlette(routes=[Route("/quotes", answer)]))
    async with open_client(manners(url, concurrency=3)) as opened:
        await asyncio.gather(*(opened.fetch(REQUEST) for _ in range(12)))

    assert most == 3


@pytest.mark.parametrize("rate", [0.1, 0.5, 1, 1.5, 4, 1000])
async def test_the_limiter_lets_rate_requests_begin_per_second(rate: float) -> None:
    async with httpx.AsyncClient() as http:
        limiter = Client(http, manners("http://127.0.0.1", rate=rate)).limiter

    assert limiter.max_rate / limiter.time_period == pytest.approx(rate)
    assert limiter.max_rate == max(1, rate)  # the burst: a request must fit, or it waits for ever


async def test_requests_beyond_the_burst_are_kept_apart(serve: Serve) -> None:
    """Seven requests at four a second, three of them beyond the burst, cannot begin at once."""
    began: list[float] = []

    def answer(_: Asked, __: int) -> Response:
        began.append(monotonic())
        return Response(b"ok")

    async with open_client(manners(serve(Provider(answer).app), rate=4, concurrency=9)) as opened:
        await asyncio.gather(*(opened.fetch(REQUEST) for _ in range(7)))

    assert max(began) - min(began) > (7 - 4) / 4 / 2


async def test_what_has_not_changed_is_an_answer_without_a_body(serve: Serve) -> None:
    served = {"etag": '"7"', "last-modified": "Tue, 09 Jul 2030 12:00:00 GMT"}
    provider = Provider(
        lambda asked, _: (
            Response(status_code=304, headers=served)
            if asked.headers.get("if-none-match") == '"7"'
            else Response(b"whole", headers=served)
        )
    )
    async with open_client(manners(serve(provider.app))) as opened:
        first = await opened.fetch(REQUEST)
        second = await opened.fetch(REQUEST, {"If-None-Match": first.validators["etag"]})

    assert (first.payload, first.status, first.validators) == (b"whole", 200, served)
    assert (second.payload, second.status) == (b"", 304)


async def test_a_body_is_posted_as_json(serve: Serve) -> None:
    told: list[tuple[str, str]] = []

    async def hear(asked: Asked) -> Response:
        told.append((asked.method, (await asked.body()).decode()))
        return Response(b"heard")

    app = Starlette(routes=[Route("/quotes", hear, methods=["POST"])])
    async with open_client(manners(serve(app))) as opened:
        await opened.fetch(replace(REQUEST, body={"fund": "ACM"}))

    assert told == [("POST", '{"fund":"ACM"}')]


async def test_a_key_goes_to_its_own_site_and_nowhere_else(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    provider = Provider(lambda *_: Response(b"heard"))
    opening = Secrets(headers={"x-key": "s3cret"}, params={"api_key": "s3cret"})
    base = serve(provider.app)
    sites = {"": base, "api": f"{base}/v2"}
    async with open_client(manners(base, sites=sites, secrets={"api": opening})) as opened:
        await opened.fetch(REQUEST)
        await opened.fetch(replace(REQUEST, site="api"))

    plain, keyed = provider.asked
    assert "s3cret" not in repr((plain.headers, plain.query_params))
    assert (keyed.headers["x-key"], keyed.query_params["api_key"]) == ("s3cret", "s3cret")
    assert keyed.url.path == "/v2/quotes"
    assert "s3cret" not in "".join(
        r.getMessage() for r in caplog.records if not r.name.startswith("uvicorn")
    )


async def test_no_failure_shows_a_key() -> None:
    opening = Secrets(params={"api_key": "s3cret"})
    nowhere = manners("http://127.0.0.1:9", attempts=1, secrets={"": opening})

    with pytest.raises(Unanswered) as caught:
        async with open_client(nowhere) as opened:
            await opened.fetch(REQUEST)

    assert "s3cret" not in str(caught.value)


async def test_a_key_that_no_header_can_hold_is_not_shown(serve: Serve) -> None:
    provider = Provider(lambda *_: Response(b"heard"))
    opening = Secrets(headers={"x-key": "s3cret\r"})

    with pytest.raises(
        Unanswered, match=r"Illegal header value b'\*\*\*|LocalProtocolError"
    ) as told:
        async with open_client(
            manners(serve(provider.app), attempts=1, secrets={"": opening})
        ) as opened:
            await opened.fetch(REQUEST)

    assert "s3cret" not in str(told.value)


async def test_a_provider_that_bans_us_is_left_alone(serve: Serve) -> None:
    provider = Provider(lambda *_: Response(b"IP banned until 1620286253180", status_code=418))
    async with open_client(manners(serve(provider.app))) as opened:
        for _ in range(2):
            with pytest.raises(Unanswered, match="banned until 1620286253180") as told:
                await opened.fetch(REQUEST)
            assert told.value.asks_for_rest

    assert len(provider.asked) == 1
