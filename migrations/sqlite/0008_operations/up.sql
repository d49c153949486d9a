-- The master keys that something may be sealed by; the keys themselves are elsewhere. One of them seals. A canary is
-- nothing, sealed: what does not open it is not the key.
CREATE TABLE master_keys (
    id           TEXT NOT NULL PRIMARY KEY,
    seals        INTEGER NOT NULL CHECK (seals IN (0, 1)),
    canary       BLOB,
    created_at   INTEGER NOT NULL,
    -- Since when nothing has been sealed by any other.
    alone_since  INTEGER
) STRICT;
CREATE UNIQUE INDEX master_keys_sealing ON master_keys (seals) WHERE seals = 1;

INSERT INTO master_keys (id, seals, created_at)
SELECT sealed_by, sealed_by = (SELECT sealed_by FROM service_keys WHERE name = 'token-pepper'), MIN(at) FROM (
    SELECT sealed_by, created_at AS at FROM service_keys
    UNION ALL SELECT sealed_by, created_at FROM tenant_keys
    UNION ALL SELECT sealed_by, at FROM idempotent_requests WHERE sealed_by IS NOT NULL
) GROUP BY sealed_by;

-- What seals something cannot be removed. SQLite adds no foreign key to a table that is there.
CREATE TABLE new_service_keys (
    name        TEXT NOT NULL PRIMARY KEY,
    sealed_by   TEXT NOT NULL REFERENCES master_keys (id),
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
INSERT INTO new_service_keys SELECT name, sealed_by, sealed, created_at FROM service_keys;
DROP TABLE service_keys;
ALTER TABLE new_service_keys RENAME TO service_keys;

CREATE TABLE new_tenant_keys (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    version     INTEGER NOT NULL,
    sealed_by   TEXT NOT NULL REFERENCES master_keys (id),
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, version)
) STRICT;
INSERT INTO new_tenant_keys SELECT tenant_id, version, sealed_by, sealed, created_at FROM tenant_keys;
DROP TABLE tenant_keys;
ALTER TABLE new_tenant_keys RENAME TO tenant_keys;
CREATE INDEX tenant_keys_by_master_key ON tenant_keys (sealed_by, tenant_id, version);

CREATE TABLE new_idempotent_requests (
    caller          TEXT NOT NULL,
    key_hash        BLOB NOT NULL,
    fingerprint     BLOB NOT NULL,
    object_id       TEXT NOT NULL,
    object_version  INTEGER NOT NULL,
    sealed_by       TEXT REFERENCES master_keys (id),
    sealed          BLOB,
    at              INTEGER NOT NULL,
    PRIMARY KEY (caller, key_hash)
) STRICT;
INSERT INTO new_idempotent_requests
SELECT caller, key_hash, fingerprint, object_id, object_version, sealed_by, sealed, at FROM idempotent_requests;
DROP TABLE idempotent_requests;
ALTER TABLE new_idempotent_requests RENAME TO idempotent_requests;
CREATE INDEX idempotent_requests_by_time ON idempotent_requests (at);
CREATE INDEX idempotent_requests_by_master_key ON idempotent_requests (sealed_by, caller, key_hash)
    WHERE sealed_by IS NOT NULL;

-- Which master keys a process can open, with spaces between.
ALTER TABLE nodes ADD COLUMN master_keys TEXT NOT NULL DEFAULT '';

-- Its one row is there while nothing may be changed. An import leaves the database like this, too.
CREATE TABLE freezes (
    id         INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    since      INTEGER NOT NULL,
    by_import  INTEGER NOT NULL CHECK (by_import IN (0, 1))
) STRICT;
