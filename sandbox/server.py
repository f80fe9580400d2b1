"""The sandbox as a web server on loopback: providers, a status and a clock that can be moved."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from itertools import count
from threading import Thread
from time import sleep
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox import ishares, yahoo
from sandbox.answers import Answer, Question
from sandbox.clock import Clock, evening_after
from sandbox.faults import Faults
from sandbox.market import Market

Provider = Callable[[Market, datetime, Question], Answer]
Endpoint = Callable[[Request], Awaitable[Response]]
PROVIDERS: dict[str, Provider] = {yahoo.PATH: yahoo.answer, ishares.PATH: ishares.answer}
POLL_SECONDS, GRACE_SECONDS = 0.005, 1


@contextmanager
def serving(
    market: Market,
    today: date,
    *,
    port: int = 0,
    faults: Faults | None = None,
) -> Iterator[str]:
    """Serve in a thread for as long as the block runs; yields the address, port 0 is any free."""
    listener = listen(port)
    server = configured(market, today, faults)
    thread = Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            sleep(POLL_SECONDS)
        if not server.started:
            raise RuntimeError("the sandbox's server did not start")
        yield address(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def serve(
    market: Market,
    today: date,
    port: int = 0,
    faults: Faults | None = None,
    on_start: Callable[[str], object] = lambda _: None,
) -> None:
    """Serve until interrupted; `on_start` gets the address once connections are taken."""
    with listen(port) as listener, suppress(KeyboardInterrupt):
        on_start(address(listener))
        configured(market, today, faults).run([listener])


def listen(port: int) -> socket.socket:
    """Take a port of the loopback interface; OSError if it is in use."""
    listener = socket.create_server(("127.0.0.1", port))
    listener.set_inheritable(False)
    return listener


def address(listener: socket.socket) -> str:
    """Return the base URL of a listening socket."""
    host, port = listener.getsockname()
    return f"http://{host}:{port}"


def configured(market: Market, today: date, faults: Faults | None) -> uvicorn.Server:
    """Return a silent server that needs nothing but the standard protocol stack."""
    config = uvicorn.Config(
        app(market, Clock(evening_after(today)), faults or Faults(rate=0)),
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return uvicorn.Server(config)


def app(market: Market, clock: Clock, faults: Faults) -> Starlette:
    """Return the web application."""
    turns = count()

    def endpoint(provider: Provider) -> Endpoint:
        async def respond(request: Request) -> Response:
            answer = provider(market, clock.now(), question(request, next(turns)))
            spoiled = faults.spoil(answer)
            await asyncio.sleep(spoiled.delay_seconds)
            return as_response(spoiled)

        return respond

    async def show(_: Request) -> Response:
        return JSONResponse(status(market, clock.now()))

    async def move(request: Request) -> Response:
        try:
            clock.move(moment(await request.body()))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(status(market, clock.now()))

    return Starlette(
        routes=[
            Route("/sandbox", show),
            Route("/sandbox/clock", move, methods=["PUT"]),
            *(Route(path, endpoint(provider)) for path, provider in PROVIDERS.items()),
        ],
        exception_handlers={HTTPException: explain},
    )


def status(market: Market, now: datetime) -> dict[str, Any]:
    """Say where the values come from, what time it is and what can be asked for."""
    return {
        "origin": market.origin,
        "now": now.isoformat(),
        "carries": {"yahoo": sorted(market.bars), "ishares": sorted(market.valuations)},
        "carries_holdings": sorted(market.holdings),
    }


def moment(body: bytes) -> datetime:
    """Read {"now": "2025-12-12T18:00:00+00:00"}; ValueError says in one line what is wrong."""
    expected = 'send {"now": "2025-12-12T18:00:00+00:00"}: an ISO moment with its time zone'
    try:
        wanted = datetime.fromisoformat(json.loads(body)["now"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(expected) from error
    if wanted.tzinfo is None:
        raise ValueError(expected)
    return wanted


def question(request: Request, turn: int) -> Question:
    """Reduce a request to what the providers look at."""
    agent = request.headers.get("user-agent", "")
    return Question(request.url.path, dict(request.query_params), agent, turn)


def as_response(answer: Answer) -> Response:
    """Turn an answer into a response of the framework."""
    kind = CutOff if answer.cut_off else Response
    return kind(answer.body, answer.status, answer.headers, answer.media_type)


class CutOff(Response):
    """Promises the whole body, sends half of it and drops the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leave the response unfinished, on which the server closes the connection."""
        del scope, receive
        half = bytes(self.body[: len(self.body) // 2])
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            },
        )
        await send({"type": "http.response.body", "body": half, "more_body": True})


async def explain(_: Request, error: Exception) -> Response:
    """Answer an unknown path or method in JSON."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    raise error
