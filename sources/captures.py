"""Payloads, kept exactly as served, so that any table can be rebuilt without asking again.

    <folder>/bodies/<hash[:2]>/<hash>.zst      the bytes, once however often they are served
    <folder>/<source>/<day>/<capture id>.json  who was asked what, when, and the hash of the answer

The folder may be any fsspec path: a local one or an object store.
"""

import hashlib
import os
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import fsspec
import zstandard
from pydantic import TypeAdapter

from schemas.capture import Capture, Request

SIDECAR = TypeAdapter(Capture)


def keep(
    folder: str,
    request: Request,
    payload: bytes,
    known_at: datetime,
    status: int = 200,
    content_type: str = "",
) -> Capture:
    """Keep a payload and its sidecar; each appears whole or not at all.

    Args:
        folder: Where captures are kept, as an fsspec path.
        request: What was asked; holds no secret.
        payload: The bytes as served.
        known_at: When they reached us, UTC.
        status: HTTP status of the answer.
        content_type: As the provider labelled it.
    """
    files, root = fsspec.core.url_to_fs(folder)
    capture = Capture(request, known_at, digest(payload), status, content_type)
    body = body_path(root, capture.sha256)
    if not files.exists(body):
        write(files, body, zstandard.compress(payload))
    write(files, sidecar_path(root, capture), SIDECAR.dump_json(capture, indent=2))
    return capture


def ids(folder: str) -> list[str]:
    """List the ids of all captures, in the order of loading."""
    files, root = fsspec.core.url_to_fs(folder)
    return sorted(PurePosixPath(path).stem for path in files.glob(f"{root}/*/*/*.json"))


def find(folder: str, capture_id: str) -> tuple[Capture, bytes]:
    """Read a capture back: its sidecar and its bytes."""
    files, root = fsspec.core.url_to_fs(folder)
    day = f"{capture_id[:4]}-{capture_id[4:6]}-{capture_id[6:8]}"
    [path] = files.glob(f"{root}/*/{day}/{capture_id}.json")
    capture = SIDECAR.validate_json(files.cat_file(path))
    return capture, zstandard.decompress(files.cat_file(body_path(root, capture.sha256)))


def digest(payload: bytes) -> str:
    """Hash a payload (SHA-256, hexadecimal)."""
    return hashlib.sha256(payload).hexdigest()


def body_path(root: str, sha256: str) -> str:
    """Say where the bytes of this hash are kept."""
    return f"{root}/bodies/{sha256[:2]}/{sha256}.zst"


def sidecar_path(root: str, capture: Capture) -> str:
    """Say where the sidecar is kept: by source and day, so that a listing stays short."""
    return f"{root}/{capture.request.source}/{capture.known_at:%Y-%m-%d}/{capture.id}.json"


def write(files: Any, path: str, content: bytes) -> None:  # noqa: ANN401 -- fsspec has no types
    """Write under a temporary name, sync where there is a disk, rename."""
    files.makedirs(path.rpartition("/")[0], exist_ok=True)
    unfinished = f"{path}.{os.getpid()}.unfinished"
    with files.open(unfinished, "wb") as file:
        file.write(content)
        file.flush()
        if hasattr(file, "fileno"):
            os.fsync(file.fileno())
    files.mv(unfinished, path)
