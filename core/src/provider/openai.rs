//! OpenAI and what is compatible with it, in both of its dialects.

use http::{HeaderMap, header};

use super::{Kind, pass, set_key};
use crate::config::snapshot::Upstream;
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::HttpRequest;

pub(super) static CHAT: Kind = Kind {
    generate_path: |_, _| Ok("/chat/completions".to_owned()),
    count_tokens_path: |_| Err(cannot_count()),
    models_path,
    next_page: |_| None,
    prepare,
};

pub(super) static RESPONSES: Kind = Kind {
    generate_path: |_, _| Ok("/responses".to_owned()),
    count_tokens_path: |_| Ok("/responses/input_tokens".to_owned()),
    models_path,
    next_page: |_| None,
    prepare,
};

fn models_path(_: Option<&str>) -> String {
    "/models".to_owned()
}

fn cannot_count() -> GatewayError {
    let message = "providers of type `openai` cannot count tokens";
    GatewayError::new(ErrorKind::NotImplemented, message).code("not_supported")
}

fn prepare(request: &mut HttpRequest, upstream: &Upstream, client: &HeaderMap) -> Result<(), GatewayError> {
    pass(request, client, is_part_of_request);
    set_key(request, upstream, header::AUTHORIZATION, |key| format!("Bearer {key}"))
}

/// What OpenAI's backends decide by, as Codex sends it. Its turn metadata holds addresses of repositories, and is nobody's
/// business unless `with_header` says so.
fn is_part_of_request(header: &str) -> bool {
    match header {
        "openai-beta" | "originator" | "session-id" | "session_id" | "x-openai-internal-codex-responses-lite" => true,
        "x-codex-turn-metadata" => false,
        _ => header.starts_with("x-codex-"),
    }
}
