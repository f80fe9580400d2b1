import json
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.capture import Capture, Request
from sources import captures

FRIDAY = datetime(2030, 7, 5, 22, 30, 0, 123456, tzinfo=UTC)
AWKWARD = ["^GSPC", "BTC-USD", "SI=F", "BRK.B", "24/7", "Acme Silver Trust", "../../etc"]


def asked(subject: str = "ACM", source: str = "acme") -> Request:
    return Request(
        source,
        "quotes",
        subject,
        "/v1/quotes",
        {"days": "5"},
        date(2030, 7, 1),
        date(2030, 7, 5),
        {"symbol": subject},
    )


@pytest.fixture(params=["a folder", "an object store", "a name like a pattern"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return {
        "a folder": str(tmp_path / "captures"),
        "an object store": f"memory://{uuid4().hex}/captures",
        "a name like a pattern": str(tmp_path / "data [2]*" / "captures"),
    }[request.param]


@given(payload=st.binary())
def test_a_payload_comes_back_as_it_was_served(payload: bytes) -> None:
    folder = f"memory://{uuid4().hex}/captures"

    kept = captures.keep(folder, asked(), payload, FRIDAY, status=404, content_type="text/plain")

    assert captures.find(folder, kept.id) == (kept, payload)


@pytest.mark.parametrize("subject", AWKWARD)
def test_any_subject_can_be_kept_and_found(folder: str, subject: str) -> None:
    kept = captures.keep(folder, asked(subject), b"as served", FRIDAY)

    assert captures.ids(folder) == [kept.id]
    assert captures.find(folder, kept.id) == (kept, b"as served")


def test_a_folder_that_is_not_there_holds_no_captures(folder: str) -> None:
    assert captures.ids(folder) == []


def test_the_same_bytes_are_stored_once_and_each_time_they_came_is_known(tmp_path: Path) -> None:
    for hours in range(3):
        captures.keep(str(tmp_path), asked(), b"as served", FRIDAY + timedelta(hours=hours))

    assert len([*tmp_path.glob("bodies/*/*")]) == 1
    assert len(captures.ids(str(tmp_path))) == 3


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10**13), st.binary(max_size=2), st.sampled_from(AWKWARD))))
def test_ids_are_in_the_order_of_known_at_and_sha256(
    kept: list[tuple[int, bytes, str]],
) -> None:
    folder = f"memory://{uuid4().hex}/captures"
    for microseconds, payload, subject in kept:
        known_at = FRIDAY + timedelta(microseconds=microseconds)
        captures.keep(folder, asked(subject, source="zeta"), payload, known_at)

    read = [captures.find(folder, capture_id)[0] for capture_id in captures.ids(folder)]

    assert read == sorted(read, key=lambda capture: (capture.known_at, capture.sha256, capture.id))
    assert len(read) == len(set(kept))


def test_sources_do_not_come_before_time(folder: str) -> None:
    late = captures.keep(folder, asked(source="acme"), b"late", FRIDAY + timedelta(seconds=1))
    early = captures.keep(folder, asked(source="zeta"), b"early", FRIDAY)

    assert captures.ids(folder) == [early.id, late.id]


def test_the_sidecar_says_what_was_asked_and_nothing_of_the_host(tmp_path: Path) -> None:
    kept = captures.keep(
        str(tmp_path), asked(), b"as served", FRIDAY, content_type="text/csv", origin="live"
    )

    [sidecar] = tmp_path.glob("acme/2030-07-05/*.json")
    assert sidecar.stem == kept.id
    assert json.loads(sidecar.read_text()) == {
        "request": {
            "source": "acme",
            "dataset": "quotes",
            "subject": "ACM",
            "path": "/v1/quotes",
            "params": {"days": "5"},
            "asked_from": "2030-07-01",
            "asked_to": "2030-07-05",
            "expects": {"symbol": "ACM"},
            "site": "",
            "body": None,
            "otherwise": [],
        },
        "known_at": "2030-07-05T22:30:00.123456Z",
        "sha256": captures.digest(b"as served"),
        "status": 200,
        "content_type": "text/csv",
        "origin": "live",
        "validators": {},
    }


@pytest.mark.parametrize("writes", [0, 1], ids=["in the body", "in the sidecar"])
def test_an_interrupted_write_leaves_no_capture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    synced: list[int] = []

    def disk_full(descriptor: int) -> None:
        if len(synced) == writes:
            raise OSError(28, "No space left on device")
        synced.append(descriptor)

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    assert captures.ids(str(tmp_path)) == []

    monkeypatch.undo()
    kept = captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    assert captures.find(str(tmp_path), kept.id) == (kept, b"as served")


def body_of(folder: Path, kept: Capture) -> Path:
    return folder / "bodies" / kept.sha256[:2] / f"{kept.sha256}.zst"


def test_a_body_that_was_lost_is_named(tmp_path: Path) -> None:
    kept = captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    body_of(tmp_path, kept).unlink()

    with pytest.raises(captures.Damaged, match=rf"{kept.sha256}\.zst cannot be read \(FileNotF"):
        captures.find(str(tmp_path), kept.id)


def test_a_body_that_was_cut_is_named(tmp_path: Path) -> None:
    kept = captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    body_of(tmp_path, kept).write_bytes(body_of(tmp_path, kept).read_bytes()[:-3])

    with pytest.raises(captures.Damaged, match=rf"{kept.sha256}\.zst cannot be read \(ZstdError"):
        captures.find(str(tmp_path), kept.id)


def test_a_body_that_was_swapped_is_named(tmp_path: Path) -> None:
    kept = captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    other = captures.keep(str(tmp_path), asked(), b"another", FRIDAY)
    body_of(tmp_path, other).replace(body_of(tmp_path, kept))

    with pytest.raises(captures.Damaged, match=r"\.zst does not hold the bytes that were kept"):
        captures.find(str(tmp_path), kept.id)


def test_a_sidecar_that_was_emptied_is_named(tmp_path: Path) -> None:
    kept = captures.keep(str(tmp_path), asked(), b"as served", FRIDAY)
    [sidecar] = tmp_path.glob("acme/*/*.json")
    sidecar.write_bytes(b"")

    with pytest.raises(captures.Damaged, match=r"\.json cannot be read \(ValidationError"):
        captures.find(str(tmp_path), kept.id)
