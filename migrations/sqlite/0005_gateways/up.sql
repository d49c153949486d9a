-- Gateways, who holds what on a lease, and the feed of changes in the order in which they can be relied on.

CREATE TABLE gateways (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    regions       TEXT NOT NULL,
    capabilities  TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    version       INTEGER NOT NULL
) STRICT;

ALTER TABLE api_tokens ADD COLUMN gateway_id TEXT;
CREATE INDEX api_tokens_by_gateway ON api_tokens (gateway_id, id);

-- A process of ours that answers from memory; only PostgreSQL has a `snapshot`. All times here and in `gateway_leases` are by the database's clock.
CREATE TABLE nodes (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    applied       INTEGER NOT NULL,
    snapshot      TEXT NOT NULL,
    leased_until  INTEGER NOT NULL
) STRICT;

-- A process of a gateway that answers from memory. It outlives its gateway: what the process remembers does too.
CREATE TABLE gateway_leases (
    gateway_id    TEXT NOT NULL,
    instance      TEXT NOT NULL,
    name          TEXT NOT NULL,
    applied       INTEGER NOT NULL,
    leased_until  INTEGER NOT NULL,
    PRIMARY KEY (gateway_id, instance)
) STRICT;

-- Only PostgreSQL needs it: see there.
CREATE TABLE feed (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    base  INTEGER NOT NULL
) STRICT;
INSERT INTO feed (id, base) VALUES (1, 0);

-- Under the one writer numbers follow each other in the order of commits. The newest row is never removed.
DROP TABLE changes;
CREATE TABLE changes (
    sequence  INTEGER NOT NULL PRIMARY KEY,
    kind      TEXT NOT NULL,
    subject   TEXT NOT NULL,
    region    TEXT,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_subject ON changes (subject, sequence);
CREATE INDEX changes_by_time ON changes (at);
