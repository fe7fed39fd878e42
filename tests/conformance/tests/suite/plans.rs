//! What would become of a request that nobody has sent.

use http::Method;
use llmio_conformance::config::{Config, association_with};
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Setup};
use llmio_upstream::{Dialect, Upstream};
use serde_json::{Value, json};

async fn bed(strategy: &str) -> (Home, Upstream) {
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let config = Config::new()
        .upstream("chat", Dialect::Chat, &upstream)
        .upstream("gemini", Dialect::Gemini, &upstream)
        .key(json!({"name": "narrow", "key": "sk-narrow-key-of-the-suite", "models": ["other"]}))
        .model_with(
            "m",
            &json!({"strategy": strategy, "affinity": false}),
            [
                association_with("chat", "heavy", &json!({"weight": 3})),
                association_with("chat", "light", &json!({"weight": 1, "tool_call": false})),
                association_with("chat", "spare", &json!({"priority": -1})),
                association_with("chat", "off", &json!({"enabled": false})),
                association_with("gemini", "foreign", &json!({})),
            ],
        )
        .model("bare", [association_with("chat", "ok", &json!({"tool_call": false}))])
        .model_with("closed", &json!({"enabled": false}), [association_with("chat", "ok", &json!({}))]);
    (Home::start(Setup::new(config)).await, upstream)
}

async fn plan(home: &Home, question: Value) -> Value {
    let answer = home.admin(Method::POST, "/plan", Some(&question)).await;
    assert_eq!(answer.status, 200, "{question}: {}", answer.text());
    answer.json()
}

/// By the provider's name of the model: why it is excluded, and its share in percent.
fn stands(plan: &Value) -> Vec<(String, Value, f64)> {
    let candidates = plan["decision"]["candidates"].as_array().cloned().unwrap_or_default();
    let stand = |it: &Value| {
        let share = it["share"].as_f64().expect("a share");
        (it["provider_model"].as_str().expect("a name").to_owned(), it["excluded"].clone(), (share * 100.0).round())
    };
    let mut stands: Vec<_> = candidates.iter().map(stand).collect();
    stands.sort_by(|a, b| a.0.cmp(&b.0));
    stands
}

fn drawn(plan: &Value) -> Vec<u64> {
    let drawn = plan["drawn"].as_array().cloned().unwrap_or_default();
    drawn.iter().filter_map(|it| it["count"].as_u64()).collect()
}

#[tokio::test]
async fn a_plan_tells_who_would_be_asked_and_how_often() {
    let (home, _upstream) = bed("round_robin").await;
    let question = json!({"dialect": "openai_chat", "model": "m", "draws": 400});
    let plain = plan(&home, question.clone()).await;
    let expected = [
        ("foreign", json!("dialect"), 0.0),
        ("heavy", json!(null), 75.0),
        ("light", json!(null), 25.0),
        ("off", json!("disabled"), 0.0),
        ("spare", json!("tier"), 0.0),
    ];
    assert_eq!(stands(&plain), expected.map(|(name, why, share)| (name.to_owned(), why, share)), "{plain}");
    assert_eq!((&plain["model"], &plain["refusal"], &plain["draws"]), (&json!("m"), &json!(null), &json!(400)));
    assert_eq!(drawn(&plain)[..3], [300, 100, 0], "turns come to shares by weight: {plain}");

    let tools = plan(&home, json!({"dialect": "openai_chat", "model": "m", "needs": ["tool_call"], "draws": 10})).await;
    assert!(stands(&tools).contains(&("light".to_owned(), json!("capability:tool_call"), 0.0)), "{tools}");
    assert_eq!(drawn(&tools).iter().sum::<u64>(), 10);
    // The first request goes where the first drawn would have gone: nobody has taken a turn.
    let answer = dialect::call(&home, Dialect::Chat, "m", Form::Whole).send().await;
    let rows = home.trace(&answer.trace()).await;
    assert_eq!((answer.status, &rows[0]["provider_model"]), (200, &json!("heavy")), "{}", answer.text());
}

#[tokio::test]
async fn a_plan_tells_what_the_client_would_be_told() {
    let (home, _upstream) = bed("lottery").await;
    let keys = home.admin(Method::GET, "/keys", None).await.json();
    let narrow = keys["data"].as_array().expect("keys").iter().find(|key| key["name"] == "narrow").expect("a key");
    let rows = [
        (json!({"model": "nobody"}), 404, "model_not_found"),
        (json!({"model": "closed"}), 404, "model_disabled"),
        (json!({"model": "m", "key_id": narrow["id"]}), 403, "model_not_allowed"),
        (json!({"model": "bare", "needs": ["tool_call"]}), 400, "missing_capability"),
    ];
    for (mut question, status, code) in rows {
        question["draws"] = json!(5);
        question["dialect"] = json!("openai_chat");
        let told = plan(&home, question.clone()).await;
        assert_eq!((&told["refusal"]["status"], &told["refusal"]["code"]), (&json!(status), &json!(code)), "{told}");
        assert_eq!((&told["draws"], drawn(&told).len()), (&json!(0), 0), "{told}");
        assert!(stands(&told).iter().all(|(_, why, share)| !why.is_null() && *share == 0.0), "{told}");
    }
    let refused = [
        (json!({"dialect": "openai_chat", "model": ""}), "model"),
        (json!({"dialect": "openai_chat", "model": "m".repeat(257)}), "model"),
        (json!({"dialect": "openai_chat", "model": "m", "draws": 10_001}), "draws"),
        (json!({"dialect": "openai_chat", "model": "m", "needs": ["image", "image", "image", "image"]}), "needs"),
    ];
    for (question, field) in refused {
        let answer = home.admin(Method::POST, "/plan", Some(&question)).await;
        assert_eq!((answer.status, &answer.json()["error"]["field"]), (422, &json!(field)), "{}", answer.text());
    }
    let missing = json!({"dialect": "openai_chat", "model": "m", "key_id": "nobody"});
    let answer = home.admin(Method::POST, "/plan", Some(&missing)).await;
    assert_eq!((answer.status, &answer.json()["error"]["field"]), (404, &json!("key_id")), "{}", answer.text());
}
