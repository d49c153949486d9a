-- The hash at the end of a chain when a checkpoint last spoke of it. Chains that have moved since are found by the index, however many
-- have not.
ALTER TABLE audit_chains ADD COLUMN signed BYTEA NOT NULL DEFAULT '';
UPDATE audit_chains SET signed = hash WHERE EXISTS (
    SELECT 1 FROM audit_checkpoint_heads AS heads
    WHERE heads.chain = audit_chains.name AND heads.sequence = audit_chains.sequence AND heads.hash = audit_chains.hash
);
CREATE INDEX audit_chains_unsigned ON audit_chains (name) WHERE signed <> hash;
