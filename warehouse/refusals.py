"""Payloads that were not what was asked for: noted, until a good answer comes."""

import duckdb

from schemas.capture import Capture


def refuse(
    warehouse: duckdb.DuckDBPyConnection, capture: Capture, reason: str, release: str
) -> None:
    """Note a payload that was not what was asked for; its capture waits for the next release.

    One that a later answer to the same question has made up for is resolved from the start. One
    that this release has refused before is noted anew.
    """
    request = capture.request
    known = {"capture": capture.id, "release": release}
    warehouse.execute(
        "delete from ops.refusals where capture = $capture and release = $release", known
    )
    warehouse.execute(
        """
        insert into ops.refusals by name
        select
            $source as source, $dataset as dataset, $scope as scope,
            $asked_to::date as asked_to, $capture as capture, $known_at as refused_at,
            $reason as reason, $release as release,
            min(known_at) as resolved_at
        from ops.loads
        where scope = $scope and known_at > $known_at
          and coalesce($asked_to::date between asked_from and asked_to, true)
        """,
        {
            "asked_to": request.asked_to,
            "source": request.source,
            "dataset": request.dataset,
            "scope": request.scope,
            "known_at": capture.known_at,
            "reason": reason,
            **known,
        },
    )


def resolve(warehouse: duckdb.DuckDBPyConnection, capture: Capture) -> None:
    """Close the earlier refusals of the same question: here is a good answer."""
    warehouse.execute(
        """
        update ops.refusals set resolved_at = $known_at
        where scope = $scope and resolved_at is null and refused_at <= $known_at
          and coalesce(asked_to between $first::date and $last::date, true)
        """,
        {
            "known_at": capture.known_at,
            "scope": capture.request.scope,
            "first": capture.request.asked_from,
            "last": capture.request.asked_to,
        },
    )
