use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use llmio_core::platform::{HttpError, HttpErrorKind};
use percent_encoding::percent_decode_str;

/// A proxy setting, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// An HTTP proxy, reached in the clear or by TLS, that tunnels by CONNECT.
    Tunnel { server: Uri, authorization: Option<HeaderValue> },
    /// SOCKS 5; the proxy looks names up.
    Socks { server: Uri, user: Option<(String, String)> },
}

impl Proxy {
    /// `http://`, `https://` or `socks5://` (also written `socks5h://`), then `[user:password@]host[:port]`.
    pub(super) fn parse(text: &str) -> Result<Self, HttpError> {
        let unusable = |what: &str| {
            HttpError::new(
                HttpErrorKind::Invalid,
                format!(
                    "the proxy setting {what}; write http://, https:// or socks5://, then [user:password@]host:port"
                ),
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(|| unusable("has no scheme"))?;
        let (transport, port) = match scheme {
            "http" => ("http", 80),
            "https" => ("https", 443),
            "socks5" | "socks5h" => ("http", 1080),
            _ => return Err(unusable("has an unknown scheme")),
        };
        let rest = rest.trim_end_matches('/');
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user.split_once(':').unwrap_or((user, ""))), address),
            None => (None, rest),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = user.map(|(name, password)| (decode(name), decode(password)));

        let server: Uri =
            format!("{transport}://{address}/").parse().map_err(|_| unusable("names no usable host and port"))?;
        if server.host().is_none_or(str::is_empty) || server.path() != "/" {
            return Err(unusable("names no usable host and port"));
        }
        let server = super::connector::with_port(&server, port);
        if transport == scheme {
            let authorization = user.map(|(name, password)| {
                let mut value =
                    HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))?;
                value.set_sensitive(true);
                Ok::<_, http::header::InvalidHeaderValue>(value)
            });
            let authorization = authorization.transpose().map_err(|_| unusable("has an unusable password"))?;
            Ok(Self::Tunnel { server, authorization })
        } else {
            Ok(Self::Socks { server, user })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken_apart() {
        let tunnel = |server: &'static str, authorization: Option<&'static str>| Proxy::Tunnel {
            server: Uri::from_static(server),
            authorization: authorization.map(HeaderValue::from_static),
        };
        let socks = |server: &'static str, user: Option<(&str, &str)>| Proxy::Socks {
            server: Uri::from_static(server),
            user: user.map(|(name, password)| (name.to_owned(), password.to_owned())),
        };
        let rows = [
            ("http://proxy:3128", tunnel("http://proxy:3128/", None)),
            ("http://proxy", tunnel("http://proxy:80/", None)),
            ("https://proxy.example/", tunnel("https://proxy.example:443/", None)),
            ("http://me:s%40cret@10.0.0.1:8080", tunnel("http://10.0.0.1:8080/", Some("Basic bWU6c0BjcmV0"))),
            ("http://[::1]:8080", tunnel("http://[::1]:8080/", None)),
            ("socks5://proxy", socks("http://proxy:1080/", None)),
            ("socks5h://me:p%3Ass@proxy:9", socks("http://proxy:9/", Some(("me", "p:ss")))),
            ("socks5://token@proxy:9", socks("http://proxy:9/", Some(("token", "")))),
        ];
        for (text, expected) in rows {
            assert_eq!(Proxy::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn unusable_settings_are_refused_without_telling_the_password() {
        for text in [
            "",
            "proxy:8080",
            "ftp://secret@proxy",
            "http://",
            "http://secret:secret@",
            "http://secret@pro xy",
            "http://a/b",
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert_eq!(error.kind, HttpErrorKind::Invalid, "{text}");
            assert!(!error.message.contains("secret"), "{text}: {error}");
        }
    }
}
