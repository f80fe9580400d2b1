"""What goes wrong between a provider and its clients, for a share of the requests."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random

from sandbox.answers import Answer

Fault = Callable[[Answer, Random], Answer]
SANE_RATES = (0.0, 1.0)


@dataclass(frozen=True)
class Faults:
    """Decide by seed and order of requests which answers are spoiled; `rate` is a fraction."""

    rate: float
    seed: int = 0
    turns: "count[int]" = field(default_factory=count, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a rate that is no fraction."""
        lowest, highest = SANE_RATES
        if not lowest <= self.rate <= highest:
            raise ValueError(f"a rate of faults lies between 0 and 1, not {self.rate}")

    def spoil(self, answer: Answer) -> Answer:
        """Return the answer, or what the next request of this series gets instead."""
        chance = Random(f"{self.seed}/{next(self.turns)}")  # noqa: S311  # no secret
        if chance.random() >= self.rate:
            return answer
        return chance.choice(fitting(answer))(answer, chance)


def fitting(answer: Answer) -> list[Fault]:
    """Return the faults that can befall this kind of answer."""
    faults: list[Fault] = [refuse, fail, slow_down, cut_off, interpose]
    if "json" in answer.media_type:
        faults.append(reorder)
    if "csv" in answer.media_type:
        faults.append(duplicate)
    if answer.empty is not None:
        faults.append(empty)
    return faults


def refuse(_: Answer, chance: Random) -> Answer:
    """Answer 429, now and then saying when to come back."""
    headers = {"retry-after": "1"} if chance.random() < 1 / 2 else {}
    return Answer(b"Too Many Requests\r\n", "text/plain;charset=utf-8", 429, headers)


def fail(_: Answer, __: Random) -> Answer:
    """Answer 500."""
    return Answer(b"Internal Server Error", "text/plain;charset=utf-8", 500)


def slow_down(answer: Answer, chance: Random) -> Answer:
    """Give the good answer late."""
    return replace(answer, delay_seconds=chance.uniform(1, 2))


def cut_off(answer: Answer, _: Random) -> Answer:
    """Drop the connection in the middle of the body."""
    return replace(answer, cut_off=True)


def interpose(_: Answer, __: Random) -> Answer:
    """Serve a page with status 200."""
    return Answer(b"<!DOCTYPE html><html><body>Will be right back</body></html>", "text/html")


def empty(answer: Answer, _: Random) -> Answer:
    """Serve the template of a day without data."""
    return replace(answer, body=answer.empty or b"")


def duplicate(answer: Answer, _: Random) -> Answer:
    """Serve the document twice in one body, the second copy without its byte order mark."""
    return replace(answer, body=answer.body + b"\n" + answer.body.removeprefix(b"\xef\xbb\xbf"))


def reorder(answer: Answer, chance: Random) -> Answer:
    """Shuffle the keys of every object."""
    shuffled = json.dumps(shuffle(json.loads(answer.body), chance), separators=(",", ":"))
    return replace(answer, body=shuffled.encode())


def shuffle(node: object, chance: Random) -> object:
    """Return the same JSON with its keys in another order."""
    if isinstance(node, dict):
        keys = chance.sample(list(node), len(node))
        return {key: shuffle(node[key], chance) for key in keys}
    if isinstance(node, list):
        return [shuffle(item, chance) for item in node]
    return node
