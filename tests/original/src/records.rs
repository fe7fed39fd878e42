use crate::{APP_KEY, EXPIRED_KEY, OFF_KEY, SCOPED_KEY, Spec};

/// When records were made: in order, some time ago.
const MADE: &str = "'2025-03-01 08:00:00.123456789+08:00', '2025-03-01 08:00:00.123456789+08:00'";
const LIVE: &str = "NULL";
const DELETED: &str = "'2025-04-01 09:30:00+08:00'";

struct Script(String);

impl Script {
    fn add(&mut self, table: &str, columns: &str, rows: &[(&str, String)]) {
        for (deleted, values) in rows {
            self.0.push_str(&format!(
                "INSERT INTO {table} (created_at, updated_at, deleted_at, {columns}) VALUES ({MADE}, {deleted}, {values});\n"
            ));
        }
    }
}

pub(crate) fn configuration(spec: &Spec) -> String {
    let mut script = Script(String::new());
    providers(&mut script, &spec.upstream);
    models(&mut script);
    associations(&mut script);
    keys(&mut script);
    let counting = format!(r#"'{{"base_url":"{}/v1","api_key":"sk-counting","version":"2023-06-01"}}'"#, spec.upstream);
    let rows = [
        (LIVE, r#"'log_cleanup_policy', '{"enabled":false,"retention_days":30}'"#.to_owned()),
        (LIVE, format!("'anthropic_count_tokens', {counting}")),
        (DELETED, r#"'log_cleanup_policy', '{"enabled":true,"retention_days":1}'"#.to_owned()),
    ];
    script.add("configs", "key, value", &rows);
    let columns = "retention_days, deleted_count, duration_ms, source, type";
    script.add(
        "log_cleanup_records",
        columns,
        &[(LIVE, "30, 1200, 85, 'scheduled', 'days'".to_owned()), (LIVE, "500, 70, 12, 'manual', 'count'".to_owned())],
    );
    script.0
}

fn providers(script: &mut Script, upstream: &str) {
    let config =
        |path: &str, rest: &str| format!(r#"'{{"base_url":"{upstream}{path}","api_key":"sk-upstream"{rest}}}'"#);
    let rows = [
        (
            LIVE,
            format!(
                "'main', 'openai', {}, 'https://console.example/main', '', 'quota exceeded\nbusy; a\\;back later'",
                config("/v1", "")
            ),
        ),
        (LIVE, format!("'claude', 'anthropic', {}, '', '', ''", config("/v1", r#","version":"2023-06-01""#))),
        (LIVE, format!("'gemini', 'gemini', {}, 'console.example', '', NULL", config("/v1beta/", ""))),
        (LIVE, format!("'endpoint', 'openai-res', {}, '', '', ''", config("/v1/responses", ""))),
        (LIVE, r#"'broken', 'openai', '{"base_url": ', '', '', ''"#.to_owned()),
        (LIVE, format!("'proxied', 'openai', {}, '', 'no proxy at all', ''", config("/v1", ""))),
        (LIVE, format!("'main', 'openai', {}, '', '', ''", config("/v1", ""))),
        (LIVE, format!("'', 'openai', {}, 'javascript:alert(1)', '', ''", config("/v1", ""))),
        (
            LIVE,
            r#"'queried', 'openai', '{"base_url":"https://api.example/v1?key=1","api_key":"k"}', '', '', ''"#
                .to_owned(),
        ),
        (DELETED, format!("'gone', 'openai', {}, '', '', ''", config("/v1", ""))),
        (LIVE, format!("'odd', 'cohere', {}, '', '', ''", config("/v1", ""))),
        (LIVE, format!("'socks', 'openai', {}, '', 'socks5://user:secret@127.0.0.1:1080', ''", config("/v1", ""))),
        (LIVE, format!("'no address', 'openai', '{}', '', '', ''", r#"{"base_url":"","api_key":"sk-upstream"}"#)),
        (
            LIVE,
            r#"'credentials', 'openai', '{"base_url":"https://u:p@api.example/v1","api_key":"two words"}', '', '', ''"#
                .to_owned(),
        ),
    ];
    script.add("providers", "name, type, config, console, proxy, error_matcher", &rows);
}

fn models(script: &mut Script) {
    let rows = [
        (LIVE, "'gpt', 'everyday\r\nmodel', 3, 60, 'lottery', 1, 2"),
        (LIVE, "'claude', '', 5, 120, 'rotor', 0, 1"),
        (LIVE, "'gpt', 'never reached', 3, 60, 'lottery', 1, 3"),
        (LIVE, "'two words', '', 3, 60, 'lottery', 1, 4"),
        (DELETED, "'gone-model', '', 3, 60, 'lottery', 1, 5"),
        (LIVE, "'wild*', '', 3, 60, 'lottery', 1, 6"),
        (LIVE, "'old', NULL, 500, 0, NULL, NULL, NULL"),
        (LIVE, "'odd-strategy', '', 0, 100000, 'newest', 1, 8"),
    ];
    let rows: Vec<_> = rows.iter().map(|(deleted, values)| (*deleted, (*values).to_owned())).collect();
    script.add("models", "name, remark, max_retry, time_out, strategy, breaker, display_order", &rows);
}

fn associations(script: &mut Script) {
    let headers = r#"'{"X-Team":"blue","content-length":"5"}'"#;
    let rows = [
        (
            LIVE,
            format!(r#"1, 'ok', 1, 1, 0, 1, 0, 1, {headers}, '{{"service_tier":"flex"}}', 10, 1.25, 0.125, 10, 'USD'"#),
        ),
        (LIVE, "1, 'ok', 4, 1, 1, 1, 0, 1, '{}', '{}', 0, 0, 0, 0, ''".to_owned()),
        (LIVE, "1, 'of-nobody', 10, 1, 1, 1, 0, 1, '{}', '{}', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "5, 'to-nothing', 1, 1, 1, 1, 0, 1, '{}', '{}', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "2, 'switched-off', 2, 1, 1, 1, 1, 0, '{}', '{}', 5, 3, 0.3, 15, 'cny'".to_owned()),
        (LIVE, "1, 'broken-headers', 1, 1, 1, 1, 0, 1, '{\"a\":', '{}', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "1, 'broken-body', 1, 1, 1, 1, 0, 1, '{}', '[1]', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "1, 'unknown-provider', 99, 1, 1, 1, 0, 1, '{}', '{}', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "2, 'ok', 2, 1, 1, 1, 0, 1, '{}', '{}', 10, 3, 0.3, 15, 'CNY'".to_owned()),
        (DELETED, "1, 'deleted', 1, 1, 1, 1, 0, 1, '{}', '{}', 5, 0, 0, 0, 'USD'".to_owned()),
        (LIVE, "7, '', 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 20000, NULL, NULL, NULL, NULL".to_owned()),
        (
            LIVE,
            r#"1, 'sets-model', 1, 1, 1, 1, 0, 1, '{"bad name":"x"}', '{"model":"y","a.b":1}', 5, -1, 0, 0, 'USD'"#
                .to_owned(),
        ),
    ];
    let columns = "model_id, provider_model, provider_id, tool_call, structured_output, image, with_header, status, \
                   customer_headers, extra_body, weight, input_price, cache_read_price, output_price, currency";
    script.add("model_with_providers", columns, &rows);
}

fn keys(script: &mut Script) {
    let rows = [
        (LIVE, format!("'app', '{APP_KEY}', 1, 1, 1, '[]', NULL, 211, '2026-01-02 03:04:05.5+00:00'")),
        (
            LIVE,
            format!(
                "'scoped', '{SCOPED_KEY}', 1, 0, 0, '[\"claude\",\"gone-model\"]', '2040-01-01 00:00:00+08:00', 7, NULL"
            ),
        ),
        (LIVE, format!("'expired', '{EXPIRED_KEY}', 1, 0, 1, '[]', '2020-01-01 00:00:00+00:00', 0, NULL")),
        (LIVE, format!("'off', '{OFF_KEY}', 0, 0, 1, '[]', NULL, 0, NULL")),
        (LIVE, "'app', 'sk-original-second-0123456789', 1, 0, 1, '[]', NULL, 0, NULL".to_owned()),
        (LIVE, format!("'twin', '{APP_KEY}', 1, 0, 1, '[]', NULL, 0, NULL")),
        (LIVE, "'short', 'abc', 1, 0, 1, '[]', NULL, 0, NULL".to_owned()),
        (LIVE, "'broken scope', 'sk-original-broken-0123456789', 1, 0, 0, '{', NULL, 0, NULL".to_owned()),
        (DELETED, "'removed', 'sk-original-removed-012345678', 1, 0, 1, '[]', NULL, 3, NULL".to_owned()),
        (
            LIVE,
            "'', 'sk-original-unnamed-012345678', 1, 0, 0, '[\"two words\",\"wild*\"]', 'some day', 0, NULL".to_owned(),
        ),
    ];
    script.add(
        "auth_keys",
        "name, key, status, io_log, allow_all, models, expires_at, usage_count, last_used_at",
        &rows,
    );
}

const LOG_COLUMNS: &str = "created_at, updated_at, name, trace_id, provider_model, provider_name, status, style, user_agent, \
    remote_ip, auth_key_id, session_id, chat_io, error, retry, proxy_time, first_chunk_time, chunk_time, tps, size, \
    prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details, input_price, cache_read_price, output_price, currency";

/// Of ten rows one is an attempt that failed, followed by the one that succeeded; every fourth has its bodies recorded.
pub(crate) fn log(entries: u32) -> String {
    format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {entries}),
         rows AS (SELECT i, i % 10 = 0 AS failed, i % 10 = 1 AND i > 1 AS again, (i - (i % 10 = 1 AND i > 1)) AS request,
             strftime('%Y-%m-%d %H:%M:%S', unixepoch() - 2592000 + i * 2592000 / ({entries} + 1), 'unixepoch')
                 || printf('.%09d+00:00', i * 1009 % 1000000000) AS at FROM n WHERE i <= {entries}),
         kinds AS (SELECT *, request % 3 AS kind FROM rows)
         INSERT INTO chat_logs ({LOG_COLUMNS})
         SELECT at, at, iif(kind = 1, 'claude', 'gpt'), printf('trace%05d', request),
             CASE kind WHEN 0 THEN 'ok' WHEN 1 THEN 'ok' ELSE 'of-nobody' END,
             CASE kind WHEN 0 THEN 'main' WHEN 1 THEN 'claude' ELSE 'gone' END,
             iif(failed, 'error', 'success'), iif(kind = 1, 'anthropic', 'openai'),
             CASE i % 2 WHEN 0 THEN 'claude-cli/2.0' ELSE 'openai-python/1.99' END, '192.0.2.7',
             CASE i % 5 WHEN 0 THEN 0 WHEN 1 THEN 9 ELSE 1 END, iif(i % 4 = 0, 'session-' || (request % 50), ''), i % 4 = 0,
             CASE WHEN NOT failed THEN '' WHEN i % 20 = 0 THEN 'status: 429, body: slow down' ELSE 'dial tcp: connection refused' END,
             iif(again, 1, 0), 50000 + i % 1000, iif(failed, 0, 300000000 + i % 997 * 1000), iif(failed, 0, 2000000000 + i), 12.5,
             iif(failed, 0, 2048 + i % 100), iif(failed, 0, 1000 + i % 7), iif(failed, 0, 200 + i % 11),
             iif(failed, 0, 1200 + i % 7 + i % 11),
             iif(failed, '', '{{\"cached_tokens\":' || (i % 300) || ',\"audio_tokens\":0}}'),
             iif(kind = 2, 0, 1.25), iif(kind = 2, 0, 0.125), iif(kind = 2, 0, 10.0), iif(kind = 1, 'CNY', 'USD')
         FROM kinds;
         INSERT INTO chat_ios (created_at, updated_at, log_id, input, of_string, of_string_array)
         SELECT created_at, updated_at, id, '{{\"model\":\"' || name || '\",\"stream\":true,\"n\":' || id || '}}',
             iif(id % 8 = 0, '', '{{\"id\":\"whole-' || id || '\"}}'),
             iif(id % 8 = 0, json_array('{{\"type\":\"ping\"}}', '{{\"id\":' || id || '}}'), NULL)
         FROM chat_logs WHERE id % 4 = 0 AND status = 'success';"
    )
}

/// Rows that everyday use does not make.
pub(crate) fn odd_log() -> String {
    let rows = [
        // Two years ago; a request for a model that nobody knows; one that was cut off; bytes that are no text; a deleted one.
        "'2024-01-01 00:00:00+00:00', NULL, 'gpt', 'old', 'ok', 'main', 'success', 'openai', '', '', 1, '', 0, '', 0, 1000, 2000, \
         3000, 1, 5, 10, 20, 30, NULL, 1, 1, 1, 'USD'",
        "'2026-01-01 00:00:00+00:00', NULL, 'never-heard-of', '', '', '', 'error', 'openai', '', '', 0, '', 0, 'record not found', \
         0, 0, 0, 0, 0, 0, 0, 0, 0, '', 0, 0, 0, ''",
        "'2026-01-01 00:00:01+00:00', NULL, 'claude', 'running', 'ok', 'claude', 'running', 'anthropic', '', '', 77, '', 0, NULL, \
         0, 1000, 0, 0, 0, 0, 0, 0, 0, '{', 3, 0.3, 15, 'CNY'",
        "'2026-01-01 00:00:02+00:00', NULL, 'gpt', 'bytes', 'ok', 'main', 'error', 'openai', CAST(x'61ff62' AS TEXT), '', 1, '', 0, \
         CAST(x'7374617475733a203530332cff' AS TEXT), 0, 1000, 0, 0, 0, 0, 0, 0, 0, '', 0, 0, 0, 'USD'",
        "'2026-01-01 00:00:03+00:00', NULL, 'claude', 'cached', 'ok', 'claude', 'success', 'anthropic', '', '', 1, '', 0, '', \
         0, 1000, 2000000, 3000000, 1, 5, 10, 20, 30, '{\"cached_tokens\":90}', 3, 0.3, 15, 'CNY'",
    ];
    let mut sql: String =
        rows.iter().map(|row| format!("INSERT INTO chat_logs ({LOG_COLUMNS}) VALUES ({row});\n")).collect();
    sql.push_str(&format!(
        "INSERT INTO chat_logs (deleted_at, {LOG_COLUMNS}) VALUES ({DELETED}, '2026-01-01 00:00:04+00:00', NULL, 'gpt', 'deleted', \
         'ok', 'main', 'success', 'openai', '', '', 1, '', 1, '', 0, 1, 1, 1, 1, 1, 1000, 1000, 2000, '', 1, 1, 1, 'USD');
         INSERT INTO chat_ios (log_id, input, of_string) SELECT id, 'of a deleted one', '' FROM chat_logs WHERE trace_id = 'deleted';
         INSERT INTO chat_ios (log_id, input, of_string) VALUES (999999999, 'of nothing', '');
         INSERT INTO chat_ios (log_id, input, of_string) SELECT id, printf('%.*c', 1200000, 'x'), CAST(x'ff' AS TEXT) \
         FROM chat_logs WHERE trace_id = 'cached';"
    ));
    sql
}

/// A small one with the columns of an early version only.
pub(crate) fn early(spec: &Spec) -> String {
    format!(
        "INSERT INTO providers (created_at, name, type, config, console) VALUES ('2025-01-01 00:00:00+00:00', 'main', 'openai', \
             '{{\"base_url\":\"{}/v1\",\"api_key\":\"sk-upstream\"}}', '');
         INSERT INTO models (created_at, name, remark, max_retry, time_out) VALUES ('2025-01-01 00:00:00+00:00', 'gpt', '', 10, 60);
         INSERT INTO model_with_providers (created_at, model_id, provider_model, provider_id, weight) \
             VALUES ('2025-01-01 00:00:00+00:00', 1, 'ok', 1, 3);
         INSERT INTO chat_logs (created_at, name, provider_model, provider_name, status, style, error, retry, prompt_tokens, \
             completion_tokens, total_tokens) VALUES ('2026-01-01 00:00:00+00:00', 'gpt', 'ok', 'main', 'success', 'openai', '', 0, \
             5, 6, 11), ('2026-01-01 00:00:01+00:00', 'gpt', 'ok', 'main', 'error', 'openai', 'status: 500, body: ', 0, 0, 0, 0);",
        spec.upstream
    )
}
