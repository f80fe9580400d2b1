"""Send a message to an address by apprise, without ever showing the address: it is a secret.

What apprise and what it sends with log is kept here, since it may show it.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import SecretStr


class UnsentError(Exception):
    """A message has not arrived; the text says why, without the address."""


def send(url: SecretStr, title: str, message: str, *, is_warning: bool = False) -> str:
    """Send a message to one address; give the name of the service that took it.

    Raises:
        UnsentError: It has not arrived, or apprise does not understand the address.
    """
    from apprise import (  # noqa: PLC0415 -- it takes half a second to import
        Apprise,
        AppriseAsset,
        NotifyFormat,
        NotifyType,
        OverflowMode,
    )

    asset = AppriseAsset(app_id="silverstreak", app_desc="silverstreak", async_mode=False)
    address = url.get_secret_value()
    with overheard() as logged:
        service = Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
        if service is None:
            raise UnsentError("is none that apprise understands")
        if "overflow=" not in address:  # else a service may refuse, each time, what is too long
            service.overflow_mode = OverflowMode.TRUNCATE
        sender = Apprise(asset=asset)
        sender.add(service)
        kind = NotifyType.WARNING if is_warning else NotifyType.INFO
        name = str(service.service_name)
        if not sender.notify(message, title, kind, body_format=NotifyFormat.TEXT):
            raise UnsentError(f"({name}) did not take it{because(logged)}")
    return name


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Keep what apprise logs, and what it sends with, from everybody else; yield the lines."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3")]
    before = [(logger, logger.handlers, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
    try:
        yield lines
    finally:
        for logger, handlers, propagate in before:
            logger.handlers, logger.propagate = handlers, propagate


def because(logged: Sequence[str]) -> str:
    """Say why a service did not take a message, as far as that can be said without the address."""
    text = "\n".join(logged)
    if status := re.search(r"\berror=(\d{3})\b", text):
        return f": status {status[1]}"
    return ": no connection" if "onnection error" in text else ""
