"""System-versioned tables in plain Python: what `record` must do, said another way."""

import struct
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

Key = tuple[Hashable, ...]


class Answer(NamedTuple):
    """What one capture says: the value of each key, and the keys of which it is unreadable."""

    rows: Mapping[Key, float]
    unreadable: frozenset[Key] = frozenset()


class Version(NamedTuple):
    key: Key
    value: float
    known_at: datetime
    superseded_at: datetime | None = None


@dataclass
class Table:
    """A table, by the positions in its key that make a snapshot (None: rows stand alone)."""

    snapshot: tuple[int, ...] | None = None
    believed: dict[Key, Version] = field(default_factory=dict)
    closed: list[Version] = field(default_factory=list)

    def learn(self, answer: Answer, known_at: datetime) -> None:
        """Take in the next answer, in order."""
        grains = {self.grain(key) for key in answer.rows} | ({()} if self.snapshot == () else set())
        for key in [key for key in self.believed if self.snapshot is not None]:
            if self.grain(key) in grains and key not in answer.rows.keys() | answer.unreadable:
                self.close(key, known_at)
        for key, value in answer.rows.items():
            if key not in self.believed or single(self.believed[key].value) != single(value):
                self.close(key, known_at)
                self.believed[key] = Version(key, value, known_at)

    def grain(self, key: Key) -> Key:
        return tuple(key[position] for position in self.snapshot or ())

    def close(self, key: Key, known_at: datetime) -> None:
        if key in self.believed:
            self.closed.append(self.believed.pop(key)._replace(superseded_at=known_at))

    def values(self) -> dict[Key, float]:
        return {key: single(version.value) for key, version in self.believed.items()}

    def versions(self) -> set[Version]:
        return {*self.believed.values(), *self.closed}


def single(value: float) -> float:
    """Round to float32, the precision that prices are served in."""
    rounded: float = struct.unpack("f", struct.pack("f", value))[0]
    return rounded
