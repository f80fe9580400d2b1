"""One Prefect server per data folder, shared by the commands that run at the same time.

Unless PREFECT_API_URL is set, the first command starts a server, others join it, and the last one
out stops it: each holds a shared lock while it uses the server, and whoever can take the lock
alone on leaving is the last. A killed command's lock is freed by the system, so a server it left
behind is joined, and stopped, by the next. A server that is killed is started again at its address
by whoever uses it; Prefect's clients ask again until it is there.

Nothing here imports Prefect: the server starts while the command goes on with other work.
"""

import fcntl
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO, NamedTuple
from urllib.parse import urlsplit

import httpx

LONGEST_START = 120.0
PATROL = 1.0
# Whose lines are shown with the run in Prefect, too.
LOGGERS = "flows,sources,warehouse"
STARTED: list[subprocess.Popen[bytes]] = []  # kept, or Python warns of children left running

log = logging.getLogger(__name__)


class Server(NamedTuple):
    """A server of ours: its process and the address of its API."""

    pid: int
    url: str


class ServerError(Exception):
    """The Prefect server cannot be started; the message says where its log is."""


@contextmanager
def prefect_server(data: Path, *, debug: bool = False) -> Iterator[None]:
    """Have Prefect's API at hand: set PREFECT_API_URL to a server, which may still be starting.

    Call `wait_until_ready` before the first flow.
    """
    configure(data, debug=debug)
    if "PREFECT_API_URL" in os.environ:
        yield
        return
    home = data / "prefect"
    with (home / "users").open("a+") as users, (home / "starting").open("a+") as starting:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_EX)
        server = running(home) or start(home)
        fcntl.flock(starting, fcntl.LOCK_UN)
        os.environ["PREFECT_API_URL"] = server.url
        try:
            with kept_up(home, server):
                yield
        finally:
            del os.environ["PREFECT_API_URL"]
            stop_if_last(users, home)


def configure(data: Path, *, debug: bool) -> None:
    """Keep Prefect to the data folder, off the network, and out of the user's terminal."""
    home = data.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)  # Prefect creates it, but not the folder it is in
    reach_loopback_without_proxy()
    quiet = {} if debug else {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}
    os.environ.update(
        {
            "PREFECT_HOME": str(home),
            "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_CLI_COLORS": "false",
            "PREFECT_LOGGING_EXTRA_LOGGERS": LOGGERS,
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
            **quiet,
        }
    )


def reach_loopback_without_proxy() -> None:
    """Keep requests to this machine from a proxy that the environment may name."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost"]))


def wait_until_ready(data: Path) -> None:
    """Wait until the server answers.

    Raises:
        ServerError: It ended, or did not answer within two minutes.
    """
    url = os.environ["PREFECT_API_URL"]
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        if is_healthy(url):
            return
        server = read(data / "prefect")
        if server and server.url == url and not is_ours(server):
            break
        time.sleep(0.1)
    raise ServerError(
        f"the Prefect server at {url} does not answer: see {data / 'prefect' / 'server.log'}"
    )


@contextmanager
def kept_up(home: Path, server: Server) -> Iterator[None]:
    """Start the server again if it dies, until we are done with it."""
    done = Event()
    patrol = Thread(target=keep_up, args=(home, server, done), daemon=True)
    patrol.start()
    try:
        yield
    finally:
        done.set()
        patrol.join()


def keep_up(home: Path, server: Server, done: Event) -> None:
    """Look after a server that has once answered; one that never did has told why in its log."""
    while not is_healthy(server.url):
        if done.wait(PATROL):
            return
    while not done.wait(PATROL):
        with (home / "starting").open("a+") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if running(home) is None and not done.is_set():
                log.warning("the Prefect server at %s is gone: starting it again", server.url)
                start(home, urlsplit(server.url).port)


def serves(data: Path, url: str) -> bool:
    """Say whether the API at an address is that of this data folder's own server."""
    server = read(data / "prefect")
    return server is not None and server.url == url


def running(home: Path) -> Server | None:
    """Give the recorded server, if its process lives and is still that server."""
    server = read(home)
    return server if server and is_ours(server) else None


def is_ours(server: Server) -> bool:
    """Say whether the process is the recorded server: ids are given anew after a restart."""
    port = urlsplit(server.url).port
    return command_of(server.pid).endswith(f"prefect server start --port {port}")


def command_of(pid: int) -> str:
    """Give a process's command line; empty where there is none."""
    file = Path(f"/proc/{pid}/cmdline")
    if file.parent.parent.is_dir():
        return file.read_bytes().replace(b"\0", b" ").decode().strip() if file.exists() else ""
    told = subprocess.run(  # noqa: S603 -- our own arguments
        ["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()


def start(home: Path, port: int | None = None) -> Server:
    """Start a server on this machine, and record where it is.

    On the port that Prefect's own setting names, if there is one, or else on any that is free.
    """
    port = port or int(os.environ.get("PREFECT_SERVER_API_PORT") or free_port())
    url = f"http://127.0.0.1:{port}/api"
    # Else its pages ask port 4200, whatever the port of the server.
    environment = {"PREFECT_SERVER_UI_API_URL": url} | os.environ
    with (home / "server.log").open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and arguments
            [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    STARTED.append(process)
    server = Server(process.pid, url)
    (home / "server.json").write_text(json.dumps(server._asdict()))
    return server


def stop_if_last(users: IO[str], home: Path) -> None:
    """Stop the server unless another command still uses it."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    server = running(home)
    if server:
        stop(server.pid)
    (home / "server.json").unlink(missing_ok=True)


def stop(pid: int) -> None:
    """End a server and wait for it; insist after ten seconds.

    It is not waited for without end: one that another process started and does not reap keeps its
    id after it has ended.
    """
    for insistence, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 2)):
        with suppress(ProcessLookupError):
            os.killpg(pid, insistence)
        deadline = time.monotonic() + patience
        while is_alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not is_alive(pid):
            return


def read(home: Path) -> Server | None:
    """Read where the server was last started."""
    try:
        return Server(**json.loads((home / "server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_alive(pid: int) -> bool:
    """Say whether a process of this id runs; a child of ours that has ended is reaped."""
    for child in STARTED:
        child.poll()
    return command_of(pid) != ""


def is_healthy(url: str) -> bool:
    """Say whether the API answers."""
    try:
        return httpx.get(f"{url}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
