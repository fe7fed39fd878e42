-- Tiers: the associations of the highest priority that has one awake are asked. Versions that do not know this step leave
-- it at its default.
ALTER TABLE associations ADD COLUMN priority INTEGER NOT NULL DEFAULT 0 CHECK (priority BETWEEN -1000 AND 1000);
