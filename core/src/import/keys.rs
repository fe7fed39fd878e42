//! Clients' keys, under their old texts.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::field::{json, time};
use super::names::usable;
use super::report::Notes;
use super::row::KeyRow;
use crate::config::{ClientKey, client_key_prefix, client_key_suffix, hash_client_key, validate};
use crate::platform::Timestamp;

const MAX_MODELS: usize = 1_000;

/// A key with this id and name, by our rules. `models`: what models are called now, where it is not as it was.
pub(super) fn key(
    row: &KeyRow,
    id: String,
    name: String,
    models: &HashMap<String, String>,
    known: impl Fn(&str) -> bool,
    now: Timestamp,
    notes: &mut Notes<'_>,
) -> ClientKey {
    // The original compares the whole text; spaces around it never arrive in a header.
    let text = row.key.as_str();
    if validate::client_key_text(text).is_err() {
        notes.off("has a text that no client can send or that can be guessed (8 to 200 visible ASCII characters)");
    }
    let expires_at = match row.expires_at.as_str() {
        "" => None,
        text => time(text).or_else(|| {
            notes.off("has an expiry that is no time, and lost it");
            None
        }),
    };
    let models = if row.allow_all.unwrap_or(false) { None } else { Some(scope(&row.models, models, known, notes)) };
    ClientKey {
        id,
        name,
        hash: hash_client_key(text),
        prefix: client_key_prefix(text),
        suffix: client_key_suffix(text),
        note: uses(row),
        enabled: row.status.unwrap_or(false) && !notes.is_off,
        models,
        expires_at,
        log_io: row.io_log.unwrap_or(false),
        strict: false,
        created_at: row.common.created_at.unwrap_or(now),
    }
}

/// How often it was used; the history may not reach back to its first use.
fn uses(row: &KeyRow) -> String {
    let times = match row.usage_count {
        0 => return String::new(),
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    let last = row.last_used_at.map(|last| format!(", last at {}", last.to_rfc3339())).unwrap_or_default();
    format!("Used {times} before it was imported{last}.")
}

fn scope(
    text: &str,
    models: &HashMap<String, String>,
    known: impl Fn(&str) -> bool,
    notes: &mut Notes<'_>,
) -> Vec<String> {
    let given = match json(text) {
        Ok(None) => Vec::new(),
        Ok(Some(Json::Array(given))) => given,
        _ => {
            notes.off("has a broken list of models and may use none");
            return Vec::new();
        }
    };
    let mut scope: Vec<String> = Vec::new();
    for name in given.iter().filter_map(Json::as_str) {
        let name = models.get(name).cloned().unwrap_or_else(|| usable(name, false, String::new).0);
        if name.is_empty() || scope.contains(&name) {
            continue;
        }
        if !known(&name) {
            notes.note(format!("may use `{name}`, which is no model; the name stays in its list"));
        }
        scope.push(name);
    }
    if scope.len() > MAX_MODELS {
        notes.note(format!("may use {} models, of which {MAX_MODELS} stay in its list", scope.len()));
        scope.truncate(MAX_MODELS);
    }
    scope
}
