from pathlib import Path

import pydantic
import pytest

from flows.recording import manners
from flows.registry import FEEDS, PROVIDERS
from flows.settings import Settings
from flows.world import SandboxError, observe


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "SANDBOX", "USER_AGENT", "TIMEOUT", "ATTEMPTS"):
        monkeypatch.delenv(f"SILVERSTREAK_{name}", raising=False)


def test_settings_work_without_an_environment() -> None:
    settings = Settings()

    assert settings.data == Path("data")
    assert settings.sandbox is None
    assert settings.yahoo.datasets == {"quotes"}
    assert settings.ishares.datasets == {"valuations"}  # holdings are off until switched on


def test_a_provider_is_set_by_nested_names_and_the_rest_of_it_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SILVERSTREAK_DATA", "/srv/market")
    monkeypatch.setenv("SILVERSTREAK_YAHOO__RATE", "0.2")
    monkeypatch.setenv("SILVERSTREAK_ISHARES__DATASETS", '["valuations", "holdings"]')

    settings = Settings()

    assert settings.data == Path("/srv/market")
    assert (settings.yahoo.rate, settings.yahoo.datasets) == (0.2, {"quotes"})
    assert settings.ishares.datasets == {"valuations", "holdings"}
    assert settings.ishares.base_url == "https://www.blackrock.com"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_SANDBOX", "")

    assert Settings().sandbox is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("YAHOO__RATE", "0", id="no rate at all"),
        pytest.param("YAHOO__CONCURRENCY", "0", id="no connection at all"),
        pytest.param("YAHOO__BASE_URL", "query1.finance.yahoo.com", id="an address without scheme"),
        pytest.param("YAHOO__DATASETS", '["quote"]', id="a dataset that is none"),
        pytest.param("SANDBOX", "localhost:8000", id="a sandbox without scheme"),
        pytest.param("ATTEMPTS", "0", id="no attempt"),
        pytest.param("USER_AGENT", "Mozillä", id="what no header can hold"),
        pytest.param("ALERTS__FACTS", '["drawdown"]', id="news that are none"),
        pytest.param("ALERTS__STREAK_EVERY", "0", id="a streak of no months"),
        pytest.param("ALERTS__ADDRESSES", "[]", id="a setting of alerts that there is none of"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SILVERSTREAK_{name}", value)

    with pytest.raises(pydantic.ValidationError):
        Settings()


NAMES = [row.name for row in PROVIDERS]


@pytest.mark.parametrize("source", NAMES)
def test_every_provider_has_settings(source: str) -> None:
    assert Settings().provider(source).base_url.startswith("https://")


@pytest.mark.parametrize("source", NAMES)
def test_a_sandbox_stands_in_for_every_provider_with_all_switched_on(
    monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    monkeypatch.setenv("SILVERSTREAK_SANDBOX", "http://127.0.0.1:8765")

    provider = Settings().provider(source)

    assert provider.base_url == "http://127.0.0.1:8765"
    assert {*provider.sites.values()} <= {"http://127.0.0.1:8765"}
    assert provider.wanted == {f.dataset for f in FEEDS if f.source == source}
    assert provider.rate > 100


@pytest.mark.parametrize("source", NAMES)
def test_a_redirect_may_lead_to_the_provider_itself_only(source: str) -> None:
    kept = manners(Settings(), source)

    addresses = {kept.base_url, *Settings().provider(source).sites.values()}
    assert kept.hosts == {address.partition("://")[2] for address in addresses}
    assert kept.attempts > 1


def test_without_a_sandbox_the_world_is_live() -> None:
    world = observe(Settings())

    assert (world.origin, world.carried) == ("live", None)
    assert world.now() >= world.started_at


def test_a_sandbox_that_does_not_answer_is_named_with_what_to_do() -> None:
    with pytest.raises(SandboxError, match=r"no sandbox answers at http://127\.0\.0\.1:9 .*unset"):
        observe(Settings(sandbox="http://127.0.0.1:9"))


def test_a_site_that_is_not_named_keeps_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_WORLDBANK__SITES", '{"page": "https://example.com"}')

    sites = Settings().provider("worldbank").sites

    assert sites == {"page": "https://example.com", "old": "http://pubdocs.worldbank.org"}


def test_a_site_that_there_is_none_of_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_FRED__SITES", '{"app": "https://example.com"}')

    with pytest.raises(pydantic.ValidationError, match="there is no site app: there are api"):
        Settings()


def test_a_key_is_stripped_of_what_a_file_leaves_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_COINGECKO__API_KEY", " s3cret\r\n")

    key = Settings().provider("coingecko").api_key

    assert key is not None
    assert key.get_secret_value() == "s3cret"


@pytest.mark.parametrize("key", ["s3cr\u00e9t", "s3 cret"])
def test_a_key_that_cannot_be_sent_is_refused(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("SILVERSTREAK_COINGECKO__API_KEY", key)

    with pytest.raises(pydantic.ValidationError, match="a key has letters, digits and signs"):
        Settings()


def test_who_wants_a_contact_is_not_asked_without_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SILVERSTREAK_SEC__ENABLED", "true")
    with pytest.raises(pydantic.ValidationError, match="name and e-mail address"):
        Settings()

    monkeypatch.setenv("SILVERSTREAK_SEC__USER_AGENT", "Acme Research research@example.com")
    assert Settings().provider("sec").wanted == {"valuations"}
