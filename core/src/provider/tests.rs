use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::config::{Provider, Secret};
use crate::platform::Payload;

fn prepared(kind: ProviderType, key: &str, version: Option<&str>, client: &str) -> Result<HeaderMap, GatewayError> {
    let provider = Provider {
        id: "p".to_owned(),
        name: "p".to_owned(),
        kind,
        base_url: "https://provider.example/v1".to_owned(),
        also: Vec::new(),
        api_key: Secret::new(key),
        version: version.map(str::to_owned),
        proxy: None,
        error_matcher: Vec::new(),
        console_url: None,
        note: String::new(),
        enabled: true,
    };
    let client = client
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap()));
    let mut request = HttpRequest::new(Payload::from(Bytes::new()));
    kind.prepare(&mut request, &Upstream::compile(provider).unwrap(), &client.collect())?;
    Ok(request.into_parts().0.headers)
}

#[test]
fn paths() {
    let rows = [
        (ProviderType::OpenAi, "m", "/chat/completions"),
        (ProviderType::OpenAiRes, "m", "/responses"),
        (ProviderType::Anthropic, "m", "/messages"),
        (ProviderType::Gemini, "gemini-3-pro", "/models/gemini-3-pro:streamGenerateContent"),
        (ProviderType::Gemini, "models/g", "/models/g:streamGenerateContent"),
        (ProviderType::Gemini, "tunedModels/t", "/tunedModels/t:streamGenerateContent"),
        (ProviderType::Gemini, "a/b:free", "/models/a/b:free:streamGenerateContent"),
        (ProviderType::Gemini, "a?key=x#%2e", "/models/a%3Fkey%3Dx%23%252e:streamGenerateContent"),
    ];
    for (kind, model, path) in rows {
        assert_eq!(kind.generate_path(model, true).unwrap(), path);
    }
    for model in ["", "..", "../x", "a/../b", "a//b", "/a", "models/"] {
        assert!(ProviderType::Gemini.generate_path(model, false).is_err(), "{model}");
    }
    assert_eq!(ProviderType::Gemini.count_tokens_path("g").unwrap(), "/models/g:countTokens");
    assert_eq!(ProviderType::Anthropic.count_tokens_path("c").unwrap(), "/messages/count_tokens");
    assert_eq!(ProviderType::OpenAiRes.count_tokens_path("g").unwrap(), "/responses/input_tokens");
    assert_eq!(ProviderType::OpenAi.count_tokens_path("g").unwrap_err().kind, ErrorKind::NotImplemented);
}

#[test]
fn credentials_are_sensitive() {
    let rows = [
        (ProviderType::OpenAi, "authorization", "Bearer k"),
        (ProviderType::OpenAiRes, "authorization", "Bearer k"),
        (ProviderType::Anthropic, "x-api-key", "k"),
        (ProviderType::Gemini, "x-goog-api-key", "k"),
    ];
    for (kind, name, value) in rows {
        let headers = prepared(kind, "k", None, "").unwrap();
        assert_eq!(headers[name].to_str().unwrap(), value);
        assert!(headers[name].is_sensitive());
        assert!(!prepared(kind, "", None, "").unwrap().contains_key(name), "a provider without a key");
        let error = prepared(kind, "line\nbreak", None, "").unwrap_err();
        assert!(error.message.contains("`p`") && !error.message.contains("break"), "{error}");
    }
}

#[test]
fn a_version_for_anthropic_is_always_named() {
    for (client, provider, expected) in [
        ("", None, "2023-06-01"),
        ("", Some("2024-01-01"), "2024-01-01"),
        ("anthropic-version: 2026-10-21", Some("2024-01-01"), "2026-10-21"),
    ] {
        let headers = prepared(ProviderType::Anthropic, "k", provider, client).unwrap();
        assert_eq!(headers["anthropic-version"], expected);
    }
    let headers = prepared(ProviderType::Anthropic, "k", None, "anthropic-beta: one\nanthropic-beta: two").unwrap();
    assert_eq!(headers.get_all("anthropic-beta").iter().count(), 2);
    assert!(prepared(ProviderType::OpenAi, "k", None, "anthropic-beta: one").unwrap().get("anthropic-beta").is_none());
}

/// What a dialect's own clients need always passes, and nothing else.
#[test]
fn headers_of_a_dialects_own_clients() {
    let client = "openai-beta: a\noriginator: codex_cli_rs\nsession-id: s\nsession_id: s\n\
                  x-openai-internal-codex-responses-lite: true\nx-codex-window-id: w\nx-codex-turn-metadata: {}\n\
                  x-goog-api-client: g\nanthropic-beta: b\nanthropic-version: v\nauthorization: Bearer mine\nx-other: o";
    let openai = [
        "openai-beta",
        "originator",
        "session-id",
        "session_id",
        "x-codex-window-id",
        "x-openai-internal-codex-responses-lite",
    ];
    for (kind, expected) in [
        (ProviderType::OpenAi, &openai[..]),
        (ProviderType::OpenAiRes, &openai),
        (ProviderType::Gemini, &["x-goog-api-client"]),
        (ProviderType::Anthropic, &["anthropic-beta", "anthropic-version"]),
    ] {
        let headers = prepared(kind, "", None, client).unwrap();
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{kind:?}");
    }
}

#[test]
fn urls() {
    let rows = [
        ("https://h/v1", "/messages", None, "https://h/v1/messages"),
        ("https://h/v1", "/messages", Some("beta=true"), "https://h/v1/messages?beta=true"),
        ("https://h/d?api-version=1", "/chat/completions", None, "https://h/d/chat/completions?api-version=1"),
        ("https://h/d?v=1", "/models?limit=9", Some("a=b&c"), "https://h/d/models?v=1&limit=9&a=b&c"),
        ("https://h/d?", "/models", Some(""), "https://h/d/models"),
    ];
    for (base, path, query, expected) in rows {
        assert_eq!(join(base, path, query), expected);
    }
}

#[test]
fn model_lists() {
    let rows = [
        (ProviderType::OpenAi, r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#, vec!["a", "b"], None),
        (ProviderType::OpenAi, r#"[{"id":"a"}]"#, vec!["a"], None),
        (ProviderType::OpenAi, r#"{"models":["a",{"name":"b"},{"x":1}]}"#, vec!["a", "b"], None),
        (ProviderType::OpenAi, r#"{"data":[{"id":""},{"id":"a"},{"id":" "},""]}"#, vec!["a"], None),
        (ProviderType::Gemini, r#"{"models":[{"name":"models/"},{"name":"models/g"}]}"#, vec!["g"], None),
        (ProviderType::Anthropic, r#"{"data":[{"id":"c"}],"has_more":true,"last_id":"c"}"#, vec!["c"], Some("c")),
        (ProviderType::Anthropic, r#"{"data":[{"id":"c"}],"has_more":false,"last_id":"c"}"#, vec!["c"], None),
        (ProviderType::Gemini, r#"{"models":[{"name":"models/g"}],"nextPageToken":"t="}"#, vec!["g"], Some("t=")),
    ];
    for (kind, body, names, next) in rows {
        let page = kind.read_models(body.as_bytes()).unwrap();
        assert_eq!(
            (page.models.iter().map(|model| model.name.as_str()).collect(), page.next.as_deref()),
            (names, next),
            "{body}"
        );
    }
    assert_eq!(ProviderType::Gemini.models_path(Some("t=")), "/models?pageSize=1000&pageToken=t%3D");
    for body in ["<html>", "{}", "{\"data\":5}"] {
        assert!(ProviderType::OpenAi.read_models(body.as_bytes()).is_err(), "{body}");
    }
}
