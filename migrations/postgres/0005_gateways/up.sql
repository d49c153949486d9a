-- Gateways, who holds what on a lease, and the feed of changes in the order in which they can be relied on.

CREATE TABLE gateways (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL,
    regions       TEXT COLLATE "C" NOT NULL,
    capabilities  TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    version       BIGINT NOT NULL
);

ALTER TABLE api_tokens ADD COLUMN gateway_id TEXT COLLATE "C";
CREATE INDEX api_tokens_by_gateway ON api_tokens (gateway_id, id);

-- A process of ours that answers from memory. `snapshot` is the state that it has taken in: what was committed in it has
-- been applied, also where older transactions still run, which `applied` waits for. All times here and in `gateway_leases` are by the database's clock.
CREATE TABLE nodes (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL,
    applied       BIGINT NOT NULL,
    snapshot      TEXT COLLATE "C" NOT NULL,
    leased_until  BIGINT NOT NULL
);

-- A process of a gateway that answers from memory. It outlives its gateway: what the process remembers does too.
CREATE TABLE gateway_leases (
    gateway_id    TEXT COLLATE "C" NOT NULL,
    instance      TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    applied       BIGINT NOT NULL,
    leased_until  BIGINT NOT NULL,
    PRIMARY KEY (gateway_id, instance)
);

-- Transaction numbers begin anew in a restored cluster: `base` is added to them, so that the feed never goes back.
CREATE TABLE feed (
    id    BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    base  BIGINT NOT NULL
);
INSERT INTO feed (id, base) VALUES (1, 0);

-- `sequence` is made of the number of the transaction and a number within it. Everything below the oldest transaction
-- that still runs is complete, which numbers drawn from a sequence never say.
DROP TABLE changes;
CREATE TABLE changes (
    sequence  BIGINT NOT NULL PRIMARY KEY,
    kind      TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    region    TEXT COLLATE "C",
    at        BIGINT NOT NULL
);
CREATE INDEX changes_by_subject ON changes (subject, sequence);
CREATE INDEX changes_by_time ON changes (at);
