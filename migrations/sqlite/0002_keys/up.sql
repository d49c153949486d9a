-- Keys, the storage instances they live in, and the buckets their scopes may name.

CREATE TABLE instances (
    id           TEXT NOT NULL PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenants (id),
    region       TEXT NOT NULL REFERENCES regions (code),
    name         TEXT NOT NULL,
    description  TEXT,
    named_by     TEXT NOT NULL CHECK (named_by IN ('tenant', 'instance')),
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL,
    -- So that what belongs to an instance cannot be stored with another tenant.
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX instances_by_region ON instances (tenant_id, region, id);

CREATE TABLE buckets (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;

-- `access_key_id` and `rotated_at` repeat what the current pair says, because lists are filtered by them.
CREATE TABLE keys (
    id               TEXT NOT NULL PRIMARY KEY,
    tenant_id        TEXT NOT NULL,
    instance_id      TEXT NOT NULL,
    region           TEXT NOT NULL,
    label            TEXT,
    description      TEXT,
    all_buckets      INTEGER NOT NULL CHECK (all_buckets IN (0, 1)),
    prefixes         TEXT NOT NULL,
    permissions      TEXT NOT NULL,
    networks         TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'revoked')),
    state_since      INTEGER,
    expires_at       INTEGER,
    access_key_id    TEXT NOT NULL UNIQUE,
    rotated_at       INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    created_by_kind  TEXT NOT NULL,
    created_by_id    TEXT NOT NULL,
    version          INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, instance_id) REFERENCES instances (tenant_id, id)
) STRICT;
CREATE INDEX keys_by_tenant ON keys (tenant_id, id);
CREATE INDEX keys_by_instance ON keys (instance_id, id);
CREATE INDEX keys_by_region ON keys (tenant_id, region, id);
CREATE INDEX keys_by_label ON keys (tenant_id, label, id);
CREATE INDEX keys_by_state ON keys (tenant_id, state, id);
CREATE INDEX keys_by_expiry ON keys (tenant_id, expires_at, id);
CREATE INDEX keys_by_rotation ON keys (tenant_id, rotated_at, id);

CREATE TABLE key_buckets (
    key_id     TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    tenant_id  TEXT NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (key_id, name)
) STRICT;
CREATE INDEX key_buckets_by_name ON key_buckets (tenant_id, name, key_id);

-- Every pair a key has had. The secret of one that has ended is wiped.
CREATE TABLE key_pairs (
    access_key_id      TEXT NOT NULL PRIMARY KEY,
    key_id             TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    tenant_id          TEXT NOT NULL,
    version            INTEGER NOT NULL,
    since              INTEGER NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('current', 'retiring', 'ended')),
    retiring_since     INTEGER,
    retiring_until     INTEGER,
    quiet_for_seconds  INTEGER,
    ended_at           INTEGER,
    sealed_by          INTEGER,
    sealed             BLOB,
    made_by            TEXT NOT NULL,
    UNIQUE (key_id, version)
) STRICT;
CREATE UNIQUE INDEX key_pairs_current ON key_pairs (key_id) WHERE state = 'current';
CREATE INDEX key_pairs_by_retirement ON key_pairs (retiring_until) WHERE state = 'retiring';

-- Access key ids are never given out twice, nor imported after somebody else's.
CREATE TABLE spent_access_key_ids (
    access_key_id  TEXT NOT NULL PRIMARY KEY,
    tenant_id      TEXT NOT NULL,
    key_id         TEXT NOT NULL,
    spent_at       INTEGER NOT NULL
) STRICT;

-- A link that shows a secret to somebody else, once. The copy it holds is wiped when it is opened or too old.
CREATE TABLE claims (
    id             TEXT NOT NULL PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (id),
    key_id         TEXT NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    access_key_id  TEXT NOT NULL UNIQUE,
    hash           BLOB NOT NULL UNIQUE,
    sealed_by      INTEGER,
    sealed         BLOB,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    opened_at      INTEGER
) STRICT;
CREATE INDEX claims_by_tenant ON claims (tenant_id);
CREATE INDEX claims_by_expiry ON claims (expires_at) WHERE sealed IS NOT NULL;
