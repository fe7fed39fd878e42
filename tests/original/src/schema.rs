/// Every table begins so.
const COMMON: &str =
    "id integer PRIMARY KEY AUTOINCREMENT, created_at datetime, updated_at datetime, deleted_at datetime";

/// Tables, with the columns that all versions have and those that came later.
const TABLES: [(&str, &str, &str); 5] = [
    ("providers", "name text, type text, config text, console text", "proxy text, error_matcher text"),
    (
        "models",
        "name text, remark text, max_retry integer, time_out integer",
        "strategy text, breaker numeric, display_order integer",
    ),
    (
        "model_with_providers",
        "model_id integer, provider_model text, provider_id integer, tool_call numeric, structured_output numeric, weight integer",
        "image numeric, with_header numeric, status numeric, customer_headers text, extra_body text, input_price real, \
         cache_read_price real, output_price real, currency text",
    ),
    (
        "chat_logs",
        "name text, provider_model text, provider_name text, status text, style text, error text, retry integer, \
         proxy_time integer, first_chunk_time integer, chunk_time integer, tps real, prompt_tokens integer, \
         completion_tokens integer, total_tokens integer",
        "trace_id text, user_agent text, remote_ip text, auth_key_id integer, session_id text, chat_io numeric, size integer, \
         prompt_tokens_details text, input_price real, cache_read_price real, output_price real, currency text",
    ),
    ("configs", "key text, value text", ""),
];

const LATER: [(&str, &str); 3] = [
    ("chat_ios", "log_id integer, input text, of_string text, of_string_array text"),
    (
        "auth_keys",
        "name text, key text, status numeric, io_log numeric, allow_all numeric, models text, expires_at datetime, \
         usage_count integer, last_used_at datetime",
    ),
    (
        "log_cleanup_records",
        "retention_days integer, deleted_count integer, duration_ms integer, source text, type text",
    ),
];

/// Columns of the log with an index of their own.
const INDEXED: [&str; 7] = ["session_id", "auth_key_id", "user_agent", "status", "provider_name", "trace_id", "name"];

pub(crate) fn tables(is_early: bool) -> String {
    let mut sql = String::new();
    let mut add = |name: &str, columns: &str| {
        sql.push_str(&format!("CREATE TABLE {name} ({COMMON}, {columns});"));
        sql.push_str(&format!("CREATE INDEX idx_{name}_deleted_at ON {name}(deleted_at);"));
    };
    for (name, first, later) in TABLES {
        if is_early || later.is_empty() {
            add(name, first);
        } else {
            add(name, &format!("{first}, {later}"));
        }
    }
    if is_early {
        return sql;
    }
    for (name, columns) in LATER {
        add(name, columns);
    }
    for column in INDEXED {
        sql.push_str(&format!("CREATE INDEX idx_chat_logs_{column} ON chat_logs({column});"));
    }
    sql
}
