DROP TABLE freezes;
ALTER TABLE nodes DROP COLUMN master_keys;
DROP INDEX idempotent_requests_by_master_key;
DROP INDEX tenant_keys_by_master_key;
ALTER TABLE idempotent_requests DROP CONSTRAINT idempotent_requests_sealed_by_fkey;
ALTER TABLE tenant_keys DROP CONSTRAINT tenant_keys_sealed_by_fkey;
ALTER TABLE service_keys DROP CONSTRAINT service_keys_sealed_by_fkey;
DROP TABLE master_keys;
