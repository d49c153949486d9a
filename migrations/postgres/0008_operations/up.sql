-- The master keys that something may be sealed by; the keys themselves are elsewhere. One of them seals. A canary is
-- nothing, sealed: what does not open it is not the key.
CREATE TABLE master_keys (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seals        BOOLEAN NOT NULL,
    canary       BYTEA,
    created_at   BIGINT NOT NULL,
    -- Since when nothing has been sealed by any other.
    alone_since  BIGINT
);
CREATE UNIQUE INDEX master_keys_sealing ON master_keys (seals) WHERE seals;

INSERT INTO master_keys (id, seals, created_at)
SELECT sealed_by, sealed_by = (SELECT sealed_by FROM service_keys WHERE name = 'token-pepper'), MIN(at) FROM (
    SELECT sealed_by, created_at AS at FROM service_keys
    UNION ALL SELECT sealed_by, created_at FROM tenant_keys
    UNION ALL SELECT sealed_by, at FROM idempotent_requests WHERE sealed_by IS NOT NULL
) AS values_sealed GROUP BY sealed_by;

-- What seals something cannot be removed.
ALTER TABLE service_keys ADD FOREIGN KEY (sealed_by) REFERENCES master_keys (id);
ALTER TABLE tenant_keys ADD FOREIGN KEY (sealed_by) REFERENCES master_keys (id);
ALTER TABLE idempotent_requests ADD FOREIGN KEY (sealed_by) REFERENCES master_keys (id);
CREATE INDEX tenant_keys_by_master_key ON tenant_keys (sealed_by, tenant_id, version);
CREATE INDEX idempotent_requests_by_master_key ON idempotent_requests (sealed_by, caller, key_hash)
    WHERE sealed_by IS NOT NULL;

-- Which master keys a process can open, with spaces between.
ALTER TABLE nodes ADD COLUMN master_keys TEXT COLLATE "C" NOT NULL DEFAULT '';

-- Its one row is there while nothing may be changed. An import leaves the database like this, too.
CREATE TABLE freezes (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    since      BIGINT NOT NULL,
    by_import  BOOLEAN NOT NULL
);
