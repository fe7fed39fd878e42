-- The configuration: what an operator sets. Everything is read at once and written as one batch that also moves
-- config_version, so that a reader never sees half a change.
--
-- Ids are UUID v7 as text. Times are microseconds since the Unix epoch, UTC. Booleans are 0 or 1. A BLOB named as
-- sealed is opened only by the secret key of the installation.

CREATE TABLE config_version (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL CHECK (version >= 1),
    updated_at INTEGER NOT NULL
) STRICT;

INSERT INTO config_version (id, version, updated_at) VALUES (1, 1, 0);

CREATE TABLE providers (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    type TEXT NOT NULL CHECK (type IN ('openai', 'openai-res', 'anthropic', 'gemini')),
    base_url TEXT NOT NULL CHECK (base_url <> ''),
    -- Sealed; NULL for a provider that asks for none.
    api_key BLOB,
    version TEXT,
    -- Sealed, since a proxy's address may hold a password.
    proxy BLOB,
    -- One sample a line.
    error_matcher TEXT NOT NULL
) STRICT;

CREATE TABLE models (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    position INTEGER NOT NULL,
    strategy TEXT NOT NULL CHECK (strategy IN ('lottery', 'rotor', 'round_robin', 'least_latency')),
    max_retry INTEGER NOT NULL CHECK (max_retry >= 0),
    -- Seconds.
    time_out REAL NOT NULL CHECK (time_out > 0),
    header_timeout REAL CHECK (header_timeout > 0),
    first_token_timeout REAL CHECK (first_token_timeout > 0),
    idle_timeout REAL CHECK (idle_timeout > 0),
    breaker INTEGER NOT NULL CHECK (breaker IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE associations (
    id TEXT PRIMARY KEY NOT NULL,
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    provider_id TEXT NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    provider_model TEXT NOT NULL CHECK (provider_model <> ''),
    weight INTEGER NOT NULL CHECK (weight BETWEEN 1 AND 10000),
    tool_call INTEGER NOT NULL CHECK (tool_call IN (0, 1)),
    structured_output INTEGER NOT NULL CHECK (structured_output IN (0, 1)),
    image INTEGER NOT NULL CHECK (image IN (0, 1)),
    with_header INTEGER NOT NULL CHECK (with_header IN (0, 1)),
    -- Sealed: a JSON array of [name, value]. NULL for none.
    headers BLOB,
    -- A JSON object.
    extra_body TEXT NOT NULL,
    -- A JSON object, or NULL.
    prices TEXT,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT;

CREATE INDEX associations_model ON associations (model_id, position);
CREATE INDEX associations_provider ON associations (provider_id);

CREATE TABLE keys (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE CHECK (name <> ''),
    -- SHA-256; the key itself is not stored.
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    prefix TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- A JSON array of names or patterns; NULL allows all.
    models TEXT,
    expires_at INTEGER,
    log_io INTEGER NOT NULL CHECK (log_io IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;

-- One row a setting, its value as JSON. A setting without a row has its default.
CREATE TABLE settings (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;
