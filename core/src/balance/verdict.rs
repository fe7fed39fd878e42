use http::StatusCode;

/// What follows from a provider's error status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client's own mistake: its answer at once, and nobody's health changes.
    ClientError,
    /// Ask another provider and count a failure.
    Failover,
    /// Ask another provider; this one works but does not have the model or the account for it. Counted as a failure.
    Refused,
    /// Over a rate limit: lower it for this request and honour its `Retry-After`.
    RateLimited,
    /// Over a spending limit: no waiting helps, so it is not asked again for this request.
    Billing,
    /// Too busy for anybody (529, 503): ask another; not this key's fault.
    Overloaded,
}

/// Reads a provider's error status. `is_billing` tells that the body names a spending limit or an empty account.
pub fn verdict(status: StatusCode, is_billing: bool) -> Verdict {
    match status.as_u16() {
        402 => Verdict::Billing,
        429 if is_billing => Verdict::Billing,
        429 => Verdict::RateLimited,
        503 | 529 => Verdict::Overloaded,
        401 | 403 | 404 => Verdict::Refused,
        408 | 409 | 425 => Verdict::Failover,
        400..=499 => Verdict::ClientError,
        _ => Verdict::Failover,
    }
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
            (403, false, Verdict::Refused),
            (404, false, Verdict::Refused),
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
            assert_eq!(verdict(StatusCode::from_u16(status).unwrap(), is_billing), expected, "{status}");
        }
    }
}
