-- A time that was reached. What had expired by then stays expired, however far back a machine's clock is set. `resets` counts how often
-- an operator has set it back; whoever has not heard of the last time leaves the row alone.
CREATE TABLE clock (
    id          BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    reached_at  BIGINT NOT NULL,
    resets      BIGINT NOT NULL
);
