ALTER TABLE tenant_regions DROP COLUMN gateway_secrets;
