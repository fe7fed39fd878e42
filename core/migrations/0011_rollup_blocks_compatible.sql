-- Rollups on three levels. `rollups` is the finest, which requests write: since this step its `hour` is the second at which
-- five minutes began (older rows: an hour); rows of what was written after its five minutes had been folded and deleted have
-- it negative. `last_at` is the microsecond of the newest request; `latencies` is the histogram that was in rollup_latencies,
-- as `record::rollup` writes it, appended to by each batch. Versions that do not know this step read and write on; they only
-- miss percentiles of what newer ones write.
ALTER TABLE rollup_dimensions ADD COLUMN association_id TEXT NOT NULL DEFAULT '';
ALTER TABLE rollup_dimensions ADD COLUMN origin TEXT NOT NULL DEFAULT 'client';
ALTER TABLE rollups ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollups ADD COLUMN latencies TEXT NOT NULL DEFAULT '';

-- An hour that has ended, folded from the finest level: the sums of each dimension, packed (`record::pack`), in chunks.
CREATE TABLE rollup_hours (
    start INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    sums  BLOB    NOT NULL,
    PRIMARY KEY (start, chunk)
) STRICT, WITHOUT ROWID;

-- The days (the second at which each began, UTC) that are folded. What has no row here is read from the levels below.
CREATE TABLE rollup_days (
    day INTEGER NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- A day's sums, packed. `axis` is what they are by: `total`, `route` (all but the key) or `key`, each in pieces of 24, 6 and
-- 1 `hours`; or `of_key`, `of_model`, `of_provider`, which hold all dimensions of the one named by `part`, by the hour.
CREATE TABLE rollup_blocks (
    day   INTEGER NOT NULL,
    axis  TEXT    NOT NULL,
    part  TEXT    NOT NULL,
    hours INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    sums  BLOB    NOT NULL,
    PRIMARY KEY (day, axis, part, hours, chunk)
) STRICT, WITHOUT ROWID;

-- Of days before `pruned_until` only the folded sums count, and what was written late. `changes` grows with each write to
-- what may be folded already, so that a fold that has read before it is not written. Before `breakdown_since` (a second)
-- nobody counted by association and origin.
CREATE TABLE rollup_state (
    id              INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    pruned_until    INTEGER NOT NULL,
    changes         INTEGER NOT NULL,
    breakdown_since INTEGER NOT NULL
) STRICT;

INSERT INTO rollup_state (id, pruned_until, changes, breakdown_since) VALUES (1, 0, 0, unixepoch());
