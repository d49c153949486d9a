-- Whether the tenant lets gateways of the region be given its secrets.
ALTER TABLE tenant_regions ADD COLUMN gateway_secrets INTEGER NOT NULL DEFAULT 1 CHECK (gateway_secrets IN (0, 1));
