-- Which binaries can work with this schema: those that know this migration, or a newer one. A migration that only adds
-- leaves it alone; one that takes something away, or gives it another meaning, puts its own number here.
CREATE TABLE compatibility (
    id     BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    needs  TEXT COLLATE "C" NOT NULL
);
INSERT INTO compatibility (id, needs) VALUES (1, '0009');
