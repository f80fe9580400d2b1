"""A question as a provider hears it and its answer, both without a web framework."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Question:
    """One request; `turn` counts them, for what changes from answer to answer.

    `headers` have lower-case names; `body` is what was posted.
    """

    path: str
    query: dict[str, str]
    user_agent: str
    turn: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def from_a_browser(self) -> bool:
        """Say whether the providers would let this client in."""
        return self.user_agent.startswith("Mozilla/")


@dataclass(frozen=True)
class Answer:
    """One response; `empty` is the template the provider serves when it has no data."""

    body: bytes
    media_type: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    empty: bytes | None = None
    delay_seconds: float = 0
    cut_off: bool = False
