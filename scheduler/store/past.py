"""Rows of what is over and older than what is kept: alerts, notices, audit, quarantine, releases and allocations.

What isn't over stays, however old it is: an event in quarantine of which nobody has said what is to become, and an
order that is out until events or a person end it.
"""

from __future__ import annotations

from entrepot.scheduler.store.writer import Transaction

_WAITS = "(SELECT key FROM outbox WHERE state = 'waiting')"
_UNDER_WAY = "('released', 'sent', 'confirmed', 'confirmed in part', 'shipped')"
"""States of releases whose goods are still to come; of the others nothing more is expected."""
AT_ONCE = 1_000
"""Rows of a table that are let go of in one turn, as others wait meanwhile."""
OVER = {
    "alerts": "state = 'closed' AND seen < ?",
    "notices": "state != 'waiting' AND made < ?",
    "audit": "made < ?",
    "quarantine": "state != 'open' AND received < ?",
    "allocations": "made < ?",  # what is reserved is in the log; this says what it cost
    # An order's outcome is followed as long as it stands in the outbox.
    "outbox": f"state = 'sent' AND made < ? AND key NOT IN (SELECT key FROM releases WHERE state IN {_UNDER_WAY})",
    "releases": f"made < ? AND state NOT IN {_UNDER_WAY} AND key NOT IN {_WAITS}",
}
"""By table, when a row is; `?` is the time up to which nothing is kept. Plans go once no release is of them."""
KEYS = {"outbox": "key", "releases": "key"}


def let_go(turn: Transaction, horizon: int) -> dict[str, int]:
    """Let go of rows that are over.

    Args:
        turn: the writer's.
        horizon: microseconds since 1970-01-01 UTC, up to which nothing is kept.

    Returns:
        How many rows of each table went; tables of which none did aren't in it.
    """
    gone = {}
    for table, over in OVER.items():
        key = KEYS.get(table, "id")
        found = turn.connection.execute(
            f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {over} ORDER BY {key} LIMIT ?)",
            (horizon, AT_ONCE),
        ).rowcount
        if found:
            gone[table] = found
    return gone
