-- Which types of providers and which strategies there are is for the code to say: with a CHECK, each new one would need a
-- new table. SQLite drops a CHECK only with its column, and dropping a table would take along, by its foreign keys, the
-- rows of others; so each column is replaced. NOT NULL needs a default here, which nobody relies on.
ALTER TABLE providers ADD COLUMN new_type TEXT NOT NULL DEFAULT '';
UPDATE providers SET new_type = type;
ALTER TABLE providers DROP COLUMN type;
ALTER TABLE providers RENAME COLUMN new_type TO type;

ALTER TABLE models ADD COLUMN new_strategy TEXT NOT NULL DEFAULT '';
UPDATE models SET new_strategy = strategy;
ALTER TABLE models DROP COLUMN strategy;
ALTER TABLE models RENAME COLUMN new_strategy TO strategy;
