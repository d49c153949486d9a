-- Which binaries can work with this schema: those that know this migration, or a newer one. A migration that only adds
-- leaves it alone; one that takes something away, or gives it another meaning, puts its own number here.
CREATE TABLE compatibility (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    needs  TEXT COLLATE "C" NOT NULL
);
INSERT INTO compatibility (id, needs) VALUES (1, '0009');

-- An epoch of the feed begins when the database was put back to an earlier state: its numbers begin at `begins`, above all that
-- were ever given out, and of those before it nothing after `restored_to` is true any more. `quarantined` says why nothing is
-- verified until an operator has decided.
ALTER TABLE feed ADD COLUMN begins BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN restored_to BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feed ADD COLUMN restored_at BIGINT;
ALTER TABLE feed ADD COLUMN quarantined TEXT COLLATE "C";

-- What has changed after the state that was restored, as far as a journal tells: dead until an operator has decided about it.
CREATE TABLE held_back (
    subject     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind        TEXT COLLATE "C" NOT NULL,
    region      TEXT COLLATE "C",
    sequence    BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL,
    decision    TEXT COLLATE "C" CHECK (decision IN ('released', 'confirmed'))
);
