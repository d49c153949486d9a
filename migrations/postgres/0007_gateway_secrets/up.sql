-- Whether the tenant lets gateways of the region be given its secrets.
ALTER TABLE tenant_regions ADD COLUMN gateway_secrets BOOLEAN NOT NULL DEFAULT TRUE;
