-- The request log, its hourly rollups, and the history of clean-ups.
-- Times are microseconds since the Unix epoch, UTC; `hour` is the second at which an hour began.

-- One row for each attempt; columns are those of `record::LogEntry`.
--
-- The id starts with the millisecond in which the request arrived, so the primary key serves time ranges, pages from
-- the newest to the oldest, deletion of the oldest, and (because a trace id starts with the same millisecond) traces.
-- Every further index costs each request a write, and a filter without one only costs an operator a scan, so there
-- are few: for what would scan the whole table in everyday use.
CREATE TABLE logs (
    id                    TEXT    NOT NULL PRIMARY KEY,
    trace_id              TEXT    NOT NULL,
    created_at            INTEGER NOT NULL,
    attempt               INTEGER NOT NULL,
    is_final              INTEGER NOT NULL,
    dialect               TEXT    NOT NULL,
    operation             TEXT    NOT NULL,
    stream                INTEGER NOT NULL,
    model                 TEXT    NOT NULL,
    provider              TEXT,
    provider_model        TEXT,
    association_id        TEXT,
    key_id                TEXT,
    key_name              TEXT,
    status                INTEGER NOT NULL,
    outcome               TEXT    NOT NULL,
    error                 TEXT,
    remote_addr           TEXT,
    user_agent            TEXT,
    session_id            TEXT,
    finish_reason         TEXT,
    proxy_us              INTEGER,
    first_token_us        INTEGER,
    total_us              INTEGER NOT NULL,
    request_bytes         INTEGER NOT NULL,
    response_bytes        INTEGER NOT NULL,
    input_tokens          INTEGER,
    cache_read_tokens     INTEGER,
    cache_write_5m_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    output_tokens         INTEGER,
    reasoning_tokens      INTEGER,
    cost                  REAL,
    currency              TEXT,
    has_bodies            INTEGER NOT NULL
) STRICT;

CREATE INDEX logs_by_model ON logs (model, id);
-- The strip of the newest attempts, for each association on a page at once; an association in reserve has no recent
-- rows at all. Its order is that of insertion, which every index has for free.
CREATE INDEX logs_by_association ON logs (association_id) WHERE association_id IS NOT NULL;
CREATE INDEX logs_by_session ON logs (session_id, id) WHERE session_id IS NOT NULL;
CREATE INDEX logs_of_failures ON logs (id) WHERE outcome <> 'success';

-- `side` is `request` or `response`. Two rows, because D1 limits a row to 2 MB.
CREATE TABLE log_bodies (
    log_id TEXT NOT NULL REFERENCES logs (id) ON DELETE CASCADE,
    side   TEXT NOT NULL,
    body   TEXT NOT NULL,
    PRIMARY KEY (log_id, side)
) STRICT;

-- What rollups are counted by. The id is a hash of the other columns but `key_name`, made by the writer, so that the
-- tables below stay small. Absent values are ''.
CREATE TABLE rollup_dimensions (
    id             INTEGER NOT NULL PRIMARY KEY,
    model          TEXT    NOT NULL,
    provider       TEXT    NOT NULL,
    provider_model TEXT    NOT NULL,
    key_id         TEXT    NOT NULL,
    key_name       TEXT    NOT NULL,
    dialect        TEXT    NOT NULL
) STRICT;

-- `requests` and the outcomes count requests, by their last attempt; `attempts`, tokens and costs count every attempt.
-- `currency` is '' for what had no price. Durations are sums, each beside the number of its summands.
CREATE TABLE rollups (
    hour                  INTEGER NOT NULL,
    dimension_id          INTEGER NOT NULL,
    currency              TEXT    NOT NULL,
    requests              INTEGER NOT NULL,
    successes             INTEGER NOT NULL,
    client_errors         INTEGER NOT NULL,
    provider_errors       INTEGER NOT NULL,
    rate_limited          INTEGER NOT NULL,
    timeouts              INTEGER NOT NULL,
    connect_errors        INTEGER NOT NULL,
    cancelled             INTEGER NOT NULL,
    gateway_errors        INTEGER NOT NULL,
    attempts              INTEGER NOT NULL,
    failed_attempts       INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    reasoning_tokens      INTEGER NOT NULL,
    cost                  REAL    NOT NULL,
    request_bytes         INTEGER NOT NULL,
    response_bytes        INTEGER NOT NULL,
    first_token_us        INTEGER NOT NULL,
    first_token_count     INTEGER NOT NULL,
    total_us              INTEGER NOT NULL,
    total_count           INTEGER NOT NULL,
    generation_us         INTEGER NOT NULL,
    generation_tokens     INTEGER NOT NULL,
    PRIMARY KEY (hour, dimension_id, currency)
) STRICT, WITHOUT ROWID;

-- Histograms: how many latencies of `metric` (`first_token` or `total`) fell into a bucket of `record::latency`.
CREATE TABLE rollup_latencies (
    hour         INTEGER NOT NULL,
    dimension_id INTEGER NOT NULL,
    metric       TEXT    NOT NULL,
    bucket       INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (hour, dimension_id, metric, bucket)
) STRICT, WITHOUT ROWID;

-- The number of the last entry that each writer (a process or isolate) has written. A batch whose answer was lost is sent
-- again, and this row tells whether it is in already.
CREATE TABLE record_writers (
    id         TEXT    NOT NULL PRIMARY KEY,
    last_entry INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `kind` is `scheduled` or `manual`; `criterion` is `older_than_days`, `keep_newest` or `keep_all`, with its number.
-- `duration_us` is NULL while it runs, and for ever when it was interrupted.
CREATE TABLE cleanups (
    id          INTEGER NOT NULL PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    criterion   TEXT    NOT NULL,
    value       INTEGER NOT NULL,
    deleted     INTEGER NOT NULL,
    duration_us INTEGER,
    error       TEXT
) STRICT;
