-- Until when associations are not asked, as one instance tells the others: microseconds since the Unix epoch, 0 for
-- never. A row that lies in the past says nothing.
CREATE TABLE association_rests (
    association_id TEXT    NOT NULL PRIMARY KEY REFERENCES associations (id) ON DELETE CASCADE,
    open_until     INTEGER NOT NULL,
    cooldown_until INTEGER NOT NULL
) STRICT;
