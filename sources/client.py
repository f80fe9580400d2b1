"""One polite HTTP client per provider: paced, patient, bounded, and never led to another host."""

import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from time import monotonic
from types import MappingProxyType
from typing import NamedTuple

import httpx
import stamina
from aiolimiter import AsyncLimiter
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from schemas.capture import Request

BANNED = 418
TOO_MANY_REQUESTS = 429
SERVER_ERROR = 500
LONGEST_WAIT = 120.0
LONGEST_ANSWER = 20  # timeouts: a body that drips on and on is given up then
VALIDATORS = ("etag", "last-modified")

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs addresses, with the keys in them


class Manners(NamedTuple):
    """How to treat a provider.

    `sites` are its addresses by name, the base URL under "". `rate` is in requests per second,
    `timeout` in seconds for connecting and for each read, `max_bytes` bounds a body after
    decompression. `headers` go to every site; `secrets` are the headers and parameters, by site,
    that nothing else may show.
    """

    sites: Mapping[str, str]
    headers: Mapping[str, str]
    rate: float
    concurrency: int
    attempts: int
    timeout: float
    max_bytes: int
    secrets: Mapping[str, "Secrets"] = MappingProxyType({})

    @property
    def base_url(self) -> str:
        """Give the address that stands for the provider in what is told."""
        return self.sites[""]

    @property
    def hosts(self) -> frozenset[str]:
        """Name the hosts a redirect may lead to."""
        return frozenset(httpx.URL(site).host for site in self.sites.values())


class Secrets(NamedTuple):
    """What opens a site: headers and parameters."""

    headers: Mapping[str, str] = MappingProxyType({})
    params: Mapping[str, str] = MappingProxyType({})


class Answer(NamedTuple):
    """What a provider sent: the body as served, whatever its status says, and its validators.

    With status 304 there is no body: nothing has changed since the version that was named.
    """

    payload: bytes
    status: int
    content_type: str
    validators: dict[str, str]


class Unanswered(Exception):  # noqa: N818 -- the domain's word
    """A provider gave no answer; the message is one line: what was asked, what came instead.

    `asks_for_rest` says whether it told us to ask less: it is not to be asked elsewhere, either.
    """

    asks_for_rest: bool = False


class Refusal(httpx.HTTPError):
    """A status that may pass: 429, or the server's own error."""

    def __init__(self, response: httpx.Response) -> None:
        """Take from the response what decides on the next attempt."""
        super().__init__(f"status {response.status_code}")
        self.status = response.status_code
        self.retry_after = retry_after(response.headers.get("retry-after"))


class Unwanted(httpx.HTTPError):
    """An answer that no further attempt would better: too large, or from another host."""


class Client:
    """A provider's client; open it with `open_client`."""

    def __init__(self, http: httpx.AsyncClient, manners: Manners) -> None:
        """Let `rate` requests a second begin, at once or spread out; below 1 they are spread."""
        burst = max(1, manners.rate)
        self.http = http
        self.manners = manners
        self.limiter = AsyncLimiter(burst, burst / manners.rate)
        self.ban: str | None = None

    async def fetch(
        self, request: Request, unless: Mapping[str, str] = MappingProxyType({})
    ) -> Answer:
        """Ask, and ask again after 429, 5xx and transport errors, as long as manners allow.

        Waits grow and jitter; a Retry-After of the provider is honoured. `unless` are the headers
        that name the version we have.

        Raises:
            Unanswered: No answer after all attempts, a body over the size cap, or a redirect to a
                host that is not the provider's.
        """
        attempts = stamina.retry_context(
            on=patience,
            attempts=self.manners.attempts,
            timeout=None,
            wait_initial=0.5,
            wait_max=30,
            wait_jitter=1,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    async with self.limiter:
                        return await self.ask(request, unless)
        except httpx.HTTPError as error:
            told = without_secrets(explain(error, self.manners), self.manners)
            unanswered = Unanswered(f"{request.scope}: {told}")
            is_too_much = getattr(error, "status", None) == TOO_MANY_REQUESTS
            unanswered.asks_for_rest = is_too_much or self.ban is not None
            raise unanswered from error
        raise AssertionError("stamina either returns or raises")  # pragma: no cover

    async def ask(self, request: Request, unless: Mapping[str, str]) -> Answer:
        """Ask once, and read the body up to the cap; after a ban nothing is asked any more."""
        if self.ban:
            raise Unwanted(self.ban)
        opening = self.manners.secrets.get(request.site, Secrets())
        async with self.http.stream(
            "GET" if request.body is None else "POST",
            self.manners.sites[request.site].rstrip("/") + request.path,
            params={**request.params, **opening.params},
            headers={**opening.headers, **unless},
            json=request.body,
        ) as response:
            if response.status_code == TOO_MANY_REQUESTS or response.status_code >= SERVER_ERROR:
                raise Refusal(response)
            body = await self.read(response)
            if response.status_code == BANNED:
                words = " ".join(body.decode(errors="replace").split())[:200]
                self.ban = f"banned with status {BANNED}: {words}: leave it alone until then"
                raise Unwanted(self.ban)
            told = response.headers
            validators = {name: told[name] for name in VALIDATORS if name in told}
            return Answer(body, response.status_code, told.get("content-type", ""), validators)

    async def read(self, response: httpx.Response) -> bytes:
        """Read a body up to the cap, decompressed; each read has its timeout, and so has it all."""
        body = bytearray()
        deadline = monotonic() + LONGEST_ANSWER * self.manners.timeout
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > self.manners.max_bytes:
                raise Unwanted(f"the body is larger than {self.manners.max_bytes:,} bytes")
            if monotonic() > deadline:
                raise httpx.ReadTimeout("the body does not end")
        return bytes(body)


@cache
def certificates() -> ssl.SSLContext:
    """Read the authorities that are trusted, once: it takes longer than most requests."""
    return httpx.create_ssl_context()


@asynccontextmanager
async def open_client(manners: Manners) -> AsyncIterator[Client]:
    """Yield a client that keeps these manners."""
    set_on_retry_hooks([tell])
    schemes = {"https", *(httpx.URL(site).scheme for site in manners.sites.values())}

    async def stay_with_the_provider(request: httpx.Request) -> None:
        if request.url.host not in manners.hosts or request.url.scheme not in schemes:
            raise Unwanted(
                f"{shown(manners.base_url)} redirects to {shown(str(request.url))}, "
                "which is not the provider's"
            )

    async with httpx.AsyncClient(
        # zstd could expand a chunk many thousandfold before the cap is looked at
        headers={"Accept-Encoding": "gzip, deflate", **manners.headers},
        timeout=httpx.Timeout(manners.timeout, pool=None),
        verify=certificates(),
        limits=httpx.Limits(max_connections=manners.concurrency),
        follow_redirects=True,
        event_hooks={"request": [stay_with_the_provider]},
    ) as http:
        yield Client(http, manners)


def tell(details: RetryDetails) -> None:
    """Log a retry in plain words; stamina itself would warn of each without saying of what."""
    log.info("asking again in %.1f s: %s", details.wait_for, details.caused_by)


def patience(error: Exception) -> bool | float:
    """Say whether to ask again, and, where the provider said so, after how many seconds."""
    if isinstance(error, Refusal) and error.retry_after is not None:
        return min(error.retry_after, LONGEST_WAIT)
    return isinstance(error, Refusal | httpx.TransportError | httpx.DecodingError)


def retry_after(header: str | None) -> float | None:
    """Read a Retry-After header, in seconds or as a date (UTC); None where it says nothing."""
    if header is None:
        return None
    if header.isascii() and header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def shown(url: str) -> str:
    """Write an address without what it may hold of credentials."""
    parts = httpx.URL(url)
    return f"{parts.scheme}://{parts.netloc.decode()}"


def without_secrets(text: str, manners: Manners) -> str:
    """Take out what opens a site: a transport's error may quote what it could not send."""
    for opening in manners.secrets.values():
        for secret in {*opening.headers.values(), *opening.params.values()}:
            text = text.replace(secret.strip(), "***")
    return text


def explain(error: httpx.HTTPError, manners: Manners) -> str:
    """Say in one line what came instead of an answer, and what to do."""
    tries = f"{manners.attempts} attempt{'s' * (manners.attempts != 1)}"
    match error:
        case Refusal(status=429):
            return (
                f"refused with 429 in {tries}: wait some minutes; if the very first request is "
                "refused, set SILVERSTREAK_USER_AGENT to a current browser's"
            )
        case Refusal():
            return f"the server failed with status {error.status} in {tries}: try again later"
        case Unwanted():
            return str(error)
        case httpx.TooManyRedirects():
            return f"{shown(manners.base_url)} redirects in circles"
        case _:
            what = ": ".join(filter(None, [type(error).__name__, " ".join(str(error).split())]))
            return (
                f"no answer from {shown(manners.base_url)} in {tries} ({what}): is the network up?"
            )
