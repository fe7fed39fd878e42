-- The margins of folded hours and days: their sums by one thing (`axis`), packed as others are. Of an hour in pieces of 60 and of 5
-- `minutes`; of a day its blocks without `part` in pieces of 1440 and 480, once more. With rowids, since a search in a table that is
-- ordered by a key of several columns reads whole rows, blobs and all, wherever it compares.
CREATE TABLE rollup_margins (
    axis    TEXT    NOT NULL,
    minutes INTEGER NOT NULL,
    start   INTEGER NOT NULL,
    chunk   INTEGER NOT NULL,
    sums    BLOB    NOT NULL,
    PRIMARY KEY (axis, minutes, start, chunk)
) STRICT;

-- Those of an hour count while `rollup_hours` has a row of that `start` whose `chunk` is -1, which holds no sums; those of a day
-- where `margins` is 1. A version before this step that folds again leaves neither; then they are made again in the background.
ALTER TABLE rollup_days ADD COLUMN margins INTEGER NOT NULL DEFAULT 0;
