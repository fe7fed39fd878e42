-- Until when associations are not asked, for each of the provider's own model names: one that is asked under many names
-- (`*`) may be told to wait for one of them. '' is the whole association. Times as in association_rests, which versions
-- that do not know this table still read and write; reset_at is when somebody lifted all rests of the association.
CREATE TABLE rests (
    association_id TEXT    NOT NULL REFERENCES associations (id) ON DELETE CASCADE,
    provider_model TEXT    NOT NULL,
    open_until     INTEGER NOT NULL,
    cooldown_until INTEGER NOT NULL,
    reset_at       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (association_id, provider_model)
) STRICT, WITHOUT ROWID;
