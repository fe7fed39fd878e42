//! A database of the original LLMIO in the place of ours: its clients are served as before.

use llmio_conformance::client::Call;
use llmio_conformance::dialect::{self, Form};
use llmio_conformance::{Home, Kind, Setup, process, sqld};
use llmio_original::{APP_KEY, EXPIRED_KEY, OFF_KEY, SCOPED_KEY, Spec, make};
use llmio_upstream::{Dialect, Upstream};
use serde_json::Value;

#[tokio::test]
async fn clients_of_the_original_are_served_under_their_keys() {
    if Kind::chosen() != Kind::Server {
        return;
    }
    let upstream = Upstream::with_key("sk-upstream").await.expect("a provider");
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("llmio.db");
    let base_url = upstream.base_url(Dialect::Chat);
    let address = base_url.strip_suffix("/v1").expect("an address that ends in /v1").to_owned();
    make(&database, &Spec { upstream: address, ..Spec::new(200) }).await.expect("a database of the original");
    let setup = Setup::new(Value::Null).env("LLMIO_DATABASE_URL", &format!("file:{}", database.display()));
    let home = Home::start_kind(Kind::Server, setup).await;
    for (path, dialect, model, key, expected) in [
        ("/openai/v1/chat/completions", Dialect::Chat, "gpt", APP_KEY, 200),
        ("/v1/chat/completions", Dialect::Chat, "gpt", APP_KEY, 200),
        ("/anthropic/v1/messages", Dialect::Anthropic, "claude", APP_KEY, 200),
        ("/v1/messages", Dialect::Anthropic, "claude", SCOPED_KEY, 200),
        ("/v1/chat/completions", Dialect::Chat, "gpt", SCOPED_KEY, 403),
        ("/v1/chat/completions", Dialect::Chat, "gpt", EXPIRED_KEY, 401),
        ("/v1/chat/completions", Dialect::Chat, "gpt", OFF_KEY, 401),
    ] {
        let body = dialect::body(dialect, model, Form::Whole);
        let call = Call::post(&home.url(path)).json(&body);
        let call = dialect::authorized(call, dialect, key);
        let answer = call.send().await;
        assert_eq!(answer.status, expected, "{path} {model} {key}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_command_brings_an_original_into_a_libsql_server() {
    const SECRET_KEY: &str = "a secret key of this test alone";
    if Kind::chosen() != Kind::ServerLibsql {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("llmio.db");
    make(&file, &Spec::new(1_200)).await.expect("a database of the original");
    let home = Home::start(Setup::new(Value::Null).env("LLMIO_SECRET_KEY", SECRET_KEY)).await;
    let server = home.sqld().expect("a libSQL server").url();
    for (round, part) in ["13 providers, 7 models", "is not imported again"].into_iter().enumerate() {
        let output = tokio::process::Command::new(process::binary("LLMIO_BIN", "llmio"))
            .args(["import", "llmio"])
            .arg(&file)
            .env("LLMIO_DATABASE_URL", &server)
            .env("LLMIO_DATABASE_TOKEN", sqld::TOKEN)
            .env("LLMIO_SECRET_KEY", SECRET_KEY)
            .output()
            .await
            .expect("the command runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains(part), "round {round}: {said}");
        assert!(round > 0 || said.contains("all of it is here, 1205 log entries"), "{said}");
    }
    // A running server obeys it within five seconds.
    let asked = || Call::get(&home.url("/v1/models")).header("authorization", &format!("Bearer {APP_KEY}")).send();
    let began = tokio::time::Instant::now();
    while asked().await.status != 200 {
        assert!(began.elapsed() < core::time::Duration::from_secs(5), "the imported keys are not obeyed");
        tokio::time::sleep(core::time::Duration::from_millis(100)).await;
    }
    assert_eq!(home.logs("session=session-4").await.len(), 12);
}
