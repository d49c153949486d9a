DROP TABLE key_usage_days;
