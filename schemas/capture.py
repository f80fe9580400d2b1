"""What was asked, and what came back: the two records that travel with every payload."""

from dataclasses import dataclass, field
from datetime import date, datetime


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
class Request:
    """One question to a provider.

    `subject` is our name of the instrument, fund or reference table; `params` hold no secret.
    `asked_from` and `asked_to` are the market days the answer should cover (None: all there is).
    `expects` is what the answer must say of itself, e.g. the symbol or the fund's name.
    """

    source: str
    dataset: str
    subject: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    asked_from: date | None = None
    asked_to: date | None = None
    expects: dict[str, str] = field(default_factory=dict)

    @property
    def scope(self) -> str:
        """What was asked, without the date window, the host and secrets."""
        return f"{self.source}/{self.dataset}/{self.subject}"


@dataclass(frozen=True)
class Capture:
    """A payload as it reached us: its question, its bytes' hash, and when we knew it (UTC).

    `origin` is the world it comes from: live, history or synthetic (None: kept before it was
    noted).
    """

    request: Request
    known_at: datetime
    sha256: str
    status: int = 200
    content_type: str = ""
    origin: str | None = None

    @property
    def id(self) -> str:
        """Unique, and in the order of loading: (known_at, sha256)."""
        instant = f"{self.known_at:%Y%m%dT%H%M%S.%fZ}"
        return f"{instant}-{self.sha256[:16]}-{self.request.scope.replace('/', '-')}"
