"""Alerts arrive once each, whatever becomes of runs and addresses; no address is ever shown."""

import asyncio
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flows import alerting, alive, replaying
from flows.settings import Settings
from flows.world import World
from sandbox.market import Market
from sandbox.server import serving
from tests.conftest import Asked, Once, Serve
from tests.flows.living import LAST, ask, run
from tests.flows.test_recording import down
from tests.hook import Hook
from warehouse import runs
from warehouse.checks import Failure
from warehouse.connection import FILE, lock, open_published, open_writer
from warehouse.runs import Run

OpenMarket = Callable[..., str]
SetAddresses = Callable[..., None]

NOW = datetime(2030, 1, 2, 19, tzinfo=UTC)
SECRETS = ("hemlig", "t0ken")
NOBODY = "json://127.0.0.1:9/t0ken"  # where nobody listens


@pytest.fixture
def folder(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a data folder with an empty warehouse."""
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(template, data / FILE)
    monkeypatch.setenv("SILVERSTREAK_DATA", str(data))
    return data


@pytest.fixture
def set_addresses(monkeypatch: pytest.MonkeyPatch) -> SetAddresses:
    """Set the addresses, each with secrets in it."""

    def set_them(*addresses: str) -> None:
        told = [address.replace("http://", "json://me:hemlig@") for address in addresses]
        monkeypatch.setenv("SILVERSTREAK_ALERTS__URLS", json.dumps(told))

    return set_them


@pytest.fixture
def hook(serve: Serve, set_addresses: SetAddresses) -> Hook:
    """Open a webhook, which is the only address."""
    hook = Hook()
    set_addresses(f"{serve(hook)}/t0ken")
    return hook


def end_run(folder: Path, *failing: str, after: timedelta, dies: bool = False) -> None:
    """End a run in which these checks fail; it may die before it has told anybody."""
    settings = Settings()
    world = World("synthetic", NOW + after)
    ended = Run(str(uuid4()), "run", (), world.now())
    failures = [Failure(check, "warning", 1, ("a row",)) for check in failing]
    with alive.living(folder, ended.run):
        with open_writer(folder, "synthetic", world.now()) as warehouse:
            runs.begin(warehouse, ended, lambda _: False)
            told = alerting.raise_all(warehouse, ended, settings, world, failures)
        if not dies:
            asyncio.run(alerting.tell(ended, settings, world, *told))


HOURS = [timedelta(hours=hour) for hour in range(9)]


def checks_told(hook: Hook) -> list[str]:
    return [message.split(" ")[0] for message in hook.told]


def test_each_alert_arrives_once_at_every_address(
    folder: Path, serve: Serve, set_addresses: SetAddresses
) -> None:
    hooks = [Hook(), Hook()]
    set_addresses(*map(serve, hooks))

    end_run(folder, "first", after=HOURS[0])
    end_run(folder, "first", after=HOURS[1])
    end_run(folder, "first", "second", after=HOURS[2])

    assert [checks_told(hook) for hook in hooks] == [["first", "second"]] * 2
    sent = "select count(*), count(sent_at), sum(len(owed_to)) from ops.alerts"
    assert ask(folder, sent) == [(2, 2, 0)]


def test_a_message_says_what_it_is_about_and_that_its_market_is_invented(
    folder: Path, hook: Hook
) -> None:
    end_run(folder, "every_sum_adds_up", after=HOURS[0])

    [message] = hook.messages
    assert message["title"] == "silverstreak (synthetic data): failing check"
    assert message["message"] == "every_sum_adds_up (warning): 1 row, such as a row."
    assert message["type"] == "warning"


def test_what_a_webhook_that_was_down_has_missed_arrives_when_it_is_back(
    folder: Path, serve: Serve, set_addresses: SetAddresses, caplog: pytest.LogCaptureFixture
) -> None:
    broken, well = Hook(status=503), Hook()
    set_addresses(serve(broken), serve(well))

    end_run(folder, "first", "second", after=HOURS[0])
    assert checks_told(well) == ["first", "second"]
    assert broken.refused == 1, "of an address that fails nothing more is asked"
    [line] = caplog.messages
    assert line == (
        "alerts: address 1 (JSON) did not take it: status 503: 2 alerts left to the next run "
        "(`silverstreak alerts test` tries all addresses)"
    )

    broken.status = 200
    end_run(folder, "first", "second", "third", after=HOURS[1])
    end_run(folder, "first", "second", "third", after=HOURS[2])
    assert checks_told(broken) == checks_told(well) == ["first", "second", "third"]


def test_what_cannot_be_reached_fails_no_run_and_is_tried_again(
    folder: Path, serve: Serve, set_addresses: SetAddresses, caplog: pytest.LogCaptureFixture
) -> None:
    set_addresses(NOBODY)
    end_run(folder, "first", after=HOURS[0])
    assert "address 1 (JSON) did not take it: no connection: 1 alert" in caplog.text

    set_addresses(serve(hook := Hook()))
    end_run(folder, after=HOURS[1])
    assert checks_told(hook) == ["first"]


def test_what_a_killed_run_was_about_to_send_the_next_one_sends(folder: Path, hook: Hook) -> None:
    end_run(folder, "first", after=HOURS[0], dies=True)
    assert hook.told == []

    end_run(folder, "first", after=HOURS[1])
    end_run(folder, "first", after=HOURS[2])
    assert checks_told(hook) == ["first"]


def test_runs_that_end_at_the_same_time_send_nothing_twice(folder: Path, hook: Hook) -> None:
    """While the first one sends, another begins and ends."""
    began: list[str] = []

    def another() -> None:
        if not began:
            began.append("another")
            end_run(folder, "first", "second", after=HOURS[1])

    hook.meanwhile = lambda: asyncio.get_running_loop().run_in_executor(None, another)
    end_run(folder, "first", after=HOURS[0])
    end_run(folder, "first", "second", after=HOURS[2])

    assert sorted(checks_told(hook)) == ["first", "second"]


def test_sending_keeps_no_writer_waiting(folder: Path, hook: Hook) -> None:
    opened: list[bool] = []

    def write() -> None:
        with open_writer(folder, "synthetic", NOW, wait=0):
            opened.append(True)

    hook.meanwhile = write
    end_run(folder, "first", after=HOURS[0])

    assert opened == [True]


def test_a_writer_that_takes_too_long_fails_no_run(
    folder: Path,
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("SILVERSTREAK_WRITER_WAIT", "0")
    with ExitStack() as held:
        hook.meanwhile = lambda: held.enter_context(lock(folder, 0))
        end_run(folder, "first", after=HOURS[0])

    assert checks_told(hook) == ["first"]
    assert "alerts: 1 alert sent, but not noted as sent, and so sent again" in caplog.text


def test_an_address_that_apprise_does_not_understand_keeps_no_other_from_being_told(
    folder: Path, serve: Serve, set_addresses: SetAddresses, caplog: pytest.LogCaptureFixture
) -> None:
    hook = Hook()
    set_addresses("hemlig", "tgram://t0ken", serve(hook))

    end_run(folder, "first", after=HOURS[0])

    assert checks_told(hook) == ["first"]
    assert [line.partition(":")[2].partition(":")[0] for line in caplog.messages] == [
        " address 1 is none that apprise understands",
        " address 2 is none that apprise understands",
    ]


def test_without_an_address_alerts_are_kept_and_nothing_is_sent_of_them_ever(
    folder: Path, serve: Serve, set_addresses: SetAddresses
) -> None:
    end_run(folder, "first", after=HOURS[0])
    set_addresses(serve(hook := Hook()))
    end_run(folder, "first", after=HOURS[1])

    assert hook.told == []
    assert ask(folder, "select subject, sent_at from ops.alerts") == [("first", None)]


@pytest.fixture
def overheard() -> Iterator[list[str]]:
    """Hear what everybody logs, however unimportant."""
    lines: list[str] = []
    handler = logging.Handler(logging.NOTSET)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    loggers = [logging.getLogger(name) for name in ("", "apprise", "urllib3", "requests", "flows")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(1)
    loggers[0].addHandler(handler)
    yield lines
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def test_no_secret_of_an_address_is_in_any_output(
    folder: Path,
    serve: Serve,
    set_addresses: SetAddresses,
    asked: Asked,
    overheard: list[str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    hook = Hook()
    set_addresses(f"{serve(hook)}/t0ken", f"{serve(Hook(status=401))}/t0ken", NOBODY, "t0ken")

    end_run(folder, "first", after=HOURS[0])
    said = [asked("alerts", "test", *debug) for debug in ([], ["--debug"])]
    said += [asked("alerts", "--data", str(folder), "--format", "json")]

    assert len(hook.messages) == 3
    assert any("status 401" in line for line in overheard)
    everything = [*overheard, *capfd.readouterr(), repr(Settings()), f"{Settings().model_dump()}"]
    everything += [text for ended in said for text in (ended.stdout, ended.stderr)]
    everything += [file.read_bytes().decode("latin-1") for file in folder.rglob("*.*")]
    assert not [text for text in everything for secret in SECRETS if secret in text]


def test_the_command_says_of_each_address_whether_a_message_arrived(
    folder: Path, serve: Serve, set_addresses: SetAddresses, asked: Asked
) -> None:
    hook = Hook()
    set_addresses(serve(hook))
    well = asked("alerts", "test")
    set_addresses(serve(hook), serve(Hook(status=500)), NOBODY, "t0ken")
    ill = asked("alerts", "test")

    assert (well.returncode, well.stdout, well.stderr) == (0, "address 1 (JSON): arrived\n", "")
    assert hook.messages[0]["title"] == "silverstreak: test"
    assert (ill.returncode, ill.stdout) == (1, "address 1 (JSON): arrived\n")
    assert ill.stderr.splitlines() == [
        "silverstreak: SILVERSTREAK_ALERTS__URLS: address 2 (JSON) did not take it: status 500",
        "silverstreak: SILVERSTREAK_ALERTS__URLS: address 3 (JSON) did not take it: no connection",
        "silverstreak: SILVERSTREAK_ALERTS__URLS: address 4 is none that apprise understands",
    ]


def test_the_command_says_what_to_do_without_an_address(folder: Path, asked: Asked) -> None:
    ended = asked("alerts", "test")

    assert ended.returncode == 1
    assert "set SILVERSTREAK_ALERTS__URLS, such as" in ended.stderr


@pytest.mark.parametrize("addresses", ["json://t0ken", '["json://t0ken', "[1]", "{}"])
def test_addresses_that_are_no_list_are_refused_in_one_line_without_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, asked: Asked, addresses: str
) -> None:
    monkeypatch.setenv("SILVERSTREAK_ALERTS__URLS", addresses)

    ended = asked("alerts", "test")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "alerts.urls" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert "t0ken" not in ended.stderr


def test_the_command_lists_what_was_raised_and_who_was_not_told(
    folder: Path, serve: Serve, set_addresses: SetAddresses, asked: Asked
) -> None:
    assert asked("alerts", "--data", str(folder)).stdout == "no alerts\n"
    set_addresses(serve(Hook()), NOBODY)
    end_run(folder, "first", after=HOURS[0])
    end_run(folder, "second", after=HOURS[1])

    table = asked("alerts", "--data", str(folder))
    rows: list[dict[str, Any]] = json.loads(
        asked("alerts", "--data", str(folder), "--format", "json").stdout
    )

    assert table.returncode == 0
    assert "first (warning): 1 row" in table.stdout
    assert [(row["message"].split(" ")[0], row["not_sent_to"]) for row in rows] == [
        ("second", [2]),
        ("first", [2]),
    ]
    assert [row["over_at"] is None for row in rows] == [True, False]


@pytest.fixture(scope="session")
def evening_before(market: Market, prepared: Path, once: Once) -> Path:
    """Record and publish the market up to the evening before SPY closes as high as never before."""

    def fill(data: Path) -> None:
        shutil.copytree(prepared, data, dirs_exist_ok=True)
        with serving(market, LAST) as url:
            asyncio.run(run(data, url, "2025-10-21T23:00:00+00:00", publish=True))

    return once("evening before", fill)[0]


@pytest.fixture
def lived(evening_before: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(evening_before, tmp_path / "lived", symlinks=True))


def test_a_record_arrives_on_its_evening_and_never_again(
    lived: Path, open_market: OpenMarket, hook: Hook
) -> None:
    """It is in the copy that the evening publishes, too, and a replay forgets nothing."""
    report = asyncio.run(run(lived, open_market(), "2025-10-22T23:00:00+00:00", publish=True))

    [title] = {message["title"] for message in hook.messages}
    assert title == "silverstreak (synthetic data): new record"
    [told] = hook.told
    assert told.startswith("SPDR S&P 500 ETF Trust (SPY) closed at 700.40 USD on 2025-10-22")
    assert [alert.message for alert in report.alerts] == [told]
    with open_published(lived) as copy:
        found = copy.execute("select alert from alerts where kind = 'record'").fetchall()
    assert found == [("record/SPY/2025-10-22",)]

    replaying.replay(lived, 0)
    asyncio.run(run(lived, open_market(), "2025-10-22T23:30:00+00:00", publish=True))
    assert hook.told == [told]


def test_a_provider_that_is_down_for_a_day_makes_its_dataset_late_once(
    lived: Path, open_market: OpenMarket, hook: Hook
) -> None:
    url = open_market(spoil=down)
    for moment in ("2025-10-24T00:00", "2025-10-25T00:00"):
        asyncio.run(run(lived, url, f"{moment}:00+00:00", publish=True))

    [told] = [message for message in hook.messages if message["title"].endswith("late data")]
    assert told["message"].startswith(
        "yahoo/quotes: nothing of IBIT, SPY for 2025-10-22 or later, due 2025-10-22 "
    )
    assert "unanswered" in told["message"]
