"""What must not be lost: the log of events, quarantine, plans, releases and the outbox, in one SQLite file."""
