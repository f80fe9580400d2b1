"""The sandbox as a web server on loopback: providers, a status and a clock that can be moved."""

import asyncio
import json
import pkgutil
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from importlib import import_module
from itertools import count
from threading import Thread
from time import sleep
from types import ModuleType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import sandbox
from sandbox.answers import Answer, Question
from sandbox.clock import Clock, evening_after
from sandbox.faults import Faults
from sandbox.market import Market

Provider = Callable[[Market, datetime, Question], Answer]
Endpoint = Callable[[Request], Awaitable[Response]]
POLL_SECONDS, GRACE_SECONDS = 0.005, 1


NOT_MODIFIED = 304
VALIDATORS = {"etag": "if-none-match", "last-modified": "if-modified-since"}


def providers() -> dict[str, ModuleType]:
    """Find the providers: the modules of this package that have ROUTES, by name.

    `ROUTES` gives a function for each path; `carries(market)` lists, by dataset, what can be asked
    for, under the provider's own names.
    """
    modules = [import_module(f"sandbox.{m.name}") for m in pkgutil.iter_modules(sandbox.__path__)]
    named = {module.__name__.rpartition(".")[2]: module for module in modules}
    return {name: module for name, module in sorted(named.items()) if hasattr(module, "ROUTES")}


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
            asked = question(request, next(turns), await request.body())
            answer = provider(market, clock.now(), asked)
            spoiled = faults.spoil(unless_known(asked, answer))
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
            *(
                Route(path, endpoint(provider), methods=["GET", "POST"])
                for module in providers().values()
                for path, provider in module.ROUTES.items()
            ),
        ],
        exception_handlers={HTTPException: explain},
    )


def status(market: Market, now: datetime) -> dict[str, Any]:
    """Say where the values come from, what time it is and what can be asked for."""
    return {
        "origin": market.origin,
        "now": now.isoformat(),
        "carries": {name: module.carries(market) for name, module in providers().items()},
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


def question(request: Request, turn: int, body: bytes) -> Question:
    """Reduce a request to what the providers look at."""
    headers = dict(request.headers)
    agent = headers.get("user-agent", "")
    return Question(request.url.path, dict(request.query_params), agent, turn, headers, body)


def unless_known(asked: Question, answer: Answer) -> Answer:
    """Answer 304, without a body, to a client that has this very answer already."""
    known = [
        asked.headers.get(condition) == answer.headers[validator]
        for validator, condition in VALIDATORS.items()
        if validator in answer.headers and condition in asked.headers
    ]
    if not known or not all(known):
        return answer
    return Answer(b"", answer.media_type, NOT_MODIFIED, answer.headers)


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
