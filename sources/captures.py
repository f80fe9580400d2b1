"""Payloads, kept exactly as served, so that any table can be rebuilt without asking again.

    <folder>/bodies/<hash[:2]>/<hash>.zst      the bytes, once however often they are served
    <folder>/<source>/<day>/<capture id>.json  who was asked what, when, and the hash of the answer

The folder may be any fsspec path: a local one or an object store.
"""

import hashlib
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import fsspec
import zstandard
from pydantic import TypeAdapter

from schemas.capture import Capture, Request

SIDECAR = TypeAdapter(Capture)
SIDECAR_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{16}-.+\.json$")
BODIES = "bodies"


class Damaged(Exception):  # noqa: N818 -- the domain's word
    """A capture whose files were lost or changed; the message names the file."""


def keep(  # noqa: PLR0913 -- all that a sidecar says
    folder: str,
    request: Request,
    payload: bytes,
    known_at: datetime,
    *,
    status: int = 200,
    content_type: str = "",
    origin: str | None = None,
    validators: dict[str, str] | None = None,
) -> Capture:
    """Keep a payload and its sidecar; each appears whole or not at all.

    Args:
        folder: Where captures are kept, as an fsspec path.
        request: What was asked; holds no secret.
        payload: The bytes as served.
        known_at: When they reached us, UTC.
        status: HTTP status of the answer.
        content_type: As the provider labelled it.
        origin: The world it comes from: live, history or synthetic.
        validators: ETag and Last-Modified, as served.
    """
    files, root = fsspec.core.url_to_fs(folder)
    sha256 = digest(payload)
    capture = Capture(request, known_at, sha256, status, content_type, origin, validators or {})
    body = body_path(root, capture.sha256)
    if not files.exists(body):
        write(files, body, zstandard.compress(payload))
    write(files, path_of(root, capture.id), SIDECAR.dump_json(capture, indent=2))
    return capture


def ids(folder: str) -> list[str]:
    """List the ids of all captures, in the order of loading."""
    files, root = fsspec.core.url_to_fs(folder)
    if not files.isdir(root):
        return []
    # No glob: it would take brackets in the folder's name for a pattern.
    sources = [path for path in files.ls(root, detail=False) if PurePosixPath(path).name != BODIES]
    paths = [PurePosixPath(path) for source in sources for path in files.find(source)]
    return sorted(path.stem for path in paths if SIDECAR_NAME.match(path.name))


def find(folder: str, capture_id: str) -> tuple[Capture, bytes]:
    """Read a capture back: its sidecar and its bytes.

    Raises:
        Damaged: A file of it is missing, unreadable, or not what was kept.
    """
    capture = sidecar(folder, capture_id)
    files, root = fsspec.core.url_to_fs(folder)
    path = body_path(root, capture.sha256)
    with damage_told(path):
        payload = zstandard.decompress(files.cat_file(path))
    if digest(payload) != capture.sha256:
        raise Damaged(f"{path} does not hold the bytes that were kept")
    return capture, payload


def sidecar(folder: str, capture_id: str) -> Capture:
    """Read what was kept of a capture beside its bytes.

    Raises:
        Damaged: Its file is missing or unreadable.
    """
    files, root = fsspec.core.url_to_fs(folder)
    path = path_of(root, capture_id)
    with damage_told(path):
        return SIDECAR.validate_json(files.cat_file(path))


@contextmanager
def damage_told(path: str) -> Iterator[None]:
    """Say which file cannot be read."""
    try:
        yield
    except (OSError, ValueError, zstandard.ZstdError) as error:
        told = str(error).partition("\n")[0]
        raise Damaged(f"{path} cannot be read ({type(error).__name__}: {told})") from error


def digest(payload: bytes) -> str:
    """Hash a payload (SHA-256, hexadecimal)."""
    return hashlib.sha256(payload).hexdigest()


def body_path(root: str, sha256: str) -> str:
    """Say where the bytes of this hash are kept."""
    return f"{root}/{BODIES}/{sha256[:2]}/{sha256}.zst"


def path_of(root: str, capture_id: str) -> str:
    """Say where the sidecar is kept: by source and day, so that a listing stays short."""
    instant, _, source, *_ = capture_id.split("-")
    return f"{root}/{source}/{instant[:4]}-{instant[4:6]}-{instant[6:8]}/{capture_id}.json"


def write(files: Any, path: str, content: bytes) -> None:  # noqa: ANN401 -- fsspec has no types
    """Write under a temporary name, sync where there is a disk, rename."""
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    unfinished = f"{path}.{os.getpid()}.unfinished"
    with files.open(unfinished, "wb") as file:
        file.write(content)
        file.flush()
        with suppress(io.UnsupportedOperation):  # an object store's file has no descriptor
            os.fsync(file.fileno())
    files.mv(unfinished, path)
