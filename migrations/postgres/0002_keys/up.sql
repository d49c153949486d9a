-- Keys, the storage instances they live in, and the buckets their scopes may name.

CREATE TABLE instances (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id    TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    region       TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    name         TEXT COLLATE "C" NOT NULL,
    description  TEXT COLLATE "C",
    named_by     TEXT COLLATE "C" NOT NULL CHECK (named_by IN ('tenant', 'instance')),
    created_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL,
    -- So that what belongs to an instance cannot be stored with another tenant.
    UNIQUE (tenant_id, id)
);
CREATE INDEX instances_by_region ON instances (tenant_id, region, id);

CREATE TABLE buckets (
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    name        TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

-- `access_key_id` and `rotated_at` repeat what the current pair says, because lists are filtered by them.
CREATE TABLE keys (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id        TEXT COLLATE "C" NOT NULL,
    instance_id      TEXT COLLATE "C" NOT NULL,
    region           TEXT COLLATE "C" NOT NULL,
    label            TEXT COLLATE "C",
    description      TEXT COLLATE "C",
    all_buckets      BOOLEAN NOT NULL,
    prefixes         TEXT COLLATE "C" NOT NULL,
    permissions      TEXT COLLATE "C" NOT NULL,
    networks         TEXT COLLATE "C" NOT NULL,
    state            TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'disabled', 'revoked')),
    state_since      BIGINT,
    expires_at       BIGINT,
    access_key_id    TEXT COLLATE "C" NOT NULL UNIQUE,
    rotated_at       BIGINT NOT NULL,
    created_at       BIGINT NOT NULL,
    created_by_kind  TEXT COLLATE "C" NOT NULL,
    created_by_id    TEXT COLLATE "C" NOT NULL,
    version          BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, instance_id) REFERENCES instances (tenant_id, id)
);
CREATE INDEX keys_by_tenant ON keys (tenant_id, id);
CREATE INDEX keys_by_instance ON keys (instance_id, id);
CREATE INDEX keys_by_region ON keys (tenant_id, region, id);
CREATE INDEX keys_by_label ON keys (tenant_id, label, id);
CREATE INDEX keys_by_state ON keys (tenant_id, state, id);
CREATE INDEX keys_by_expiry ON keys (tenant_id, expires_at, id);
CREATE INDEX keys_by_rotation ON keys (tenant_id, rotated_at, id);

CREATE TABLE key_buckets (
    key_id     TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    tenant_id  TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (key_id, name)
);
CREATE INDEX key_buckets_by_name ON key_buckets (tenant_id, name, key_id);

-- Every pair a key has had. The secret of one that has ended is wiped.
CREATE TABLE key_pairs (
    access_key_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key_id             TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    tenant_id          TEXT COLLATE "C" NOT NULL,
    version            BIGINT NOT NULL,
    since              BIGINT NOT NULL,
    state              TEXT COLLATE "C" NOT NULL CHECK (state IN ('current', 'retiring', 'ended')),
    retiring_since     BIGINT,
    retiring_until     BIGINT,
    quiet_for_seconds  BIGINT,
    ended_at           BIGINT,
    sealed_by          BIGINT,
    sealed             BYTEA,
    made_by            TEXT COLLATE "C" NOT NULL,
    UNIQUE (key_id, version)
);
CREATE UNIQUE INDEX key_pairs_current ON key_pairs (key_id) WHERE state = 'current';
CREATE INDEX key_pairs_by_retirement ON key_pairs (retiring_until) WHERE state = 'retiring';

-- Access key ids are never given out twice, nor imported after somebody else's.
CREATE TABLE spent_access_key_ids (
    access_key_id  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id      TEXT COLLATE "C" NOT NULL,
    key_id         TEXT COLLATE "C" NOT NULL,
    spent_at       BIGINT NOT NULL
);

-- A link that shows a secret to somebody else, once. The copy it holds is wiped when it is opened or too old.
CREATE TABLE claims (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id      TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    key_id         TEXT COLLATE "C" NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    access_key_id  TEXT COLLATE "C" NOT NULL UNIQUE,
    hash           BYTEA NOT NULL UNIQUE,
    sealed_by      BIGINT,
    sealed         BYTEA,
    created_at     BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    opened_at      BIGINT
);
CREATE INDEX claims_by_tenant ON claims (tenant_id);
CREATE INDEX claims_by_expiry ON claims (expires_at) WHERE sealed IS NOT NULL;
