-- Guardrails of a partner, for everybody below it; null or false limits nothing. Lists are names with spaces between.
-- `stopped_at` is an emergency stop, beside the suspension; `stopped_by` the path of the partner who did it, null for the
-- operator.
ALTER TABLE partners ADD COLUMN max_ttl_seconds INTEGER;
ALTER TABLE partners ADD COLUMN require_expiry INTEGER NOT NULL DEFAULT 0 CHECK (require_expiry IN (0, 1));
ALTER TABLE partners ADD COLUMN require_bucket_scope INTEGER NOT NULL DEFAULT 0 CHECK (require_bucket_scope IN (0, 1));
ALTER TABLE partners ADD COLUMN allowed_regions TEXT;
ALTER TABLE partners ADD COLUMN allowed_key_models TEXT;
ALTER TABLE partners ADD COLUMN max_keys_per_tenant INTEGER;
ALTER TABLE partners ADD COLUMN partners_may_not_see_secrets INTEGER NOT NULL DEFAULT 0 CHECK (partners_may_not_see_secrets IN (0, 1));
ALTER TABLE partners ADD COLUMN stopped_at INTEGER;
ALTER TABLE partners ADD COLUMN stopped_by TEXT;
ALTER TABLE partners ADD COLUMN stop_reason TEXT;
