-- The sums of folded days, in the place of `rollup_blocks`: the same columns, but with rowids, since a search in a table that is
-- ordered by a key of several columns reads whole rows, blobs and all, wherever it compares. So they need no margins beside them.
-- Days whose `form` is 3 are here. `axis` is `total`, `model`, `provider`, `key` or `route` (all but the key), in pieces of 24, 8
-- and 1 `hours`; or, divided by `part`, in pieces of 8 and 1: `key_model`, `key_provider`, `key_dialect` (by a key and that, which
-- is the part), and all that is told apart as `of_key` and `of_association`. Days of older forms are folded again in the background,
-- and what was kept of them is deleted. Versions before this step cannot read them.
CREATE TABLE rollup_sums (
    day   INTEGER NOT NULL,
    axis  TEXT    NOT NULL,
    part  TEXT    NOT NULL,
    hours INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    sums  BLOB    NOT NULL,
    PRIMARY KEY (day, axis, part, hours, chunk)
) STRICT;
