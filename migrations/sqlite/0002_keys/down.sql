DROP TABLE claims;
DROP TABLE spent_access_key_ids;
DROP TABLE key_pairs;
DROP TABLE key_buckets;
DROP TABLE keys;
DROP TABLE buckets;
DROP TABLE instances;
