//! Writes that are for a certain version of the configuration: whoever changed it meanwhile is not overwritten unseen.

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::AdminError;

/// The versions that a write is for, out of `If-Match`. Without that header it is for any.
#[derive(Debug)]
pub(super) struct Expected(Option<Vec<String>>);

impl Expected {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, AdminError> {
        let mut tags = Vec::new();
        for value in headers.get_all(IF_MATCH) {
            for tag in value.to_str().unwrap_or_default().split(',') {
                let tag = tag.trim();
                if tag == "*" {
                    return Ok(Self(None));
                }
                // Proxies that compress an answer weaken its tag.
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                let is_quoted = opaque.len() >= 2 && opaque.starts_with('"') && opaque.ends_with('"');
                if !is_quoted {
                    return Err(AdminError::bad_request(
                        "`If-Match` must be the `ETag` of an earlier answer, as `\"v12\"`",
                    ));
                }
                tags.push(opaque.to_owned());
            }
        }
        Ok(Self((!tags.is_empty()).then_some(tags)))
    }

    pub(super) fn check(&self, now: i64) -> Result<(), AdminError> {
        match &self.0 {
            Some(tags) if !tags.contains(&tag(now)) => Err(config_changed(now)),
            _ => Ok(()),
        }
    }
}

/// The configuration's version as an `ETag`.
pub(super) fn tag(version: i64) -> String {
    format!("\"v{version}\"")
}

pub(super) fn header(version: i64) -> HeaderValue {
    HeaderValue::try_from(tag(version)).unwrap_or(HeaderValue::from_static("\"v0\""))
}

pub(super) fn config_changed(now: i64) -> AdminError {
    let message =
        format!("the configuration was changed meanwhile and is at version {now}: read it again, and then change that");
    AdminError { version: Some(now), ..AdminError::new(StatusCode::PRECONDITION_FAILED, "config_changed", message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_write_is_for() {
        // What the header says, and the status at version 12.
        for (header, status) in [
            (None, None),
            (Some("*"), None),
            (Some("\"v12\""), None),
            (Some("W/\"v12\""), None),
            (Some("\"v11\", \"v12\""), None),
            (Some("\"v11\""), Some(412)),
            (Some("\"abc\""), Some(412)),
            (Some("v12"), Some(400)),
            (Some("\""), Some(400)),
            (Some(""), Some(400)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = header {
                headers.insert(IF_MATCH, HeaderValue::from_static(value));
            }
            let checked = Expected::of(&headers).and_then(|expected| expected.check(12));
            assert_eq!(checked.err().map(|error| error.status.as_u16()), status, "{header:?}");
        }
    }
}
