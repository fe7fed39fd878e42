-- What operators note, where a provider's own console is, whether a provider or model takes part, and the end of a key, to
-- recognise it by. Versions that do not know this step let every provider and model take part.
ALTER TABLE providers ADD COLUMN console_url TEXT;
ALTER TABLE providers ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE providers ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1));
ALTER TABLE models ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1));
ALTER TABLE associations ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE keys ADD COLUMN note TEXT NOT NULL DEFAULT '';
-- NULL for a short key, and for one that was made before this step.
ALTER TABLE keys ADD COLUMN suffix TEXT;
