-- When and by what each pair was last used, as gateways report it. A pair without a row was never seen.
CREATE TABLE key_usage (
    access_key_id  TEXT NOT NULL PRIMARY KEY REFERENCES key_pairs (access_key_id) ON DELETE CASCADE,
    key_id         TEXT NOT NULL,
    tenant_id      TEXT NOT NULL,
    last_used_at   INTEGER NOT NULL,
    gateway        TEXT,
    address        TEXT,
    agent          TEXT,
    uses           INTEGER NOT NULL
) STRICT;
CREATE INDEX key_usage_by_key ON key_usage (key_id, last_used_at);
