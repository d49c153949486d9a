DROP INDEX audit_chains_unsigned;
ALTER TABLE audit_chains DROP COLUMN signed;
