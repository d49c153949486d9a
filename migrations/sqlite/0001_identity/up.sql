-- Identity: who there is, what they may use, what they did. Times are microseconds since 1970 in UTC.
-- Every text sorts by its bytes, as in PostgreSQL under COLLATE "C", so that pages and ranges are the same on both.

CREATE TABLE service_keys (
    name        TEXT NOT NULL PRIMARY KEY,
    sealed_by   TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE key_models (
    name                      TEXT NOT NULL PRIMARY KEY,
    title                     TEXT NOT NULL,
    built_in                  INTEGER NOT NULL CHECK (built_in IN (0, 1)),
    many_instances            INTEGER NOT NULL CHECK (many_instances IN (0, 1)),
    max_keys                  INTEGER,
    initial_key               INTEGER NOT NULL CHECK (initial_key IN (0, 1)),
    label_required            INTEGER NOT NULL CHECK (label_required IN (0, 1)),
    description_required      INTEGER NOT NULL CHECK (description_required IN (0, 1)),
    bucket_scopes             INTEGER NOT NULL CHECK (bucket_scopes IN (0, 1)),
    on_revoke                 TEXT NOT NULL CHECK (on_revoke IN ('keeps_history', 'off')),
    on_delete                 TEXT NOT NULL CHECK (on_delete IN ('allowed', 'after_revoke', 'forbidden')),
    reset                     INTEGER NOT NULL CHECK (reset IN (0, 1)),
    rotate_max_grace_seconds  INTEGER,
    max_ttl_seconds           INTEGER,
    rotate_after_days         INTEGER,
    id_prefix                 TEXT NOT NULL,
    id_length                 INTEGER NOT NULL,
    secret_length             INTEGER NOT NULL,
    created_at                INTEGER NOT NULL,
    version                   INTEGER NOT NULL
) STRICT;

CREATE TABLE regions (
    code         TEXT NOT NULL PRIMARY KEY,
    name         TEXT NOT NULL,
    s3_endpoint  TEXT NOT NULL,
    key_model    TEXT NOT NULL REFERENCES key_models (name),
    created_at   INTEGER NOT NULL,
    version      INTEGER NOT NULL
) STRICT;

-- `path` is the ids from the root down to the partner, each followed by a slash: a subtree is one range of its index.
CREATE TABLE partners (
    id            TEXT NOT NULL PRIMARY KEY,
    path          TEXT NOT NULL UNIQUE,
    parent_id     TEXT REFERENCES partners (id),
    name          TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    suspended_at  INTEGER,
    version       INTEGER NOT NULL
) STRICT;
CREATE INDEX partners_by_parent ON partners (parent_id, id);

CREATE TABLE tenants (
    id            TEXT NOT NULL PRIMARY KEY,
    name          TEXT NOT NULL,
    partner_id    TEXT REFERENCES partners (id),
    partner_path  TEXT,
    external_ref  TEXT,
    created_at    INTEGER NOT NULL,
    suspended_at  INTEGER,
    delete_at     INTEGER,
    version       INTEGER NOT NULL,
    CHECK ((partner_id IS NULL) = (partner_path IS NULL))
) STRICT;
CREATE INDEX tenants_by_partner ON tenants (partner_path, id);
CREATE INDEX tenants_by_external_ref ON tenants (external_ref, id);
CREATE INDEX tenants_by_deletion ON tenants (delete_at) WHERE delete_at IS NOT NULL;

-- The data key that seals a tenant's secrets; dropping it makes them unreadable in every backup.
CREATE TABLE tenant_keys (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    version     INTEGER NOT NULL,
    sealed_by   TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, version)
) STRICT;

CREATE TABLE tenant_regions (
    tenant_id  TEXT NOT NULL REFERENCES tenants (id),
    region     TEXT NOT NULL REFERENCES regions (code),
    available  INTEGER NOT NULL CHECK (available IN (0, 1)),
    key_model  TEXT REFERENCES key_models (name),
    version    INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, region)
) STRICT;
CREATE INDEX tenant_regions_by_region ON tenant_regions (region);

CREATE TABLE users (
    id             TEXT NOT NULL PRIMARY KEY,
    tenant_id      TEXT NOT NULL REFERENCES tenants (id),
    email          TEXT NOT NULL,
    name           TEXT NOT NULL,
    role           TEXT NOT NULL CHECK (role IN ('admin', 'member+', 'member')),
    password_hash  TEXT,
    created_at     INTEGER NOT NULL,
    joined_at      INTEGER,
    suspended_at   INTEGER,
    version        INTEGER NOT NULL,
    UNIQUE (tenant_id, email),
    -- So that what belongs to a user cannot be stored with another tenant.
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX users_by_email ON users (email);

CREATE TABLE invitations (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    hash        BLOB NOT NULL UNIQUE,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX invitations_by_user ON invitations (tenant_id, user_id);

CREATE TABLE sessions (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL,
    user_id     TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One row for every refresh token ever given out in a session: a used one that comes back is a stolen one.
CREATE TABLE refresh_tokens (
    hash        BLOB NOT NULL PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    expires_at  INTEGER NOT NULL,
    used_at     INTEGER
) STRICT;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE api_tokens (
    id                TEXT NOT NULL PRIMARY KEY,
    partner_path      TEXT REFERENCES partners (path),
    tenant_id         TEXT REFERENCES tenants (id),
    hash              BLOB NOT NULL UNIQUE,
    description       TEXT NOT NULL,
    scopes            TEXT NOT NULL,
    networks          TEXT NOT NULL,
    expires_at        INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    created_by_kind   TEXT NOT NULL,
    created_by_id     TEXT NOT NULL,
    -- The person at the beginning: who made it, or made the token that made it.
    vouched_by        TEXT,
    last_used_at      INTEGER,
    last_used_from    TEXT,
    version           INTEGER NOT NULL,
    CHECK (partner_path IS NULL OR tenant_id IS NULL)
) STRICT;
CREATE INDEX api_tokens_by_partner ON api_tokens (partner_path, id);
CREATE INDEX api_tokens_by_tenant ON api_tokens (tenant_id, id);

-- Wrong passwords in a row, per account as it was typed (a keyed hash: unknown accounts count too, and look the same).
CREATE TABLE login_failures (
    account         BLOB NOT NULL PRIMARY KEY,
    failures        INTEGER NOT NULL,
    last_failed_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX login_failures_by_time ON login_failures (last_failed_at);

CREATE TABLE setup_links (
    hash        BLOB NOT NULL PRIMARY KEY,
    expires_at  INTEGER NOT NULL
) STRICT;

-- A retried request is recognised here. It keeps a reference to what was made, and a one-time secret only sealed.
CREATE TABLE idempotent_requests (
    caller          TEXT NOT NULL,
    key_hash        BLOB NOT NULL,
    fingerprint     BLOB NOT NULL,
    object_id       TEXT NOT NULL,
    object_version  INTEGER NOT NULL,
    sealed_by       TEXT,
    sealed          BLOB,
    at              INTEGER NOT NULL,
    PRIMARY KEY (caller, key_hash)
) STRICT;
CREATE INDEX idempotent_requests_by_time ON idempotent_requests (at);

-- The head of every audit chain. Locking its row puts the writers of one tenant, partner or the platform in a line.
CREATE TABLE audit_chains (
    name      TEXT NOT NULL PRIMARY KEY,
    sequence  INTEGER NOT NULL,
    hash      BLOB NOT NULL
) STRICT;

CREATE TABLE audit_events (
    id            TEXT NOT NULL PRIMARY KEY,
    chain         TEXT NOT NULL,
    sequence      INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    actor_kind    TEXT NOT NULL,
    actor_id      TEXT NOT NULL,
    action        TEXT NOT NULL,
    target_kind   TEXT NOT NULL,
    target_id     TEXT NOT NULL,
    tenant_id     TEXT,
    partner_path  TEXT,
    request_id    TEXT NOT NULL,
    address       TEXT,
    details       TEXT NOT NULL,
    hash          BLOB NOT NULL,
    UNIQUE (chain, sequence)
) STRICT;
CREATE INDEX audit_events_by_tenant ON audit_events (tenant_id, id);
CREATE INDEX audit_events_by_partner ON audit_events (partner_path, id);

-- What replicas and gateways have to be told. There is one writer, so `id` is the order of the commits.
CREATE TABLE changes (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_subject ON changes (subject, id);
