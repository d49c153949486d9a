-- Guardrails of a partner, for everybody below it; null or false limits nothing. Lists are names with spaces between.
-- `stopped_at` is an emergency stop, beside the suspension; `stopped_by` the path of the partner who did it, null for the
-- operator.
ALTER TABLE partners ADD COLUMN max_ttl_seconds BIGINT;
ALTER TABLE partners ADD COLUMN require_expiry BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE partners ADD COLUMN require_bucket_scope BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE partners ADD COLUMN allowed_regions TEXT COLLATE "C";
ALTER TABLE partners ADD COLUMN allowed_key_models TEXT COLLATE "C";
ALTER TABLE partners ADD COLUMN max_keys_per_tenant BIGINT;
ALTER TABLE partners ADD COLUMN partners_may_not_see_secrets BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE partners ADD COLUMN stopped_at BIGINT;
ALTER TABLE partners ADD COLUMN stopped_by TEXT COLLATE "C";
ALTER TABLE partners ADD COLUMN stop_reason TEXT COLLATE "C";
