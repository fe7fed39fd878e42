use http::StatusCode;

use crate::dialect::ProviderError;

/// What follows from a provider's error status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client's own mistake: its answer at once, and nobody's health changes.
    ClientError,
    /// Ask another provider and count a failure.
    Failover,
    /// Ask another provider; this one refuses our key. Counted as a failure.
    Refused,
    /// Ask another provider; this one works but does not have what was named. That may be the client's doing, so nobody's
    /// health changes.
    NotHere,
    /// Ask another provider; this one does not give us what was named, which may be the client's doing as well.
    Forbidden,
    /// Over a rate limit: lower it for this request and honour its `Retry-After`.
    RateLimited,
    /// Over a spending limit: no waiting helps, so it is not asked again for this request.
    Billing,
    /// Too busy for anybody (529, 503): ask another; not this key's fault.
    Overloaded,
}

/// Reads a provider's error status. `is_billing` tells that the body names a spending limit or an empty account.
pub fn verdict(status: StatusCode, error: &ProviderError) -> Verdict {
    let is_billing = error.is_billing;
    match status.as_u16() {
        402 => Verdict::Billing,
        429 if is_billing => Verdict::Billing,
        429 => Verdict::RateLimited,
        503 | 529 => Verdict::Overloaded,
        401 => Verdict::Refused,
        403 => Verdict::Forbidden,
        404 => Verdict::NotHere,
        408 | 409 | 425 => Verdict::Failover,
        400..=499 => Verdict::ClientError,
        _ => Verdict::Failover,
    }
}

/// Reads an error that a provider put into a 200: an event of a stream, an object in an answer.
pub fn verdict_in_answer(error: &ProviderError) -> Verdict {
    if let Some(status) =
        error.status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|it| it.as_u16() >= 400)
    {
        return verdict(status, error);
    }
    if error.is_billing {
        return Verdict::Billing;
    }
    // A code says more than a type: OpenAI's unknown models and keys are invalid requests, too.
    let words = [error.code.as_deref(), error.kind.as_deref()];
    words.into_iter().flatten().find_map(by_word).unwrap_or(Verdict::Failover)
}

fn by_word(word: &str) -> Option<Verdict> {
    Some(match word {
        "rate_limit_error" | "rate_limit_exceeded" | "rate_limit_reached" | "RESOURCE_EXHAUSTED" => {
            Verdict::RateLimited
        }
        "overloaded_error" | "server_is_overloaded" | "overloaded" | "UNAVAILABLE" | "slow_down" => Verdict::Overloaded,
        "invalid_request_error"
        | "context_length_exceeded"
        | "invalid_prompt"
        | "request_too_large"
        | "content_policy_violation"
        | "invalid_encrypted_content"
        | "previous_response_not_found"
        | "INVALID_ARGUMENT" => Verdict::ClientError,
        "authentication_error" | "invalid_api_key" | "UNAUTHENTICATED" => Verdict::Refused,
        "not_found_error" | "model_not_found" | "NOT_FOUND" => Verdict::NotHere,
        "permission_error" | "PERMISSION_DENIED" => Verdict::Forbidden,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (status, is_billing, expected) in [
            (400, false, Verdict::ClientError),
            (413, false, Verdict::ClientError),
            (422, false, Verdict::ClientError),
            (401, false, Verdict::Refused),
            (403, false, Verdict::Forbidden),
            (404, false, Verdict::NotHere),
            (402, false, Verdict::Billing),
            (408, false, Verdict::Failover),
            (429, false, Verdict::RateLimited),
            (429, true, Verdict::Billing),
            (500, false, Verdict::Failover),
            (502, false, Verdict::Failover),
            (503, false, Verdict::Overloaded),
            (529, false, Verdict::Overloaded),
            (302, false, Verdict::Failover),
        ] {
            let error = ProviderError { is_billing, ..ProviderError::default() };
            assert_eq!(verdict(StatusCode::from_u16(status).unwrap(), &error), expected, "{status}");
        }
    }

    #[test]
    fn errors_in_answers() {
        let error = |status, kind: &str, code: &str, is_billing| ProviderError {
            status,
            kind: Some(kind.to_owned()),
            code: Some(code.to_owned()),
            is_billing,
            ..ProviderError::default()
        };
        for (error, expected) in [
            (error(Some(429), "", "", false), Verdict::RateLimited),
            (error(Some(400), "INVALID_ARGUMENT", "", false), Verdict::ClientError),
            (error(Some(503), "UNAVAILABLE", "", false), Verdict::Overloaded),
            (error(None, "rate_limit_error", "", false), Verdict::RateLimited),
            (error(None, "", "rate_limit_exceeded", false), Verdict::RateLimited),
            (error(None, "insufficient_quota", "insufficient_quota", true), Verdict::Billing),
            (error(None, "overloaded_error", "", false), Verdict::Overloaded),
            (error(None, "", "server_is_overloaded", false), Verdict::Overloaded),
            (error(None, "", "context_length_exceeded", false), Verdict::ClientError),
            (error(None, "invalid_request_error", "", false), Verdict::ClientError),
            (error(None, "authentication_error", "", false), Verdict::Refused),
            (error(None, "not_found_error", "", false), Verdict::NotHere),
            (error(None, "invalid_request_error", "model_not_found", false), Verdict::NotHere),
            (error(None, "invalid_request_error", "invalid_api_key", false), Verdict::Refused),
            (error(None, "invalid_request_error", "unheard_of", false), Verdict::ClientError),
            (error(None, "permission_error", "", false), Verdict::Forbidden),
            (error(Some(403), "PERMISSION_DENIED", "", false), Verdict::Forbidden),
            (error(None, "server_error", "server_error", false), Verdict::Failover),
            (error(None, "api_error", "", false), Verdict::Failover),
        ] {
            assert_eq!(verdict_in_answer(&error), expected, "{error:?}");
        }
    }
}
