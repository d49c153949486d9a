DROP TABLE changes;
CREATE TABLE changes (
    id       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid      XID8 NOT NULL DEFAULT pg_current_xact_id(),
    kind     TEXT COLLATE "C" NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX changes_by_commit ON changes (xid, id);
CREATE INDEX changes_by_subject ON changes (subject, id);
DROP TABLE feed;
DROP TABLE gateway_leases;
DROP TABLE nodes;
DELETE FROM api_tokens WHERE gateway_id IS NOT NULL;
DROP INDEX api_tokens_by_gateway;
ALTER TABLE api_tokens DROP COLUMN gateway_id;
DROP TABLE gateways;
