"""A webhook, as an address that alerts are sent to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


@dataclass
class Hook:
    """Keep what arrives, unless it answers with another status; do something at each message."""

    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    meanwhile: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        message = await Request(scope, receive).json()
        self.meanwhile()
        if self.status == 200:
            self.messages.append(message)
        else:
            self.refused += 1
        await Response(status_code=self.status)(scope, receive, send)

    @property
    def told(self) -> list[str]:
        """Give the messages, without their titles."""
        return [message["message"] for message in self.messages]
