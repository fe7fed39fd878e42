use http::{HeaderMap, Method};

use crate::Dialect;

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) dialect: Dialect,
    pub(crate) operation: Operation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Generate,
    /// Gemini puts the model and the kind of answer in the path.
    GenerateGemini {
        model: String,
        stream: bool,
        sse: bool,
    },
    CountTokens,
    CountTokensGemini {
        model: String,
    },
    ListModels,
    Model(String),
}

impl Route {
    pub(crate) fn find(method: &Method, path: &str, query: &str, headers: &HeaderMap) -> Option<Self> {
        let route = |dialect, operation| Some(Self { dialect, operation });
        if let Some(rest) = path.strip_prefix("/v1beta/models") {
            return Self::gemini(method, rest, query);
        }
        let lists = if headers.contains_key("anthropic-version") { Dialect::Anthropic } else { Dialect::Chat };
        match (method, path) {
            (&Method::POST, "/v1/chat/completions") => route(Dialect::Chat, Operation::Generate),
            (&Method::POST, "/v1/responses") => route(Dialect::Responses, Operation::Generate),
            (&Method::POST, "/v1/responses/input_tokens") => route(Dialect::Responses, Operation::CountTokens),
            (&Method::POST, "/v1/messages") => route(Dialect::Anthropic, Operation::Generate),
            (&Method::POST, "/v1/messages/count_tokens") => route(Dialect::Anthropic, Operation::CountTokens),
            (&Method::GET, "/v1/models") => route(lists, Operation::ListModels),
            (&Method::GET, _) => route(lists, Operation::Model(path.strip_prefix("/v1/models/")?.to_owned())),
            // Google serves the same methods under /v1.
            (&Method::POST, _) => Self::gemini(method, path.strip_prefix("/v1/models")?, query),
            _ => None,
        }
    }

    fn gemini(method: &Method, rest: &str, query: &str) -> Option<Self> {
        let sse = query.split('&').any(|pair| pair == "alt=sse");
        let operation = match (method, rest.strip_prefix('/')) {
            (&Method::GET, None) if rest.is_empty() => Operation::ListModels,
            (&Method::GET, Some(id)) => Operation::Model(id.to_owned()),
            (&Method::POST, Some(call)) => {
                let (model, verb) = call.rsplit_once(':')?;
                let model = model.to_owned();
                match verb {
                    "generateContent" => Operation::GenerateGemini { model, stream: false, sse: false },
                    "streamGenerateContent" => Operation::GenerateGemini { model, stream: true, sse },
                    "countTokens" => Operation::CountTokensGemini { model },
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some(Self { dialect: Dialect::Gemini, operation })
    }

    /// The dialect whose error body an unknown path gets.
    pub(crate) fn dialect_of_path(path: &str) -> Dialect {
        if path.starts_with("/v1beta") {
            Dialect::Gemini
        } else if path.starts_with("/v1/messages") {
            Dialect::Anthropic
        } else {
            Dialect::Chat
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_dialect_and_operation() {
        let gemini = |model: &str, stream, sse| Operation::GenerateGemini { model: model.to_owned(), stream, sse };
        let rows = [
            (Method::POST, "/v1/chat/completions", "", Some((Dialect::Chat, Operation::Generate))),
            (Method::POST, "/v1/messages", "beta=true", Some((Dialect::Anthropic, Operation::Generate))),
            (Method::POST, "/v1beta/models/m:generateContent", "", Some((Dialect::Gemini, gemini("m", false, false)))),
            (
                Method::POST,
                "/v1beta/models/tool:f:streamGenerateContent",
                "alt=sse",
                Some((Dialect::Gemini, gemini("tool:f", true, true))),
            ),
            (Method::GET, "/v1beta/models/m", "", Some((Dialect::Gemini, Operation::Model("m".to_owned())))),
            (Method::GET, "/v1/models", "", Some((Dialect::Chat, Operation::ListModels))),
            (Method::POST, "/v1beta/models/m:unknown", "", None),
            (Method::GET, "/v1/chat/completions", "", None),
        ];
        for (method, path, query, expected) in rows {
            let seen = Route::find(&method, path, query, &HeaderMap::new()).map(|r| (r.dialect, r.operation));
            assert_eq!(seen, expected, "{method} {path}");
        }
    }
}
