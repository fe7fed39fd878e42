//! How secrets are shown to those who may manage but not read them, and how a shown secret is written back.

use super::Invalid;

/// Stands for what is not shown.
pub const MASK: &str = "****";

/// `****` and the last four characters; only `****` for a short secret, of which four would tell too much.
pub fn secret_hint(secret: &str) -> String {
    format!("{MASK}{}", shown_end(secret).unwrap_or_default())
}

/// The last four characters of a secret that is long enough to show them.
pub(super) fn shown_end(secret: &str) -> Option<&str> {
    const LONG: usize = 20;
    const SHOWN: usize = 4;
    if secret.chars().count() < LONG {
        return None;
    }
    let (start, _) = secret.char_indices().nth_back(SHOWN - 1)?;
    secret.get(start..)
}

/// The address without its user name and password.
pub fn proxy_hint(proxy: &str) -> String {
    match (proxy.split_once("://"), proxy.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{MASK}@{host}"),
        _ => proxy.to_owned(),
    }
}

/// The value, or its hint when the name or the value itself looks like a credential.
pub fn header_hint(name: &str, value: &str) -> String {
    if is_sensitive_header(name, value) { secret_hint(value) } else { value.to_owned() }
}

pub fn is_sensitive_header(name: &str, value: &str) -> bool {
    const NAMES: [&str; 9] = ["auth", "cookie", "credential", "key", "pass", "secret", "session", "signature", "token"];
    const VALUES: [&str; 4] = ["basic ", "bearer ", "sk-", "key-"];
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    NAMES.iter().any(|part| name.contains(part)) || VALUES.iter().any(|start| value.starts_with(start))
}

/// What was written for a secret: the stored value when it is that value's hint, else the text itself.
///
/// An edited or foreign hint is refused, so that no mask is ever taken for a secret.
pub fn written_secret(
    field: &str,
    written: &str,
    stored: Option<&str>,
    hint: impl Fn(&str) -> String,
) -> Result<String, Invalid> {
    match stored {
        Some(stored) if hint(stored) == written => Ok(stored.to_owned()),
        _ if written.contains(MASK) => Err(Invalid::new(
            field,
            format!("holds `{MASK}`, which stands for a stored secret: write the whole new one"),
        )),
        _ => Ok(written.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints() {
        for (secret, hint) in
            [("", "****"), ("short", "****"), ("sk-0123456789abcdef-wxyz", "****wxyz"), ("nineteen-characters", "****")]
        {
            assert_eq!(secret_hint(secret), hint);
        }
        for (proxy, hint) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("socks5://user:p@ss@localhost:1080", "socks5://****@localhost:1080"),
            ("https://token@proxy.example", "https://****@proxy.example"),
        ] {
            assert_eq!(proxy_hint(proxy), hint);
        }
        for (name, value, hint) in [
            ("X-Title", "LLMIO", "LLMIO"),
            ("Authorization", "Bearer 0123456789012345", "****2345"),
            ("x-custom", "Bearer abc", "****"),
            ("X-Api-Key", "abc", "****"),
            ("anthropic-beta", "tools-2025", "tools-2025"),
        ] {
            assert_eq!(header_hint(name, value), hint);
        }
    }

    #[test]
    fn a_hint_written_back_keeps_the_secret() {
        let stored = "sk-0123456789abcdef-wxyz";
        let rows = [
            ("****wxyz", Some(stored), Ok(stored)),
            ("new", Some(stored), Ok("new")),
            ("", Some(stored), Ok("")),
            ("****wxyz-edited", Some(stored), Err(())),
            ("****", Some(stored), Err(())),
            ("****wxyz", None, Err(())),
        ];
        for (written, stored, expected) in rows {
            let found = written_secret("api_key", written, stored, secret_hint);
            assert_eq!(found.as_deref().map_err(|_| ()), expected, "{written}");
        }
    }
}
