-- What the log tells of a request beside how it ended. Versions that do not know this step leave all of it unset.
--
-- No CHECK: it would read every row of the log once. `origin` is `client`, `console`, `test` or `replay`.
ALTER TABLE logs ADD COLUMN origin TEXT NOT NULL DEFAULT 'client';
ALTER TABLE logs ADD COLUMN replay_of TEXT;
ALTER TABLE logs ADD COLUMN provider_type TEXT;
-- The model's name in the provider's answer.
ALTER TABLE logs ADD COLUMN answered_model TEXT;
-- From the request's arrival to the attempt's start.
ALTER TABLE logs ADD COLUMN started_offset_us INTEGER;
-- The association's prices at that time, per million tokens, in `currency`; `price_input` is NULL where it had none.
ALTER TABLE logs ADD COLUMN price_input REAL;
ALTER TABLE logs ADD COLUMN price_output REAL;
ALTER TABLE logs ADD COLUMN price_cache_read REAL;
ALTER TABLE logs ADD COLUMN price_cache_write REAL;
ALTER TABLE logs ADD COLUMN price_cache_write_1h REAL;
-- Whether the recorded bodies are only a beginning.
ALTER TABLE logs ADD COLUMN request_truncated INTEGER NOT NULL DEFAULT 0;
ALTER TABLE logs ADD COLUMN response_truncated INTEGER NOT NULL DEFAULT 0;
-- How the request's providers were chosen, packed by `record::Decision`; of final rows only.
ALTER TABLE logs ADD COLUMN decision TEXT;
-- What translation changed, a JSON array of `record::Translated`.
ALTER TABLE logs ADD COLUMN translation TEXT;
