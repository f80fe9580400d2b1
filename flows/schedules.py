"""What runs when: the deployments, the flow of each, and the times at which it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from flows.datasets import Dataset

FIELDS = 5


@dataclass(frozen=True)
class Deployment:
    """A flow under a name, and when it starts, by the clocks of a time zone (None: on demand).

    `datasets` are those that it records, which it is told where its flow can record others too.
    """

    name: str
    flow: str
    datasets: tuple[Dataset, ...] = ()
    cron: str | None = None
    timezone: str = "UTC"
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def entrypoint(self) -> str:
        """Name the flow by its module, which is found from whatever folder it is started in."""
        return f"flows.{self.flow}.{self.flow}"

    @property
    def flow_name(self) -> str:
        """Name the flow as Prefect does."""
        return self.flow.replace("_", "-")


def quotes(name: str, *datasets: Dataset, cron: str, timezone: str) -> Deployment:
    """Deploy the flow that records quotes and coins, for some of them."""
    told = {"datasets": list(datasets)}
    return Deployment(name, "record_quotes", datasets, cron, timezone, told)


DEPLOYMENTS = (
    # After the close, COMEX's settlement, and midnight UTC, at which the days of coins end.
    quotes("bars", "quotes", cron="15 20 * * *", timezone="America/New_York"),
    quotes("coins", "coins", "coin_market", "coin_categories", cron="5 * * * *", timezone="UTC"),
    # Funds state the session in its evening or on the next morning, by 18 hours after the close.
    Deployment(
        "holdings",
        "record_holdings",
        ("valuations", "holdings", "reported_flows"),
        "30 10,19 * * *",
        "America/New_York",
    ),
    # The page takes the UTC day it was asked on: after the close, before that day ends.
    Deployment("asset_caps", "record_asset_caps", ("asset_caps",), "30 22 * * *", "UTC"),
    Deployment(
        "rates", "record_rates", ("rates", "monthly_averages"), "45 8 * * *", "America/New_York"
    ),
    Deployment("run", "run"),
    Deployment("backfill", "backfill"),
    Deployment("publish", "publish"),
)

SCHEDULED = tuple(deployment for deployment in DEPLOYMENTS if deployment.cron)


class Schedule(BaseModel):
    """When a deployment starts: a line of cron, by the clocks of a time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str
    timezone: str

    @field_validator("cron")
    @classmethod
    def cron_comes_true(cls, value: str) -> str:
        """Refuse what is no line of cron, or names a day that there is none of."""
        example = 'minute, hour, day, month and weekday, such as "15 20 * * *"'
        if len(value.split()) != FIELDS:
            raise ValueError(f"{value!r} is no line of cron: it has five fields, {example}")
        try:
            next(CronSim(value, datetime(2024, 1, 1)))  # noqa: DTZ001 -- whatever zone
        except CronSimError as error:
            raise ValueError(f"{value!r} is no line of cron ({error}): {example}") from error
        except StopIteration:
            raise ValueError(f"{value!r} never comes: {example}") from None
        return value

    @field_validator("timezone")
    @classmethod
    def timezone_is_known(cls, value: str) -> str:
        """Refuse a time zone that there is none of."""
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            told = "take a name such as America/New_York or UTC"
            raise ValueError(f"there is no time zone {value!r}: {told}") from error
        return value

    def next_after(self, moment: datetime) -> datetime:
        """Give the first start after a moment."""
        return next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.timezone))))

    def last_before(self, moment: datetime) -> datetime:
        """Give the last start at or before a moment."""
        local = moment.astimezone(ZoneInfo(self.timezone))
        return next(CronSim(self.cron, local, reverse=True))


DEFAULTS = {row.name: {"cron": row.cron, "timezone": row.timezone} for row in SCHEDULED}


def with_the_rest(told: object) -> object:
    """Add the defaults to what is told of schedules, and refuse names that there are none of."""
    if not isinstance(told, Mapping):
        return told
    if strays := told.keys() - DEFAULTS.keys():
        names = ", ".join(sorted(map(str, strays)))
        raise ValueError(f"there is no schedule {names}: there are {', '.join(DEFAULTS)}")
    return {
        name: {**default, **rest} if isinstance(rest := told.get(name, {}), Mapping) else rest
        for name, default in DEFAULTS.items()
    }


# SILVERSTREAK_SCHEDULES__BARS__CRON, ..__TIMEZONE and so on; what is not set stays as above.
Schedules = Annotated[
    dict[str, Schedule], BeforeValidator(with_the_rest), Field(validate_default=True)
]
