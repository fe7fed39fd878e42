//! Secrets are set everywhere, every operation of the admin API is called, well and badly, and none lets a secret out.

use http::Method;
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup, TOKEN};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

/// In every secret but the token.
const CANARY: &str = "canary-4711-of-the-suite";

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key(&format!("sk-{CANARY}-key")).await.expect("a provider");
    let headers = json!({
        "authorization": format!("Bearer {CANARY}-bearer"), "x-portal-token": format!("{CANARY}-token"), "cookie": format!("a={CANARY}"),
    });
    let fields = json!({"headers": headers});
    let config = Config::new()
        .upstream("p", Dialect::Chat, &upstream)
        .provider(json!({
            "name": "proxied", "type": "anthropic", "base_url": "http://provider.example/v1", "api_key": CANARY,
            "proxy": format!("http://user:{CANARY}-password@127.0.0.1:9"),
        }))
        .model("m", [association_with("p", "ok", &json!({})), association_with("p", "fault:401", &fields)])
        .model("n", [association_with("proxied", "ok", &fields)])
        .key(json!({"name": "canary", "key": format!("sk-{CANARY}-client"), "log_io": true}));
    let home = Home::start(Setup::new(config).env("LLMIO_SUITE_SECRET", &format!("{CANARY}-environment"))).await;
    (home, upstream)
}

/// Checks head and body.
fn is_silent(what: &str, answer: &Answer) {
    let all = format!("{:?} {}", answer.headers, answer.text());
    for secret in [CANARY, TOKEN] {
        assert!(!all.contains(secret), "{what} lets `{secret}` out: {all}");
    }
}

/// The operations of the document: method and path, with the parameters filled.
async fn operations(home: &Home) -> Vec<(Method, String)> {
    let id_of = async |list: &str| {
        let records = home.admin(Method::GET, list, None).await.json();
        let records = records["data"].as_array().cloned().unwrap_or_default();
        records.iter().map(|it| it["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    let document = home.admin(Method::GET, "/openapi.json", None).await.json();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let path = path.strip_prefix("/api").expect("a path below /api");
        let kind = path.split('/').nth(1).unwrap_or_default();
        let ids = if path.contains("{id}") { id_of(&format!("/{kind}")).await } else { vec![String::new()] };
        assert!(!ids.is_empty(), "there is a record for {path}");
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            for id in &ids {
                let filled = path.replace("{id}", id).replace("{part}", "request").replace("{side}", "request");
                operations.push((method.clone(), filled));
            }
        }
    }
    // What deletes comes last.
    operations.sort_by_key(|(method, _)| (*method == Method::DELETE, *method != Method::GET));
    operations
}

#[tokio::test]
async fn no_operation_lets_a_secret_out() {
    let (home, upstream) = bed().await;
    // Something to show in the log: good and bad answers, with bodies.
    for model in ["m", "n", "none"] {
        let call = Call::post(&home.url(&dialect::path(Dialect::Chat, model, Form::Whole)));
        let call = dialect::authorized(call, Dialect::Chat, &format!("sk-{CANARY}-client"));
        let answer = call.json(&dialect::body(Dialect::Chat, model, Form::Whole)).send().await;
        is_silent(model, &answer);
        home.trace(&answer.trace()).await;
    }
    let operations = operations(&home).await;
    assert!(operations.len() > 40, "{operations:?}");
    for (method, path) in &operations {
        if *method == Method::GET {
            is_silent(path, &home.admin(method.clone(), path, None).await);
            let answer = home.admin(method.clone(), &format!("{path}?{CANARY}=1"), None).await;
            assert!(answer.status < 500 || answer.status == 502, "{path}: {}", answer.text());
            continue;
        }
        for body in [
            json!({}),
            json!({"name": {"secret": CANARY}}),
            json!({"api_key": [CANARY], "proxy": 5, "key": [CANARY], "headers": CANARY, "ids": CANARY}),
            json!({"api_key": format!("{CANARY} with spaces"), "type": "openai", "name": "x y"}),
            json!({"proxy": format!("{CANARY}@nowhere"), "type": "openai", "name": "z"}),
            json!({"headers": {"x-token": format!("{CANARY}\n")}, "model_id": "m", "provider_id": "p", "provider_model": "x"}),
            json!({"key": format!("{CANARY} ä"), "name": "k"}),
            json!({"providers": [{"name": "p", "type": "openai", "api_key": [CANARY]}]}),
            json!({"provider": {"name": "d", "type": "openai", "api_key": CANARY, "base_url": upstream.base_url(Dialect::Chat)},
                   "provider_model": "fault:401", "transcript": true}),
            json!({"operations": [{"op": "create", "kind": "provider", "fields": {"name": "b", "type": "openai", "api_key": CANARY}}],
                   "dry_run": true}),
            json!({"kind": "tool_call", "transcript": true}),
        ] {
            let answer = home.admin(method.clone(), path, Some(&body)).await;
            is_silent(&format!("{method} {path} {body}"), &answer);
            assert!(answer.status < 500 || answer.status == 502, "{method} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn no_client_key_opens_an_operation() {
    let (home, _upstream) = bed().await;
    for (method, path) in operations_without_records(&home).await {
        for credential in [None, Some(format!("Bearer sk-{CANARY}-client")), Some("Bearer wrong".to_owned())] {
            let mut call = Call::new(method.clone(), &home.url(&format!("/api{path}")));
            if let Some(credential) = &credential {
                call = call.header("authorization", credential);
            }
            let answer = call.json(&json!({})).send().await;
            assert_eq!(answer.status, 401, "{method} {path} {credential:?}: {}", answer.text());
            is_silent(&path, &answer);
        }
    }
}

/// Those of the document, with parameters that name nothing.
async fn operations_without_records(home: &Home) -> Vec<(Method, String)> {
    let document = home.admin(Method::GET, "/openapi.json", None).await.json();
    let paths = document["paths"].as_object().cloned().unwrap_or_default();
    let operation = |(path, methods): (String, Value)| {
        let path = path.trim_start_matches("/api").replace(['{', '}'], "x");
        let methods = methods.as_object().cloned().unwrap_or_default();
        methods
            .into_iter()
            .map(move |(method, _)| (method.to_uppercase().parse().expect("a method"), path.clone()))
            .collect()
    };
    paths.into_iter().flat_map(|it| -> Vec<(Method, String)> { operation(it) }).collect()
}
