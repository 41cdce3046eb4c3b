"""Rows of what is over and older than what is kept: alerts, notices, audit, quarantine, releases and allocations."""

from __future__ import annotations

from entrepot.scheduler.store.writer import Transaction

AT_ONCE = 1_000
"""Rows of a table that are let go of in one turn, as others wait meanwhile."""
OVER = {
    "alerts": "state = 'closed' AND seen < ?",
    "notices": "state != 'waiting' AND made < ?",
    "audit": "made < ?",
    "quarantine": "received < ?",  # an open one too: what it tells of is older than what may still be taken
    "allocations": "made < ?",  # what is reserved is in the log; this says what it cost
    "outbox": "state = 'sent' AND made < ?",
    "releases": "made < ? AND key NOT IN (SELECT key FROM outbox WHERE state = 'waiting')",
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
