DROP TABLE held_back;
ALTER TABLE feed DROP COLUMN quarantined;
ALTER TABLE feed DROP COLUMN restored_at;
ALTER TABLE feed DROP COLUMN restored_to;
ALTER TABLE feed DROP COLUMN begins;
DROP TABLE compatibility;
