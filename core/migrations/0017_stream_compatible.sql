-- Whether a provider is asked to stream, whatever its client wants: `auto`, `force` or `never`. Versions that do not know this
-- step ask as the client does.
ALTER TABLE associations ADD COLUMN stream TEXT NOT NULL DEFAULT 'auto' CHECK (stream IN ('auto', 'force', 'never'));
