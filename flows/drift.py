"""What a source changes in its payloads: told, and named in the refusal if it breaks a promise."""

from collections.abc import Sequence

from schemas.capture import Capture, Refused
from schemas.parsed import quoted
from warehouse.shapes import Shape


def reason(refusal: Refused, last: Shape | None) -> str:
    """Give a refusal's message; what is new in the payload stands for the listing of all it has."""
    if last is None or not refusal.columns:
        return str(refusal)
    added = quoted(sorted({*refusal.columns} - last.columns))
    if added or refusal.listing:
        return f"{refusal.told}; new since {last.day}: {added or 'nothing'}"
    return refusal.told


def change(capture: Capture, columns: Sequence[str], last: Shape | None) -> str | None:
    """Say which columns a source has added and dropped; None if it has not."""
    if last is None or not columns:
        return None
    added, gone = sorted({*columns} - last.columns), sorted(last.columns - {*columns})
    told = [
        f"{noun(names)} {quoted(names)} {'are' if names[1:] else 'is'} {what}"
        for names, what in ((gone, "gone"), (added, "new"))
        if names
    ]
    request = capture.request
    return f"{request.source}/{request.dataset}: {', '.join(told)}" if told else None


def noun(names: Sequence[str]) -> str:
    """Give the singular or plural."""
    return "columns" if names[1:] else "column"


def lines(changes: dict[str, set[str]]) -> list[str]:
    """Tell each change once, with the one subject, or how many, whose payloads show it."""
    return [
        f"{change} ({min(subjects) if len(subjects) == 1 else f'{len(subjects)} subjects'})"
        for change, subjects in changes.items()
    ]
