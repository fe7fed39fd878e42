-- Databases of the original LLMIO that were taken over, and how far their history is here. It comes from the newest row to the
-- oldest: rows from `position` to `top` are here, those up to `floor` were before, `done` says how many were written. `shift`
-- moves the original's numbers of log entries to ours. Versions that do not know this step leave a history where it is.
CREATE TABLE imports (
    id               TEXT    NOT NULL PRIMARY KEY,
    -- Where the original's file is, as it was given.
    source           TEXT    NOT NULL,
    started_at       INTEGER NOT NULL,
    entries_top      INTEGER NOT NULL,
    entries_position INTEGER NOT NULL,
    entries_floor    INTEGER NOT NULL,
    entries_done     INTEGER NOT NULL,
    bodies_top       INTEGER NOT NULL,
    bodies_position  INTEGER NOT NULL,
    bodies_floor     INTEGER NOT NULL,
    bodies_done      INTEGER NOT NULL,
    shift            INTEGER NOT NULL,
    -- NULL until all of it is here.
    finished_at      INTEGER
) STRICT, WITHOUT ROWID;
