"""Tables of the store. Times are microseconds since 1970-01-01 UTC."""

from __future__ import annotations

import sqlite3

from entrepot.configs.errors import ConfigurationError

TABLES = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY,   -- in the order in which they were taken
    source TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
    digest BLOB NOT NULL,           -- of what it says
    received INTEGER NOT NULL,
    body BLOB NOT NULL,             -- the envelope as it came; empty once it is in a base and no longer kept
    target BLOB,                    -- of a correction: the envelope that it undoes
    UNIQUE (source, epoch, sequence)
);
CREATE TABLE corrected (            -- by key: what was undone, once
    source TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, by INTEGER NOT NULL,
    PRIMARY KEY (source, epoch, sequence)
) WITHOUT ROWID;
CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
    digest BLOB NOT NULL, received INTEGER NOT NULL, rule TEXT NOT NULL, message TEXT NOT NULL, body BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',  -- open, replayed, dropped
    mended BLOB,                    -- the envelope that was taken in its place
    changed INTEGER, by TEXT,       -- when and by whom the state was changed
    UNIQUE (source, epoch, sequence, digest)
);
CREATE TABLE plans (
    id TEXT PRIMARY KEY, made INTEGER NOT NULL, position INTEGER NOT NULL,
    context BLOB NOT NULL,          -- JSON: what else than events the plan was made from
    inputs TEXT NOT NULL,           -- SHA-256 of all arrays that the policy was given
    orders BLOB NOT NULL,           -- .npz: orders and held
    summary BLOB NOT NULL           -- JSON: lines with their reasons, for people
);
CREATE TABLE releases (
    lane TEXT NOT NULL, day TEXT NOT NULL,  -- of the departure, where the lane starts
    key TEXT NOT NULL UNIQUE,       -- the order's identity and idempotency key
    plan TEXT NOT NULL, state TEXT NOT NULL, lines BLOB NOT NULL, made INTEGER NOT NULL,
    PRIMARY KEY (lane, day)         -- once per lane and departure
);
CREATE TABLE outbox (
    key TEXT PRIMARY KEY, body BLOB NOT NULL, made INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',  -- waiting, sent
    attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, changed INTEGER
);
CREATE TABLE switches (name TEXT PRIMARY KEY);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY, made INTEGER NOT NULL, by TEXT NOT NULL, what TEXT NOT NULL, about TEXT NOT NULL
);
"""
ALERTS = """
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL, kind TEXT NOT NULL, place TEXT NOT NULL, message TEXT NOT NULL, usd REAL, action TEXT NOT NULL,
    opened INTEGER NOT NULL, seen INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open',  -- open, acknowledged, closed
    by TEXT
);
CREATE UNIQUE INDEX alert_of_cause ON alerts (key) WHERE state != 'closed';
"""
ALLOCATIONS = """
CREATE TABLE allocations (
    id INTEGER PRIMARY KEY,
    sale TEXT NOT NULL, revision INTEGER NOT NULL, made INTEGER NOT NULL,
    body BLOB NOT NULL              -- JSON: which nodes, what it costs, its bound, and the nearest node's answer
);
CREATE INDEX allocation_of_sale ON allocations (sale);
"""
BASES = """
CREATE TABLE bases (
    position INTEGER PRIMARY KEY,   -- of the last event that is in it
    made INTEGER NOT NULL,
    kept BLOB NOT NULL              -- a mirror that knows sums only of what is old
);
"""
NOTICES = """
ALTER TABLE alerts ADD COLUMN level INTEGER NOT NULL DEFAULT 0;  -- how often it was escalated
ALTER TABLE alerts ADD COLUMN told INTEGER NOT NULL DEFAULT 0;   -- when it was last told
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,          -- webhook, email
    level INTEGER NOT NULL,         -- 0 where alerts are new, then how often they were escalated
    body BLOB NOT NULL, made INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',  -- waiting, sent, dropped
    attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, changed INTEGER
);
CREATE INDEX notice_by_state ON notices (state, due);
"""
COMPARISONS = """
CREATE TABLE comparisons (
    id INTEGER PRIMARY KEY, plan TEXT NOT NULL, made INTEGER NOT NULL,
    body BLOB NOT NULL              -- JSON: a plan beside that of a module that is only watched
);
"""
UPKEEP = """
CREATE TABLE chosen (               -- modules that people chose while it ran; a restart begins with them
    part TEXT PRIMARY KEY,          -- decides, watched
    path TEXT NOT NULL,             -- of its folder
    digest TEXT NOT NULL,           -- of its manifest
    given TEXT NOT NULL,            -- digest of the manifest of the module that the start was given
    made INTEGER NOT NULL
);
ALTER TABLE releases ADD COLUMN confirmed REAL;  -- units, as events told them after the order was out
ALTER TABLE releases ADD COLUMN shipped REAL;
ALTER TABLE releases ADD COLUMN received REAL;
CREATE INDEX quarantine_by_state ON quarantine (state, id);
CREATE INDEX plan_by_time ON plans (made);
CREATE INDEX release_by_day ON releases (day);
CREATE INDEX release_by_time ON releases (made);
CREATE INDEX outbox_by_state ON outbox (state, due);
CREATE INDEX audit_by_time ON audit (made);
CREATE INDEX alert_by_state ON alerts (state, seen);
"""
STEPS = (TABLES, ALERTS, ALLOCATIONS, BASES, NOTICES, COMPARISONS, UPKEEP)
"""What each version added; a store of an earlier one gets those that it lacks."""
VERSION = len(STEPS)


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none; bring those of an earlier version up to date.

    Raises:
        ConfigurationError: the file was written by a later version.
    """
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > VERSION:
        raise ConfigurationError(f"store: is of version {found}; this code reads version {VERSION}")
    if found < VERSION:
        connection.executescript(f"BEGIN; {' '.join(STEPS[found:])} PRAGMA user_version = {VERSION}; COMMIT;")
