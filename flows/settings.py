"""Settings, from the environment: SILVERSTREAK_DATA, SILVERSTREAK_YAHOO__RATE and so on."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from flows import feeds, registry
from flows.datasets import Dataset
from flows.schedules import Schedules

Address = Annotated[str, Field(pattern="^https?://[^/]")]
Ascii = Annotated[str, Field(pattern="^[ -~]+$")]

# Providers refuse clients that do not look like a browser, and browsers that are out of date.
BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/146.0.0.0 Safari/537.36"
)


class Provider(BaseModel):
    """How to treat one provider, and which of its datasets to ask for, if any."""

    model_config = ConfigDict(hide_input_in_errors=True)  # a key may be among it

    # Of the provider's row: the sites there are, and whether it wants to know who asks.
    addresses: ClassVar[dict[str, str]] = {}
    wants_contact: ClassVar[bool] = False

    base_url: Address
    datasets: frozenset[Dataset]
    enabled: bool = False
    sites: dict[str, Address] = {}
    headers: dict[Ascii, Ascii] = {}
    user_agent: Ascii | None = None
    api_key: SecretStr | None = None
    rate: Annotated[float, Field(gt=0, description="requests per second")] = 1
    concurrency: Annotated[int, Field(gt=0)] = 2

    @field_validator("api_key", mode="before")
    @classmethod
    def a_key_is_one_word(cls, value: object) -> object:
        """Strip a key of blanks, and refuse one that no header can hold, without showing it."""
        key = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(key, str) and not re.fullmatch("[!-~]*", key.strip()):
            raise PydanticCustomError("key", "a key has letters, digits and signs of ASCII only")
        return key.strip() or None if isinstance(key, str) else key

    @field_validator("sites")
    @classmethod
    def sites_are_those_there_are(cls, value: dict[str, str]) -> dict[str, str]:
        """Keep the sites that are not named, and refuse names that there are none of."""
        if strays := value.keys() - cls.addresses.keys():
            there = ", ".join(cls.addresses) or "none"
            raise ValueError(f"there is no site {', '.join(sorted(strays))}: there are {there}")
        return cls.addresses | value

    @model_validator(mode="after")
    def a_contact_is_given(self) -> Self:
        """Refuse to ask without an address where the provider wants to know whose it is."""
        if self.enabled and self.wants_contact and "@" not in (self.user_agent or ""):
            raise ValueError("set its USER_AGENT to your name and e-mail address: it wants them")
        return self

    @property
    def wanted(self) -> frozenset[Dataset]:
        """Name the datasets to ask for."""
        return self.datasets if self.enabled else frozenset()


def of_provider(row: feeds.Provider) -> type[Provider]:
    """Make the settings of one provider, with the defaults of its row in the registry."""
    served = {feed.dataset for feed in row.feeds}
    defaults: dict[str, Any] = {
        "base_url": (Address, row.base_url),
        "datasets": (frozenset[Dataset], frozenset(served) - row.off),
        "enabled": (bool, row.enabled),
        "sites": (dict[str, Address], row.sites),
        "headers": (dict[Ascii, Ascii], row.headers),
        "rate": (Annotated[float, Field(gt=0)], row.rate),
    }
    model = create_model(row.title, __base__=Provider, **defaults)
    model.addresses, model.wants_contact = row.sites, row.wants_contact
    return model


class Alerts(BaseModel):
    """What to be told of, and where."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)  # an address is a secret

    urls: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    facts: frozenset[Literal["record", "streak", "week"]] = frozenset({"record", "streak", "week"})
    subjects: frozenset[str] = frozenset()
    streak_every: Annotated[int, Field(gt=0, description="months")] = 6
    rank_to: Annotated[int, Field(gt=0)] = 3
    late_hours: Annotated[int, Field(ge=0)] = 24

    @field_validator("urls", mode="before")
    @classmethod
    def addresses_are_a_list(cls, value: object) -> object:
        """Read the list of addresses, and say what it should be like without showing it."""
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError:
            told = 'write a list of addresses as JSON does, such as ["ntfys://ntfy.sh/a-topic"]'
            raise PydanticCustomError("addresses", told) from None


class General(BaseSettings):
    """The settings that are no provider's, with defaults that work."""

    model_config = SettingsConfigDict(
        env_prefix="SILVERSTREAK_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    data: Path = Path("data")
    sandbox: Address | None = None
    log: Literal["text", "json"] = "text"
    user_agent: Ascii = BROWSER
    timeout: Annotated[float, Field(gt=0, description="seconds")] = 30
    attempts: Annotated[int, Field(gt=0)] = 4
    max_bytes: Annotated[int, Field(gt=0)] = 64_000_000
    writer_wait: Annotated[float, Field(ge=0, description="seconds")] = 120
    provider_wait: Annotated[float, Field(ge=0, description="seconds")] = 600
    brief: Annotated[str, Field(description="subject, or none")] = "silver"
    schedules: Schedules = {}
    alerts: Alerts = Alerts()

    def provider(self, source: str) -> Provider:
        """Give a provider's settings; in a sandbox all is on, at the sandbox's address, unpaced."""
        provider: Provider = getattr(self, source)
        if self.sandbox is None:
            return provider
        row = next(row for row in registry.PROVIDERS if row.name == source)
        contact = {"user_agent": "sandbox@example.com"} if provider.wants_contact else {}
        return provider.model_copy(
            update=contact
            | {
                "base_url": self.sandbox,
                "sites": dict.fromkeys(provider.sites, self.sandbox),
                "enabled": True,
                "datasets": frozenset(feed.dataset for feed in row.feeds),
                "rate": 1000,
                "concurrency": 4,
            }
        )


def with_defaults(row: feeds.Provider) -> tuple[type[Provider], Provider]:
    """Make the field of one provider: its settings, all of them at their defaults."""
    model = of_provider(row)
    return model, model.model_validate({})


# One field a provider, named as it: SILVERSTREAK_<PROVIDER>__RATE.
FIELDS: dict[str, Any] = {row.name: with_defaults(row) for row in registry.PROVIDERS}
Settings = create_model("Settings", __base__=General, **FIELDS)
