//! Notes, and what is switched off.

use http::Method;
use llmio_conformance::client::Call;
use llmio_conformance::config::{Config, association};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed() -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream-secret").await.expect("a provider");
    let mut config = Config::new().upstream("spare", Dialect::Chat, &upstream);
    for dialect in Dialect::ALL {
        let name = format!("{dialect:?}");
        config = config.upstream(&name, dialect, &upstream).model(&format!("m-{name}"), [association(&name, "ok")]);
    }
    let config = config.model("two", [association("Chat", "ok"), association("spare", "ok")]).model("m-*", []);
    (Home::start(Setup::new(config)).await, upstream)
}

async fn path_of(home: &Home, list: &str, name: &str) -> String {
    let records = home.admin(Method::GET, list, None).await.json();
    let record = records["data"].as_array().into_iter().flatten().find(|it| it["name"] == name);
    format!("{list}/{}", record.and_then(|it| it["id"].as_str()).unwrap_or_else(|| panic!("no {name} in {records}")))
}

async fn patch(home: &Home, path: &str, change: &Value) -> Value {
    let answer = home.admin(Method::PATCH, path, Some(change)).await;
    assert_eq!(answer.status, 200, "{path} {change}: {}", answer.text());
    answer.json()
}

async fn names_listed(home: &Home, dialect: Dialect) -> String {
    let path = match dialect {
        Dialect::Chat | Dialect::Responses => "/openai/v1/models",
        Dialect::Anthropic => "/anthropic/v1/models",
        Dialect::Gemini => "/gemini/v1beta/models",
    };
    let list = dialect::authorized(Call::get(&home.url(path)), dialect, dialect::KEY).send().await;
    assert_eq!(list.status, 200, "{}", list.text());
    list.text()
}

#[tokio::test]
async fn a_model_that_is_off_tells_its_clients() {
    let (home, _upstream) = bed().await;
    for dialect in Dialect::ALL {
        let model = format!("m-{dialect:?}");
        let path = path_of(&home, "/models", &model).await;
        assert_eq!(dialect::call(&home, dialect, &model, Form::Whole).send().await.status, 200);
        assert!(names_listed(&home, dialect).await.contains(&model));

        assert_eq!(patch(&home, &path, &json!({"enabled": false})).await["enabled"], false);
        for form in [Form::Whole, Form::Stream] {
            let refused = dialect::call(&home, dialect, &model, form).send().await;
            assert_eq!(refused.status, 404, "{}", refused.text());
            assert!(refused.text().contains("switched off"), "{}", refused.text());
        }
        assert!(!names_listed(&home, dialect).await.contains(&model));

        patch(&home, &path, &json!({"enabled": true})).await;
        assert_eq!(dialect::call(&home, dialect, &model, Form::Whole).send().await.status, 200);
    }
}

#[tokio::test]
async fn a_provider_that_is_off_takes_no_part() {
    let (home, _upstream) = bed().await;
    let chat = path_of(&home, "/providers", "Chat").await;
    patch(&home, &chat, &json!({"enabled": false})).await;
    for _ in 0..8 {
        let answer = dialect::call(&home, Dialect::Chat, "two", Form::Whole).send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let rows = home.trace(&answer.trace()).await;
        assert_eq!((rows.len(), &rows[0]["provider"]), (1, &json!("spare")), "{rows:?}");
    }
    assert_eq!(dialect::call(&home, Dialect::Chat, "m-Chat", Form::Whole).send().await.status, 404, "nobody is left");
    patch(&home, &chat, &json!({"enabled": true})).await;
    assert_eq!(dialect::call(&home, Dialect::Chat, "m-Chat", Form::Whole).send().await.status, 200);
}

#[tokio::test]
async fn an_association_says_which_switches_are_off() {
    let (home, _upstream) = bed().await;
    let model = path_of(&home, "/models", "m-Chat").await;
    let provider = path_of(&home, "/providers", "Chat").await;
    let shown = home.admin(Method::GET, &model, None).await.json();
    let association = format!("/associations/{}", shown["associations"][0]["id"].as_str().expect("an id"));
    for (path, field) in [(&model, "model_enabled"), (&provider, "provider_enabled"), (&association, "enabled")] {
        patch(&home, path, &json!({"enabled": false})).await;
        let alone = home.admin(Method::GET, &association, None).await.json();
        let of_its_model = home.admin(Method::GET, &model, None).await.json()["associations"][0].clone();
        for seen in [alone, of_its_model] {
            for switch in ["model_enabled", "provider_enabled", "enabled"] {
                assert_eq!(seen[switch], json!(switch != field), "{switch}: {seen}");
            }
        }
        let health = home.admin(Method::GET, "/health", None).await.json();
        let of_all = health["associations"].as_array().into_iter().flatten();
        let seen = of_all.clone().find(|it| association.ends_with(it["id"].as_str().expect("an id")));
        assert_eq!(seen.map(|it| &it["state"]), Some(&json!("off")), "{health}");
        patch(&home, path, &json!({"enabled": true})).await;
    }
    let refused = home.admin(Method::PATCH, &association, Some(&json!({"provider_enabled": false}))).await;
    assert_eq!(refused.status, 422, "the provider's own switch: {}", refused.text());
}

#[tokio::test]
async fn what_operators_note_is_kept() {
    let (home, _upstream) = bed().await;
    let provider = path_of(&home, "/providers", "spare").await;
    let change = json!({"console_url": "https://console.example.com/usage", "note": "paid by the lab\nuntil May"});
    patch(&home, &provider, &change).await;
    let model = path_of(&home, "/models", "two").await;
    let first = patch(&home, &model, &json!({"note": "for agents"})).await["associations"][0]["id"].clone();
    let association = format!("/associations/{}", first.as_str().expect("an id"));
    patch(&home, &association, &json!({"note": "the cheap one"})).await;
    let key = json!({"name": "moved", "key": "sk-from-another-gateway-wxyz", "note": "of the old one"});
    let made = home.admin(Method::POST, "/keys", Some(&key)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!((&made.json()["suffix"], &made.json()["prefix"]), (&json!("wxyz"), &json!("sk-from-a")));

    let shown = home.admin(Method::GET, &provider, None).await.json();
    assert_eq!((&shown["console_url"], &shown["note"]), (&change["console_url"], &change["note"]));
    assert!(shown["created_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
    let exported = home.admin(Method::GET, "/config", None).await;
    for text in ["paid by the lab", "for agents", "the cheap one", "of the old one", "console.example.com"] {
        assert!(exported.text().contains(text), "{text}: {}", exported.text());
    }
    let back = home.admin(Method::PUT, "/config", Some(&exported.json())).await;
    assert_eq!((back.status, &back.json()["changes"]), (200, &json!([])), "{}", back.text());

    for (path, change, field) in [
        (&provider, json!({"console_url": "javascript:alert(1)"}), "console_url"),
        (&provider, json!({"note": "x".repeat(2001)}), "note"),
        (&provider, json!({"enabled": null}), "enabled"),
        (&model, json!({"note": "\u{0}"}), "note"),
        (&association, json!({"note": 5}), "note"),
    ] {
        let refused = home.admin(Method::PATCH, path, Some(&change)).await;
        assert_eq!((refused.status, &refused.json()["error"]["field"]), (422, &json!(field)), "{}", refused.text());
    }
}
