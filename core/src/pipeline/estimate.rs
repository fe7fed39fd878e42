use http::{HeaderValue, Response, header};

use super::call::Call;
use super::translation;
use crate::dialect::GatewayError;
use crate::dialect::hub::{Ledger, Refusal, estimate, parse_body};
use crate::platform::Body;
use crate::record::Operation;

/// The answer to a counting request that nobody can count: about how many tokens it has, marked as such. `None` for
/// another operation.
pub(super) fn estimated(call: &Call) -> Option<Result<Response<Body>, GatewayError>> {
    if call.operation != Operation::CountTokens {
        return None;
    }
    let counted = || {
        let mut response = Response::new(Body::from((call.dialect.codec().encode_count)(tokens(call)?)));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut told = Ledger::default();
        told.approximated(translation::COUNT);
        if let Ok(value) = HeaderValue::try_from(told.to_string()) {
            headers.insert(translation::HEADER, value);
        }
        Ok(response)
    };
    Some(counted())
}

/// About how many tokens the call has.
pub(super) fn tokens(call: &Call) -> Result<u64, Refusal> {
    let tree = parse_body(&call.body)?;
    Ok(estimate(&(call.dialect.codec().decode_request)(&tree, &mut Ledger::default())?))
}
