-- When and by what each pair was last used, as gateways report it. A pair without a row was never seen.
CREATE TABLE key_usage (
    access_key_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES key_pairs (access_key_id) ON DELETE CASCADE,
    key_id         TEXT COLLATE "C" NOT NULL,
    tenant_id      TEXT COLLATE "C" NOT NULL,
    last_used_at   BIGINT NOT NULL,
    gateway        TEXT COLLATE "C",
    address        TEXT COLLATE "C",
    agent          TEXT COLLATE "C",
    uses           BIGINT NOT NULL
);
CREATE INDEX key_usage_by_key ON key_usage (key_id, last_used_at);
