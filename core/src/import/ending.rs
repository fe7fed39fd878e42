//! How an attempt ended, out of the words that the original has kept of it.

use crate::record::Outcome;

/// The status that a client got who left.
const LEFT: u16 = 499;

/// An outcome, and the status: of a final attempt what the client may have got, of another the provider's, 0 for no answer.
pub(super) fn ending(status: &str, error: &str, asked: bool, is_final: bool) -> (Outcome, u16) {
    let answered_or = |status: u16| if is_final { status } else { 0 };
    match status {
        "success" => return (Outcome::Success, 200),
        // It ended before its answer did.
        "running" => return (Outcome::Cancelled, LEFT),
        _ => {}
    }
    let lower = error.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if !asked {
        return (Outcome::GatewayError, if says(&["not found"]) { 404 } else { 503 });
    }
    if let Some(status) = provider_status(&lower) {
        let outcome = match status {
            402 | 429 => Outcome::RateLimited,
            400 | 413 | 422 => Outcome::ClientError,
            _ => Outcome::ProviderError,
        };
        return (outcome, status);
    }
    if says(&["context canceled", "context cancelled", "client disconnected", "broken pipe"]) {
        (Outcome::Cancelled, LEFT)
    } else if says(&["deadline exceeded", "timeout", "timed out", "time out"]) {
        (Outcome::Timeout, answered_or(504))
    } else if says(&["dial ", "connect", "connection", "no such host", "eof", "tls", "x509", "reset by peer"]) {
        (Outcome::ConnectError, answered_or(502))
    } else {
        (Outcome::ProviderError, answered_or(502))
    }
}

/// `status: 429, body: …` anywhere in it.
fn provider_status(error: &str) -> Option<u16> {
    let (_, after) = error.split_once("status: ").or_else(|| error.split_once("status code: "))?;
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    after.get(..digits)?.parse().ok().filter(|status| (400..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        use Outcome::*;
        let refused = "Post \"http://127.0.0.1:1/v1\": dial tcp 127.0.0.1:1: connect: connection refused";
        let slow = "Post \"https://x\": net/http: timeout awaiting response headers";
        for (status, error, asked, is_final, expected) in [
            ("success", "", true, true, (Success, 200)),
            ("running", "", true, true, (Cancelled, 499)),
            ("error", "status: 429, body: {}", true, false, (RateLimited, 429)),
            ("error", "status: 400, body: timeout", true, true, (ClientError, 400)),
            ("error", "status: 503, body: ", true, false, (ProviderError, 503)),
            ("error", "status: 200, body: odd", true, true, (ProviderError, 502)),
            ("error", refused, true, false, (ConnectError, 0)),
            ("error", refused, true, true, (ConnectError, 502)),
            ("error", slow, true, true, (Timeout, 504)),
            ("error", "context canceled", true, true, (Cancelled, 499)),
            ("error", "no credit", true, false, (ProviderError, 0)),
            ("error", "record not found", false, true, (GatewayError, 404)),
            ("error", "no provider", false, true, (GatewayError, 503)),
            ("", "", true, true, (ProviderError, 502)),
        ] {
            assert_eq!(ending(status, error, asked, is_final), expected, "{status} {error}");
        }
    }
}
