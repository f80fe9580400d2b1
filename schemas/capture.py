"""What was asked, and what came back: the two records that travel with every payload."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any


class Refused(Exception):  # noqa: N818 -- the domain's word: a payload is refused, a row is rejected
    """A payload that is not what was asked for, named for what it is.

    The message is one line that a stranger can act on: provider, dataset, subject, what is wrong.
    Its `listing`, what the payload has instead, gives way to what is new in it, where an earlier
    payload is known. `columns` are those the payload had, as far as it could be read.
    """

    columns: tuple[str, ...] = ()

    def __init__(self, told: str, listing: str = "") -> None:
        """Say what is wrong, and what the payload has instead."""
        super().__init__(told + listing)
        self.told = told
        self.listing = listing


@dataclass(frozen=True)
class Endpoint:
    """A place to ask: a path and parameters, at one of the provider's sites."""

    path: str
    params: dict[str, str] = field(default_factory=dict)
    site: str = ""


@dataclass(frozen=True)
class Request:
    """One question to a provider.

    `subject` is our name of the instrument, fund or reference table; `params` hold no secret.
    `asked_from` and `asked_to` are the market days the answer should cover (None: all there is).
    `expects` is what the answer must say of itself, e.g. the symbol or the fund's name. `site`
    names the address in the provider's settings (empty: its base URL), `body` is posted as JSON
    (None: the request is a GET), `otherwise` are the places to ask where the first has moved away.
    """

    source: str
    dataset: str
    subject: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    asked_from: date | None = None
    asked_to: date | None = None
    expects: dict[str, str] = field(default_factory=dict)
    site: str = ""
    body: dict[str, Any] | None = None
    otherwise: tuple[Endpoint, ...] = ()

    def at(self, place: Endpoint) -> "Request":
        """Ask the same elsewhere."""
        return replace(self, path=place.path, params=place.params, site=place.site)

    @property
    def scope(self) -> str:
        """What was asked, without the date window, the host and secrets."""
        return f"{self.source}/{self.dataset}/{self.subject}"


@dataclass(frozen=True)
class Capture:
    """A payload as it reached us: its question, its bytes' hash, and when we knew it (UTC).

    `origin` is the world it comes from: live, history or synthetic (None: kept before it was
    noted). `validators` are the ETag and Last-Modified that it came with, by lower-case name. The
    place in its request is the one that answered.
    """

    request: Request
    known_at: datetime
    sha256: str
    status: int = 200
    content_type: str = ""
    origin: str | None = None
    validators: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Unique, and in the order of loading: (known_at, sha256)."""
        instant = f"{self.known_at:%Y%m%dT%H%M%S.%fZ}"
        return f"{instant}-{self.sha256[:16]}-{self.request.scope.replace('/', '-')}"
