-- What was said of the audit under a signature. The copy that counts is kept elsewhere; this one is for whoever asks.
CREATE TABLE audit_checkpoints (
    number     INTEGER NOT NULL PRIMARY KEY,
    at         INTEGER NOT NULL,
    key        BLOB NOT NULL,
    previous   BLOB NOT NULL,
    signature  BLOB NOT NULL
) STRICT;

-- Where the chains ended that had moved since the checkpoint before.
CREATE TABLE audit_checkpoint_heads (
    checkpoint  INTEGER NOT NULL REFERENCES audit_checkpoints (number),
    chain       TEXT NOT NULL,
    sequence    INTEGER NOT NULL,
    hash        BLOB NOT NULL,
    PRIMARY KEY (checkpoint, chain)
) STRICT;
CREATE INDEX audit_checkpoint_heads_by_chain ON audit_checkpoint_heads (chain, sequence);
