DROP TABLE audit_checkpoint_heads;
DROP TABLE audit_checkpoints;
