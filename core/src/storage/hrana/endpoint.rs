use std::fmt;

use http::Uri;

use crate::platform::{DatabaseError, DatabaseErrorKind};

/// Where the server is: `https://HOST[:PORT][/PATH]` without a slash at its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint(String);

impl Endpoint {
    /// `libsql://` means `https://`, or `http://` with `?tls=0`, as in libSQL's own clients. Other parameters and
    /// user names are refused: a token in a URL ends up in logs.
    pub(super) fn parse(url: &str) -> Result<Self, DatabaseError> {
        let unusable = |what: &str| {
            DatabaseError::new(
                DatabaseErrorKind::Other,
                format!(
                    "the database URL {what}; write libsql://HOST, https://HOST or http://HOST, and put the token \
                     into LLMIO_DATABASE_TOKEN"
                ),
            )
        };
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(|| unusable("has no scheme"))?;
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let scheme = match (scheme, parameters) {
            ("libsql", "" | "tls=1") | ("https", "") => "https",
            ("libsql", "tls=0") | ("http", "") => "http",
            ("libsql" | "https" | "http", _) => return Err(unusable("has parameters")),
            _ => return Err(unusable("has an unknown scheme")),
        };
        if address.contains('@') {
            return Err(unusable("holds a user name"));
        }
        let address = address.trim_end_matches('/');
        let endpoint = format!("{scheme}://{address}");
        let uri: Uri = endpoint.parse().map_err(|_| unusable("names no usable host"))?;
        if uri.host().is_none_or(str::is_empty) {
            return Err(unusable("names no host"));
        }
        Ok(Self(endpoint))
    }

    pub(super) fn pipeline(&self, version: &str) -> String {
        format!("{self}/{version}/pipeline")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let rows = [
            ("libsql://db-me.turso.io", Some("https://db-me.turso.io/v3/pipeline")),
            ("libsql://127.0.0.1:8080?tls=0", Some("http://127.0.0.1:8080/v3/pipeline")),
            ("https://db.example:8443/one/", Some("https://db.example:8443/one/v3/pipeline")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/v3/pipeline")),
            ("libsql://db.example?authToken=secret", None),
            ("https://me:secret@db.example", None),
            ("ws://db.example", None),
            ("libsql://", None),
            ("http://a b", None),
            ("db.example", None),
        ];
        for (url, expected) in rows {
            let seen = Endpoint::parse(url);
            if let Err(error) = &seen {
                assert!(!error.message.contains("secret"), "{url}: {error}");
            }
            assert_eq!(seen.ok().map(|endpoint| endpoint.pipeline("v3")).as_deref(), expected, "{url}");
        }
    }
}
