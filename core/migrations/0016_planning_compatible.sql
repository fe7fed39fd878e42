-- What decides who answers. Versions that do not know this step translate and ask as if none of it were set: they let an
-- association that only relays be translated, know no context windows, no strict mode, and only a provider's first address.
ALTER TABLE models ADD COLUMN prefer_same_dialect INTEGER NOT NULL DEFAULT 1 CHECK (prefer_same_dialect IN (0, 1));
ALTER TABLE models ADD COLUMN strict INTEGER NOT NULL DEFAULT 0 CHECK (strict IN (0, 1));
ALTER TABLE keys ADD COLUMN strict INTEGER NOT NULL DEFAULT 0 CHECK (strict IN (0, 1));
ALTER TABLE associations ADD COLUMN relay_only INTEGER NOT NULL DEFAULT 0 CHECK (relay_only IN (0, 1));
-- In tokens. NULL where it is not known.
ALTER TABLE associations ADD COLUMN context_window INTEGER CHECK (context_window > 0);
-- The provider's further addresses, each with its type, as JSON. NULL for none.
ALTER TABLE providers ADD COLUMN also TEXT;
