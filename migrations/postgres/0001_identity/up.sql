-- Identity: who there is, what they may use, what they did. Times are microseconds since 1970 in UTC.
-- Every text sorts by its bytes (COLLATE "C"), as in SQLite, so that pages and ranges are the same on both.

CREATE TABLE service_keys (
    name        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sealed_by   TEXT COLLATE "C" NOT NULL,
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE key_models (
    name                      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title                     TEXT COLLATE "C" NOT NULL,
    built_in                  BOOLEAN NOT NULL,
    many_instances            BOOLEAN NOT NULL,
    max_keys                  BIGINT,
    initial_key               BOOLEAN NOT NULL,
    label_required            BOOLEAN NOT NULL,
    description_required      BOOLEAN NOT NULL,
    bucket_scopes             BOOLEAN NOT NULL,
    on_revoke                 TEXT COLLATE "C" NOT NULL CHECK (on_revoke IN ('keeps_history', 'off')),
    on_delete                 TEXT COLLATE "C" NOT NULL CHECK (on_delete IN ('allowed', 'after_revoke', 'forbidden')),
    reset                     BOOLEAN NOT NULL,
    rotate_max_grace_seconds  BIGINT,
    max_ttl_seconds           BIGINT,
    rotate_after_days         BIGINT,
    id_prefix                 TEXT COLLATE "C" NOT NULL,
    id_length                 BIGINT NOT NULL,
    secret_length             BIGINT NOT NULL,
    created_at                BIGINT NOT NULL,
    version                   BIGINT NOT NULL
);

CREATE TABLE regions (
    code         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    s3_endpoint  TEXT COLLATE "C" NOT NULL,
    key_model    TEXT COLLATE "C" NOT NULL REFERENCES key_models (name),
    created_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL
);

-- `path` is the ids from the root down to the partner, each followed by a slash: a subtree is one range of its index.
CREATE TABLE partners (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    path          TEXT COLLATE "C" NOT NULL UNIQUE,
    parent_id     TEXT COLLATE "C" REFERENCES partners (id),
    name          TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    suspended_at  BIGINT,
    version       BIGINT NOT NULL
);
CREATE INDEX partners_by_parent ON partners (parent_id, id);

CREATE TABLE tenants (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL,
    partner_id    TEXT COLLATE "C" REFERENCES partners (id),
    partner_path  TEXT COLLATE "C",
    external_ref  TEXT COLLATE "C",
    created_at    BIGINT NOT NULL,
    suspended_at  BIGINT,
    delete_at     BIGINT,
    version       BIGINT NOT NULL,
    CHECK ((partner_id IS NULL) = (partner_path IS NULL))
);
CREATE INDEX tenants_by_partner ON tenants (partner_path, id);
CREATE INDEX tenants_by_external_ref ON tenants (external_ref, id);
CREATE INDEX tenants_by_deletion ON tenants (delete_at) WHERE delete_at IS NOT NULL;

-- The data key that seals a tenant's secrets; dropping it makes them unreadable in every backup.
CREATE TABLE tenant_keys (
    tenant_id   TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    version     BIGINT NOT NULL,
    sealed_by   TEXT COLLATE "C" NOT NULL,
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE tenant_regions (
    tenant_id  TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    region     TEXT COLLATE "C" NOT NULL REFERENCES regions (code),
    available  BOOLEAN NOT NULL,
    key_model  TEXT COLLATE "C" REFERENCES key_models (name),
    version    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, region)
);
CREATE INDEX tenant_regions_by_region ON tenant_regions (region);

CREATE TABLE users (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id      TEXT COLLATE "C" NOT NULL REFERENCES tenants (id),
    email          TEXT COLLATE "C" NOT NULL,
    name           TEXT COLLATE "C" NOT NULL,
    role           TEXT COLLATE "C" NOT NULL CHECK (role IN ('admin', 'member+', 'member')),
    password_hash  TEXT COLLATE "C",
    created_at     BIGINT NOT NULL,
    joined_at      BIGINT,
    suspended_at   BIGINT,
    version        BIGINT NOT NULL,
    UNIQUE (tenant_id, email),
    -- So that what belongs to a user cannot be stored with another tenant.
    UNIQUE (tenant_id, id)
);
CREATE INDEX users_by_email ON users (email);

CREATE TABLE invitations (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id   TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C" NOT NULL,
    hash        BYTEA NOT NULL UNIQUE,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX invitations_by_user ON invitations (tenant_id, user_id);

CREATE TABLE sessions (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant_id   TEXT COLLATE "C" NOT NULL,
    user_id     TEXT COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    ended_at    BIGINT,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One row for every refresh token ever given out in a session: a used one that comes back is a stolen one.
CREATE TABLE refresh_tokens (
    hash        BYTEA NOT NULL PRIMARY KEY,
    session_id  TEXT COLLATE "C" NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_tokens (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    partner_path      TEXT COLLATE "C" REFERENCES partners (path),
    tenant_id         TEXT COLLATE "C" REFERENCES tenants (id),
    hash              BYTEA NOT NULL UNIQUE,
    description       TEXT COLLATE "C" NOT NULL,
    scopes            TEXT COLLATE "C" NOT NULL,
    networks          TEXT COLLATE "C" NOT NULL,
    expires_at        BIGINT NOT NULL,
    created_at        BIGINT NOT NULL,
    created_by_kind   TEXT COLLATE "C" NOT NULL,
    created_by_id     TEXT COLLATE "C" NOT NULL,
    -- The person at the beginning: who made it, or made the token that made it.
    vouched_by        TEXT COLLATE "C",
    last_used_at      BIGINT,
    last_used_from    TEXT COLLATE "C",
    version           BIGINT NOT NULL,
    CHECK (partner_path IS NULL OR tenant_id IS NULL)
);
CREATE INDEX api_tokens_by_partner ON api_tokens (partner_path, id);
CREATE INDEX api_tokens_by_tenant ON api_tokens (tenant_id, id);

-- Wrong passwords in a row, per account as it was typed (a keyed hash: unknown accounts count too, and look the same).
CREATE TABLE login_failures (
    account         BYTEA NOT NULL PRIMARY KEY,
    failures        BIGINT NOT NULL,
    last_failed_at  BIGINT NOT NULL
);
CREATE INDEX login_failures_by_time ON login_failures (last_failed_at);

CREATE TABLE setup_links (
    hash        BYTEA NOT NULL PRIMARY KEY,
    expires_at  BIGINT NOT NULL
);

-- A retried request is recognised here. It keeps a reference to what was made, and a one-time secret only sealed.
CREATE TABLE idempotent_requests (
    caller          TEXT COLLATE "C" NOT NULL,
    key_hash        BYTEA NOT NULL,
    fingerprint     BYTEA NOT NULL,
    object_id       TEXT COLLATE "C" NOT NULL,
    object_version  BIGINT NOT NULL,
    sealed_by       TEXT COLLATE "C",
    sealed          BYTEA,
    at              BIGINT NOT NULL,
    PRIMARY KEY (caller, key_hash)
);
CREATE INDEX idempotent_requests_by_time ON idempotent_requests (at);

-- The head of every audit chain. Locking its row puts the writers of one tenant, partner or the platform in a line.
CREATE TABLE audit_chains (
    name      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sequence  BIGINT NOT NULL,
    hash      BYTEA NOT NULL
);

CREATE TABLE audit_events (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    chain         TEXT COLLATE "C" NOT NULL,
    sequence      BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    actor_kind    TEXT COLLATE "C" NOT NULL,
    actor_id      TEXT COLLATE "C" NOT NULL,
    action        TEXT COLLATE "C" NOT NULL,
    target_kind   TEXT COLLATE "C" NOT NULL,
    target_id     TEXT COLLATE "C" NOT NULL,
    tenant_id     TEXT COLLATE "C",
    partner_path  TEXT COLLATE "C",
    request_id    TEXT COLLATE "C" NOT NULL,
    address       TEXT COLLATE "C",
    details       TEXT COLLATE "C" NOT NULL,
    hash          BYTEA NOT NULL,
    UNIQUE (chain, sequence)
);
CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);
CREATE INDEX audit_events_by_partner ON audit_events (partner_path, id);

-- What replicas and gateways have to be told. `xid` gives the order in which transactions became visible:
-- everything below the oldest running transaction is complete, which a sequence alone never says.
CREATE TABLE changes (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid      XID8 NOT NULL DEFAULT pg_current_xact_id(),
    kind     TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX changes_by_commit ON changes (xid, id);
CREATE INDEX changes_by_subject ON changes (subject, id);
