-- What was said of the audit under a signature. The copy that counts is kept elsewhere; this one is for whoever asks.
CREATE TABLE audit_checkpoints (
    number     BIGINT NOT NULL PRIMARY KEY,
    at         BIGINT NOT NULL,
    key        BYTEA NOT NULL,
    previous   BYTEA NOT NULL,
    signature  BYTEA NOT NULL
);

-- Where the chains ended that had moved since the checkpoint before.
CREATE TABLE audit_checkpoint_heads (
    checkpoint  BIGINT NOT NULL REFERENCES audit_checkpoints (number),
    chain       TEXT COLLATE "C" NOT NULL,
    sequence    BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    PRIMARY KEY (checkpoint, chain)
);
CREATE INDEX audit_checkpoint_heads_by_chain ON audit_checkpoint_heads (chain, sequence);
