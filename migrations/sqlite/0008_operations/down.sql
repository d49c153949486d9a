DROP TABLE freezes;
ALTER TABLE nodes DROP COLUMN master_keys;

CREATE TABLE old_idempotent_requests (
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
INSERT INTO old_idempotent_requests
SELECT caller, key_hash, fingerprint, object_id, object_version, sealed_by, sealed, at FROM idempotent_requests;
DROP TABLE idempotent_requests;
ALTER TABLE old_idempotent_requests RENAME TO idempotent_requests;
CREATE INDEX idempotent_requests_by_time ON idempotent_requests (at);

CREATE TABLE old_tenant_keys (
    tenant_id   TEXT NOT NULL REFERENCES tenants (id),
    version     INTEGER NOT NULL,
    sealed_by   TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, version)
) STRICT;
INSERT INTO old_tenant_keys SELECT tenant_id, version, sealed_by, sealed, created_at FROM tenant_keys;
DROP TABLE tenant_keys;
ALTER TABLE old_tenant_keys RENAME TO tenant_keys;

CREATE TABLE old_service_keys (
    name        TEXT NOT NULL PRIMARY KEY,
    sealed_by   TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
INSERT INTO old_service_keys SELECT name, sealed_by, sealed, created_at FROM service_keys;
DROP TABLE service_keys;
ALTER TABLE old_service_keys RENAME TO service_keys;

DROP TABLE master_keys;
