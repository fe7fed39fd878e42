-- time_out may be absent, and 60 without a time-out for a part of an answer meant that nobody had set it. Not compatible:
-- versions that do not know this step expect a number.
ALTER TABLE models ADD COLUMN new_time_out REAL CHECK (new_time_out > 0);
UPDATE models SET new_time_out = time_out
    WHERE time_out <> 60 OR header_timeout IS NOT NULL OR first_token_timeout IS NOT NULL;
ALTER TABLE models DROP COLUMN time_out;
ALTER TABLE models RENAME COLUMN new_time_out TO time_out;
