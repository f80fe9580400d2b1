"""Settings, from the environment: SILVERSTREAK_DATA, SILVERSTREAK_YAHOO__RATE and so on."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Dataset = Literal["quotes", "valuations", "holdings"]

URL = "^https?://[^/]"
ASCII = "^[ -~]+$"

# Providers refuse clients that do not look like a browser, and browsers that are out of date.
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/146.0.0.0 Safari/537.36"
)


class Provider(BaseModel):
    """How to treat one provider, and which of its datasets to ask for."""

    base_url: Annotated[str, Field(pattern=URL)]
    datasets: frozenset[Dataset]
    rate: Annotated[float, Field(gt=0, description="requests per second")] = 1
    concurrency: Annotated[int, Field(gt=0)] = 2


class Yahoo(Provider):
    """Yahoo Finance: daily bars. Its terms restrict automated use; on for personal use."""

    base_url: Annotated[str, Field(pattern=URL)] = "https://query1.finance.yahoo.com"
    datasets: frozenset[Dataset] = frozenset({"quotes"})


class Ishares(Provider):
    """The iShares files: personal, non-commercial use. Holdings are off until switched on."""

    base_url: Annotated[str, Field(pattern=URL)] = "https://www.blackrock.com"
    datasets: frozenset[Dataset] = frozenset({"valuations"})
    rate: Annotated[float, Field(gt=0)] = 0.5


class Settings(BaseSettings):
    """All settings, with defaults that work."""

    model_config = SettingsConfigDict(
        env_prefix="SILVERSTREAK_", env_nested_delimiter="__", env_ignore_empty=True
    )

    data: Path = Path("data")
    sandbox: Annotated[str, Field(pattern=URL)] | None = None
    user_agent: Annotated[str, Field(pattern=ASCII)] = BROWSER
    timeout: Annotated[float, Field(gt=0, description="seconds")] = 30
    attempts: Annotated[int, Field(gt=0)] = 4
    max_bytes: Annotated[int, Field(gt=0)] = 64_000_000
    writer_wait: Annotated[float, Field(ge=0, description="seconds")] = 120
    yahoo: Yahoo = Yahoo()
    ishares: Ishares = Ishares()

    def provider(self, source: str) -> Provider:
        """Give a provider's settings; in a sandbox all is on, at the sandbox's address, unpaced."""
        provider: Provider = getattr(self, source)
        if self.sandbox is None:
            return provider
        return provider.model_copy(
            update={
                "base_url": self.sandbox,
                "datasets": frozenset({"quotes", "valuations", "holdings"}),
                "rate": 1000,
                "concurrency": 4,
            }
        )
