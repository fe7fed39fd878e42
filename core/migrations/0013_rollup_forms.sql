-- Folded rollups get another layout, and more kinds. `form` tells which blocks a day has: 1 are those of the step that made
-- the table; 2 adds the axes `model` and `provider`, has them, `total`, `route` and `key` in pieces of 24, 8 and 1 `hours`
-- and the others in pieces of 8 and 1, tells dialects apart only in `total`, `route` and the others, and packs sums so that
-- versions before this step cannot read them. Days of form 1 are folded again in the background.
ALTER TABLE rollup_days ADD COLUMN form INTEGER NOT NULL DEFAULT 1;
