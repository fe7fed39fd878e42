use http::StatusCode;

use crate::dialect::{ProviderError, Trouble};

/// What follows from a provider's error status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client's own mistake: its answer at once, and nobody's health changes.
    ClientError,
    /// Ask another provider and count a failure.
    Failover,
    /// Ask another provider; this one refuses our key or account. Counted as a failure.
    Refused,
    /// Ask another provider: the request holds state that this one did not make, or has forgotten. Nobody's health
    /// changes, and alone its answer is the client's, word for word.
    OtherState,
    /// Longer than this one takes: ask those that have more room. Nobody's health changes, and without them its answer is the
    /// client's, word for word.
    TooLong,
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

/// Reads a provider's error answer. Account troubles count whatever the status: several providers answer 400 to them.
pub fn verdict(status: StatusCode, error: &ProviderError) -> Verdict {
    match (status.as_u16(), error.trouble) {
        (402, _) | (400..=499, Some(Trouble::Billing)) => Verdict::Billing,
        (400..=499, Some(Trouble::Account)) => Verdict::Refused,
        (400 | 404 | 409 | 422, Some(Trouble::OpaqueState)) => Verdict::OtherState,
        (400 | 413 | 422, Some(Trouble::TooLong)) => Verdict::TooLong,
        (429, _) => Verdict::RateLimited,
        (503 | 529, _) => Verdict::Overloaded,
        (401, _) => Verdict::Refused,
        (403, _) => Verdict::Forbidden,
        (404, _) => Verdict::NotHere,
        (408 | 409 | 425, _) => Verdict::Failover,
        (400..=499, _) => Verdict::ClientError,
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
    match error.trouble {
        Some(Trouble::Billing) => return Verdict::Billing,
        Some(Trouble::Account) => return Verdict::Refused,
        Some(Trouble::OpaqueState) => return Verdict::OtherState,
        Some(Trouble::TooLong) => return Verdict::TooLong,
        None => {}
    }
    // A code says more than a type: to OpenAI an unknown model is an invalid request, too.
    let words = [error.code.as_deref(), error.kind.as_deref()];
    words.into_iter().flatten().find_map(by_word).unwrap_or(Verdict::Failover)
}

fn by_word(word: &str) -> Option<Verdict> {
    Some(match word {
        "rate_limit_error"
        | "rate_limit_exceeded"
        | "rate_limit_reached"
        | "usage_limit_reached"
        | "RESOURCE_EXHAUSTED" => Verdict::RateLimited,
        "overloaded_error" | "server_is_overloaded" | "overloaded" | "UNAVAILABLE" | "slow_down" => Verdict::Overloaded,
        "invalid_request_error"
        | "invalid_prompt"
        | "request_too_large"
        | "content_policy_violation"
        | "INVALID_ARGUMENT" => Verdict::ClientError,
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
        use Trouble::{Account, Billing, OpaqueState, TooLong};
        for (status, trouble, expected) in [
            (400, None, Verdict::ClientError),
            (400, Some(Billing), Verdict::Billing),
            (400, Some(Account), Verdict::Refused),
            (400, Some(OpaqueState), Verdict::OtherState),
            (400, Some(TooLong), Verdict::TooLong),
            (413, Some(TooLong), Verdict::TooLong),
            (422, Some(TooLong), Verdict::TooLong),
            (429, Some(TooLong), Verdict::RateLimited),
            (500, Some(TooLong), Verdict::Failover),
            (413, None, Verdict::ClientError),
            (422, None, Verdict::ClientError),
            (401, None, Verdict::Refused),
            (401, Some(Billing), Verdict::Billing),
            (403, None, Verdict::Forbidden),
            (403, Some(Account), Verdict::Refused),
            (404, None, Verdict::NotHere),
            (404, Some(OpaqueState), Verdict::OtherState),
            (402, None, Verdict::Billing),
            (408, None, Verdict::Failover),
            (429, None, Verdict::RateLimited),
            (429, Some(Billing), Verdict::Billing),
            (429, Some(OpaqueState), Verdict::RateLimited),
            (500, None, Verdict::Failover),
            (500, Some(Account), Verdict::Failover),
            (502, None, Verdict::Failover),
            (503, Some(Billing), Verdict::Overloaded),
            (529, None, Verdict::Overloaded),
            (302, None, Verdict::Failover),
        ] {
            let error = ProviderError { trouble, ..ProviderError::default() };
            assert_eq!(verdict(StatusCode::from_u16(status).unwrap(), &error), expected, "{status} {trouble:?}");
        }
    }

    #[test]
    fn errors_in_answers() {
        let error = |status, kind: &str, code: &str, trouble| ProviderError {
            status,
            kind: Some(kind.to_owned()),
            code: Some(code.to_owned()),
            trouble,
            ..ProviderError::default()
        };
        for (error, expected) in [
            (error(Some(429), "", "", None), Verdict::RateLimited),
            (error(Some(400), "INVALID_ARGUMENT", "", None), Verdict::ClientError),
            (error(Some(503), "UNAVAILABLE", "", None), Verdict::Overloaded),
            (error(None, "rate_limit_error", "", None), Verdict::RateLimited),
            (error(None, "", "rate_limit_exceeded", None), Verdict::RateLimited),
            (error(None, "insufficient_quota", "insufficient_quota", Some(Trouble::Billing)), Verdict::Billing),
            (error(None, "overloaded_error", "", None), Verdict::Overloaded),
            (error(None, "", "server_is_overloaded", None), Verdict::Overloaded),
            (error(None, "", "context_length_exceeded", Some(Trouble::TooLong)), Verdict::TooLong),
            (error(None, "invalid_request_error", "", None), Verdict::ClientError),
            (error(None, "authentication_error", "", Some(Trouble::Account)), Verdict::Refused),
            (error(None, "", "", Some(Trouble::OpaqueState)), Verdict::OtherState),
            (error(Some(400), "", "", Some(Trouble::Account)), Verdict::Refused),
            (error(None, "usage_limit_reached", "", None), Verdict::RateLimited),
            (error(None, "not_found_error", "", None), Verdict::NotHere),
            (error(None, "invalid_request_error", "model_not_found", None), Verdict::NotHere),
            (error(None, "invalid_request_error", "unheard_of", None), Verdict::ClientError),
            (error(None, "permission_error", "", None), Verdict::Forbidden),
            (error(Some(403), "PERMISSION_DENIED", "", None), Verdict::Forbidden),
            (error(None, "server_error", "server_error", None), Verdict::Failover),
            (error(None, "api_error", "", None), Verdict::Failover),
        ] {
            assert_eq!(verdict_in_answer(&error), expected, "{error:?}");
        }
    }
}
