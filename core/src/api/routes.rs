//! Which endpoint a path means.

use http::Method;

use crate::dialect::Dialect;

/// What a path and a method ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Inference; Gemini's path names the model and how to answer.
    Generate(Dialect, Option<GeminiCall>),
    CountTokens(Dialect, Option<String>),
    Models(Dialect),
    Model(Dialect, String),
    /// The WebSocket form of the Responses API, which we refuse so that clients take to HTTP.
    Socket,
    /// Clients' telemetry.
    Discard,
    /// Liveness, and clients' preflights.
    Alive,
    Ready,
    Metrics,
    Welcome,
    Admin,
    WrongMethod(Dialect),
    Unknown(Dialect),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GeminiCall {
    pub(super) model: String,
    pub(super) stream: bool,
}

impl Endpoint {
    /// Reads a path. `is_anthropic` tells that the caller sent `anthropic-version`: it decides where paths coincide.
    pub(super) fn of(method: &Method, path: &str, is_anthropic: bool) -> Self {
        // This is no proxy. The admin API says itself what it takes.
        let is_admins = path.starts_with("/api/");
        if *method == Method::CONNECT || *method == Method::TRACE && !is_admins {
            return Self::WrongMethod(Dialect::OpenAiChat);
        }
        let path = path.trim_end_matches('/');
        match path {
            "" if *method == Method::HEAD => return Self::Alive,
            "" => return Self::Welcome,
            "/healthz" | "/anthropic/api/hello" | "/api/hello" => return Self::Alive,
            "/readyz" => return Self::Ready,
            "/metrics" => return Self::Metrics,
            "/anthropic" if *method == Method::HEAD => return Self::Alive,
            _ => {}
        }
        let telemetry = path.strip_prefix("/anthropic").unwrap_or(path);
        if matches!(telemetry, "/api/event_logging/batch" | "/api/event_logging/v2/batch") {
            return Self::Discard;
        }
        let admin = path == "/api" || path.starts_with("/api/");
        if admin {
            return Self::Admin;
        }
        if let Some(rest) = path.strip_prefix("/openai/v1/") {
            return openai(method, rest);
        }
        if let Some(rest) = path.strip_prefix("/anthropic/v1/") {
            return anthropic(method, rest);
        }
        if let Some(rest) = ["/gemini/v1beta/", "/gemini/v1/", "/v1beta/"].iter().find_map(|it| path.strip_prefix(it)) {
            return gemini(method, rest);
        }
        if let Some(rest) = path.strip_prefix("/v1/") {
            return match rest.strip_prefix("models/") {
                Some(model) if model.contains(':') && *method == Method::POST => gemini(method, rest),
                _ if rest == "messages" || rest.starts_with("messages/") => anthropic(method, rest),
                Some(_) if is_anthropic => anthropic(method, rest),
                None if is_anthropic && rest == "models" => anthropic(method, rest),
                _ => openai(method, rest),
            };
        }
        Self::Unknown(match path {
            _ if path.starts_with("/anthropic/") || is_anthropic => Dialect::Anthropic,
            _ if path.starts_with("/gemini/") || path.starts_with("/v1beta") => Dialect::Gemini,
            _ => Dialect::OpenAiChat,
        })
    }

    /// Whose errors it answers with.
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Generate(dialect, _)
            | Self::CountTokens(dialect, _)
            | Self::Models(dialect)
            | Self::Model(dialect, _)
            | Self::WrongMethod(dialect)
            | Self::Unknown(dialect) => *dialect,
            Self::Socket => Dialect::OpenAiResponses,
            Self::Discard => Dialect::Anthropic,
            Self::Alive | Self::Ready | Self::Metrics | Self::Welcome | Self::Admin => Dialect::OpenAiChat,
        }
    }
}

fn openai(method: &Method, rest: &str) -> Endpoint {
    let get = *method == Method::GET || *method == Method::HEAD;
    match rest {
        "chat/completions" => post(method, Endpoint::Generate(Dialect::OpenAiChat, None)),
        "responses" if *method == Method::GET => Endpoint::Socket,
        "responses" => post(method, Endpoint::Generate(Dialect::OpenAiResponses, None)),
        "responses/input_tokens" => post(method, Endpoint::CountTokens(Dialect::OpenAiResponses, None)),
        "models" if get => Endpoint::Models(Dialect::OpenAiChat),
        "models" => Endpoint::WrongMethod(Dialect::OpenAiChat),
        _ => match rest.strip_prefix("models/") {
            Some(model) if get => Endpoint::Model(Dialect::OpenAiChat, decoded(model)),
            Some(_) => Endpoint::WrongMethod(Dialect::OpenAiChat),
            None => Endpoint::Unknown(Dialect::OpenAiChat),
        },
    }
}

fn anthropic(method: &Method, rest: &str) -> Endpoint {
    let get = *method == Method::GET || *method == Method::HEAD;
    match rest {
        "messages" => post(method, Endpoint::Generate(Dialect::Anthropic, None)),
        "messages/count_tokens" => post(method, Endpoint::CountTokens(Dialect::Anthropic, None)),
        "models" if get => Endpoint::Models(Dialect::Anthropic),
        "models" => Endpoint::WrongMethod(Dialect::Anthropic),
        _ => match rest.strip_prefix("models/") {
            Some(model) if get => Endpoint::Model(Dialect::Anthropic, decoded(model)),
            Some(_) => Endpoint::WrongMethod(Dialect::Anthropic),
            None => Endpoint::Unknown(Dialect::Anthropic),
        },
    }
}

fn gemini(method: &Method, rest: &str) -> Endpoint {
    let get = *method == Method::GET || *method == Method::HEAD;
    if rest == "models" {
        return if get { Endpoint::Models(Dialect::Gemini) } else { Endpoint::WrongMethod(Dialect::Gemini) };
    }
    let Some(rest) = rest.strip_prefix("models/") else {
        return Endpoint::Unknown(Dialect::Gemini);
    };
    let Some((model, action)) = rest.rsplit_once(':') else {
        return if get {
            Endpoint::Model(Dialect::Gemini, decoded(rest))
        } else {
            Endpoint::WrongMethod(Dialect::Gemini)
        };
    };
    let model = decoded(model);
    let endpoint = match action {
        "generateContent" => Endpoint::Generate(Dialect::Gemini, Some(GeminiCall { model, stream: false })),
        "streamGenerateContent" => Endpoint::Generate(Dialect::Gemini, Some(GeminiCall { model, stream: true })),
        "countTokens" => Endpoint::CountTokens(Dialect::Gemini, Some(model)),
        _ => return Endpoint::Unknown(Dialect::Gemini),
    };
    post(method, endpoint)
}

fn post(method: &Method, endpoint: Endpoint) -> Endpoint {
    if *method == Method::POST { endpoint } else { Endpoint::WrongMethod(endpoint.dialect()) }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
        let call = |model: &str, stream| Some(GeminiCall { model: model.to_owned(), stream });
        for (request, expected) in [
            ("POST /openai/v1/chat/completions", Endpoint::Generate(OpenAiChat, None)),
            ("POST /v1/chat/completions/", Endpoint::Generate(OpenAiChat, None)),
            ("GET /v1/chat/completions", Endpoint::WrongMethod(OpenAiChat)),
            ("POST /openai/v1/responses", Endpoint::Generate(OpenAiResponses, None)),
            ("POST /v1/responses", Endpoint::Generate(OpenAiResponses, None)),
            ("GET /v1/responses", Endpoint::Socket),
            ("GET /openai/v1/models", Endpoint::Models(OpenAiChat)),
            ("GET /v1/models", Endpoint::Models(OpenAiChat)),
            ("GET /v1/models anthropic", Endpoint::Models(Anthropic)),
            ("POST /v1/chat/completions anthropic", Endpoint::Generate(OpenAiChat, None)),
            ("POST /v1/responses anthropic", Endpoint::Generate(OpenAiResponses, None)),
            ("POST /api/event_logging/batch", Endpoint::Discard),
            ("POST /api/event_logging/v2/batch", Endpoint::Discard),
            ("POST /anthropic/api/event_logging/v2/batch", Endpoint::Discard),
            ("GET /v1/models/gpt-5", Endpoint::Model(OpenAiChat, "gpt-5".into())),
            ("GET /v1/models/a%2Fb", Endpoint::Model(OpenAiChat, "a/b".into())),
            ("GET /v1/models/ns/model:free", Endpoint::Model(OpenAiChat, "ns/model:free".into())),
            ("GET /v1/models/claude-x anthropic", Endpoint::Model(Anthropic, "claude-x".into())),
            ("POST /v1/messages", Endpoint::Generate(Anthropic, None)),
            ("POST /anthropic/v1/messages", Endpoint::Generate(Anthropic, None)),
            ("POST /v1/responses/input_tokens", Endpoint::CountTokens(OpenAiResponses, None)),
            ("POST /openai/v1/responses/input_tokens", Endpoint::CountTokens(OpenAiResponses, None)),
            ("GET /v1/responses/input_tokens", Endpoint::WrongMethod(OpenAiResponses)),
            ("POST /v1/messages/count_tokens", Endpoint::CountTokens(Anthropic, None)),
            ("GET /anthropic/v1/models", Endpoint::Models(Anthropic)),
            ("GET /anthropic/v1/models/x", Endpoint::Model(Anthropic, "x".into())),
            ("GET /gemini/v1beta/models", Endpoint::Models(Gemini)),
            ("GET /gemini/v1/models", Endpoint::Models(Gemini)),
            ("GET /v1beta/models", Endpoint::Models(Gemini)),
            ("GET /v1beta/models/g", Endpoint::Model(Gemini, "g".into())),
            ("POST /gemini/v1beta/models/g:generateContent", Endpoint::Generate(Gemini, call("g", false))),
            ("POST /gemini/v1/models/g:streamGenerateContent", Endpoint::Generate(Gemini, call("g", true))),
            ("POST /v1beta/models/a/b:free:generateContent", Endpoint::Generate(Gemini, call("a/b:free", false))),
            ("POST /v1/models/g:streamGenerateContent", Endpoint::Generate(Gemini, call("g", true))),
            ("POST /v1beta/models/g:countTokens", Endpoint::CountTokens(Gemini, Some("g".into()))),
            ("POST /v1beta/models/g:embedContent", Endpoint::Unknown(Gemini)),
            ("POST /anthropic/api/event_logging/batch", Endpoint::Discard),
            ("HEAD /anthropic/api/hello", Endpoint::Alive),
            ("HEAD /", Endpoint::Alive),
            ("CONNECT /", Endpoint::WrongMethod(OpenAiChat)),
            ("TRACE /healthz", Endpoint::WrongMethod(OpenAiChat)),
            ("TRACE /api/models", Endpoint::Admin),
            ("GET /", Endpoint::Welcome),
            ("GET /healthz", Endpoint::Alive),
            ("GET /readyz", Endpoint::Ready),
            ("GET /metrics", Endpoint::Metrics),
            ("GET /api/logs", Endpoint::Admin),
            ("POST /openai/v1/embeddings", Endpoint::Unknown(OpenAiChat)),
            ("GET /anthropic/v1/nothing", Endpoint::Unknown(Anthropic)),
            ("GET /gemini/nothing", Endpoint::Unknown(Gemini)),
            ("GET /nothing", Endpoint::Unknown(OpenAiChat)),
        ] {
            let mut words = request.split(' ');
            let method = words.next().unwrap().parse().unwrap();
            let path = words.next().unwrap();
            assert_eq!(Endpoint::of(&method, path, words.next().is_some()), expected, "{request}");
        }
    }
}
