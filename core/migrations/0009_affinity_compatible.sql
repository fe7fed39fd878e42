-- Whether a conversation keeps its provider. Versions that do not know this step leave it at its default.
ALTER TABLE models ADD COLUMN affinity INTEGER NOT NULL DEFAULT 1 CHECK (affinity IN (0, 1));
