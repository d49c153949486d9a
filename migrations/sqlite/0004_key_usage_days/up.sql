-- How often each pair was used on each day. `day` counts the days since 1970, in UTC.
CREATE TABLE key_usage_days (
    access_key_id  TEXT NOT NULL REFERENCES key_usage (access_key_id) ON DELETE CASCADE,
    day            INTEGER NOT NULL,
    uses           INTEGER NOT NULL,
    PRIMARY KEY (access_key_id, day)
) STRICT;
CREATE INDEX key_usage_days_by_day ON key_usage_days (day);
