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
    let codec = call.dialect.codec();
    let counted = || {
        let tree = parse_body(&call.body).map_err(Refusal::from)?;
        let request = (codec.decode_request)(&tree, &mut Ledger::default())?;
        let mut response = Response::new(Body::from((codec.encode_count)(estimate(&request))));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(translation::HEADER, HeaderValue::from_static("approximated=count_tokens"));
        Ok(response)
    };
    Some(counted())
}
