DROP TABLE changes;
CREATE TABLE changes (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_subject ON changes (subject, id);
DROP TABLE feed;
DROP TABLE gateway_leases;
DROP TABLE nodes;
DELETE FROM api_tokens WHERE gateway_id IS NOT NULL;
DROP INDEX api_tokens_by_gateway;
ALTER TABLE api_tokens DROP COLUMN gateway_id;
DROP TABLE gateways;
