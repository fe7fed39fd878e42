//! The function's settings: environment variables of the same names as the server's.

use std::fmt;

use llmio_core::config::Secret;
use llmio_native::HomeSettings;

/// Lambda takes no larger event. A body may be larger only when it came compressed.
const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) token: Secret,
    pub(crate) home: HomeSettings,
    pub(crate) max_body_bytes: usize,
    /// The database does not outlive the execution environment and is not shared with others.
    pub(crate) is_trial: bool,
}

/// Everything that is wrong with the settings, one line each.
#[derive(Debug)]
pub(crate) struct SettingsError(Vec<String>);

impl Settings {
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let mut problems = Vec::new();
        let token = set("TOKEN").map(Secret::new);
        if token.is_none() {
            problems.push(
                "TOKEN is not set. A function URL can be reached by everybody, so the administrator's token is needed: \
                 set it to a long random text (for example what `openssl rand -hex 24` prints)"
                    .to_owned(),
            );
        }
        let database_url = set("LLMIO_DATABASE_URL");
        match database_url.as_deref() {
            None => problems.push(
                "LLMIO_DATABASE_URL is not set: write libsql://HOST of a libSQL database (Turso, sqld) with its \
                 LLMIO_DATABASE_TOKEN, or file:/tmp/llmio.db for a trial"
                    .to_owned(),
            ),
            Some(url) if is_local(url) && !is_writable(url) => problems.push(format!(
                "LLMIO_DATABASE_URL is {url}, but a Lambda function can write nowhere but under /tmp: write \
                 libsql://HOST of a libSQL database (Turso, sqld), or file:/tmp/llmio.db for a trial"
            )),
            Some(_) => {}
        }
        let max_body_bytes = set("LLMIO_MAX_BODY_BYTES").map_or(Ok(MAX_BODY_BYTES), |text| {
            text.parse().map_err(|_| format!("LLMIO_MAX_BODY_BYTES is {text}, which is no number of bytes"))
        });
        let max_body_bytes = max_body_bytes.unwrap_or_else(|problem| {
            problems.push(problem);
            0
        });
        match (token, database_url) {
            (Some(token), Some(database_url)) if problems.is_empty() => Ok(Self {
                token,
                is_trial: is_local(&database_url),
                home: HomeSettings {
                    database_url,
                    database_token: set("LLMIO_DATABASE_TOKEN").map(Secret::new),
                    secret_key: set("LLMIO_SECRET_KEY").map(Secret::new),
                },
                max_body_bytes,
            }),
            _ => Err(SettingsError(problems)),
        }
    }
}

/// A variable of this process's environment.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn is_local(url: &str) -> bool {
    url.starts_with("file:") || !url.contains("://")
}

fn is_writable(url: &str) -> bool {
    let path = url.strip_prefix("file://").or_else(|| url.strip_prefix("file:")).unwrap_or(url);
    path == ":memory:" || path.starts_with("/tmp/")
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n  "))
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 2] = [("TOKEN", "t"), ("LLMIO_DATABASE_URL", "libsql://db.example")];

    type Variables<'a> = &'a [(&'a str, &'a str)];

    fn read(changes: Variables<'_>) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            let of = |rows: Variables<'_>| rows.iter().find(|row| row.0 == name).map(|row| row.1.to_owned());
            of(changes).or_else(|| of(&GOOD))
        })
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let rows: [(Variables<'_>, &[&str]); 7] = [
            (&[("TOKEN", "")], &["TOKEN"]),
            (&[("TOKEN", "  ")], &["TOKEN"]),
            (&[("LLMIO_DATABASE_URL", "")], &["LLMIO_DATABASE_URL"]),
            (&[("LLMIO_DATABASE_URL", "file:db/llmio.db")], &["LLMIO_DATABASE_URL", "/tmp"]),
            (&[("LLMIO_DATABASE_URL", "llmio.db")], &["LLMIO_DATABASE_URL", "/tmp"]),
            (&[("LLMIO_MAX_BODY_BYTES", "6MB")], &["LLMIO_MAX_BODY_BYTES", "6MB"]),
            (&[("TOKEN", ""), ("LLMIO_DATABASE_URL", "")], &["TOKEN", "LLMIO_DATABASE_URL"]),
        ];
        for (changes, words) in rows {
            let error = read(changes).expect_err("these settings are wrong").to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{changes:?}: {error}");
        }
    }

    #[test]
    fn a_local_database_is_a_trial() {
        let rows = [
            ("libsql://db.example", false),
            ("http://127.0.0.1:1", false),
            ("file:/tmp/llmio.db", true),
            ("/tmp/x.db", true),
            (":memory:", true),
        ];
        for (url, expected) in rows {
            assert_eq!(read(&[("LLMIO_DATABASE_URL", url)]).unwrap().is_trial, expected, "{url}");
        }
    }

    #[test]
    fn the_usual_body_limit_is_that_of_lambda() {
        assert_eq!(read(&[]).unwrap().max_body_bytes, 6 << 20);
        assert_eq!(read(&[("LLMIO_MAX_BODY_BYTES", "100")]).unwrap().max_body_bytes, 100);
    }
}
