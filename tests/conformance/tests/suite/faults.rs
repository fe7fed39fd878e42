//! Every way in which a provider fails, in every dialect, whole and streamed: alone, and with a healthy second one.

use futures_util::future::join_all;
use llmio_conformance::client::Answer;
use llmio_conformance::config::{Config, provider_type, weighted};
use llmio_conformance::dialect::{self, Form, StreamEnd};
use llmio_conformance::{Home, Setup};
use llmio_upstream::replay::Replay;
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

/// What the client sees of a failing provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// The provider's own answer, at once, although another provider is there.
    Own(u16),
    /// The other provider's answer; alone, the provider's own error.
    Hidden(u16),
    /// The other provider's answer; alone, an error of the gateway with this status, since the provider gave none.
    HiddenMade(u16),
    /// The other provider's answer; alone, a 502 of the gateway that is not to be tried again: it is not the client's
    /// account that was refused.
    Account,
    /// What came before the failure, then an error event.
    Honest,
}

use Seen::{Account, Hidden, HiddenMade, Honest, Own};

/// Fault, what a client sees of it in a stream, and in a whole answer. `None` where the fault does not exist.
#[rustfmt::skip]
const TABLE: [(Fault, Option<Seen>, Option<Seen>); 29] = [
    (Fault::HeaderStall,         Some(HiddenMade(504)), Some(HiddenMade(504))),
    (Fault::NoAnswer,            Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::RateLimited,         Some(Hidden(429)),     Some(Hidden(429))),
    (Fault::RateLimitedSeconds,  Some(Hidden(429)),     Some(Hidden(429))),
    (Fault::RateLimitedDate,     Some(Hidden(429)),     Some(Hidden(429))),
    (Fault::RateLimitedMs,       Some(Hidden(429)),     Some(Hidden(429))),
    (Fault::RateLimitedReset,    Some(Hidden(429)),     Some(Hidden(429))),
    (Fault::Billing,             Some(Account),         Some(Account)),
    (Fault::Unauthorized,        Some(Account),         Some(Account)),
    (Fault::Forbidden,           Some(Account),         Some(Account)),
    (Fault::NotFound,            Some(Hidden(404)),     Some(Hidden(404))),
    (Fault::ContextLength,       Some(Own(400)),        Some(Own(400))),
    (Fault::Internal,            Some(Hidden(500)),     Some(Hidden(500))),
    (Fault::BadGatewayPage,      Some(Hidden(502)),     Some(Hidden(502))),
    (Fault::Unavailable,         Some(Hidden(503)),     Some(Hidden(503))),
    (Fault::Overloaded,          Some(Hidden(529)),     Some(Hidden(529))),
    (Fault::ErrorBody,           Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::HtmlPage,            Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::Empty,               Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::MalformedFirst,      Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::MalformedLater,      Some(Honest),          None),
    (Fault::ErrorFirst,          Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::ErrorAfterPreamble,  Some(HiddenMade(502)), None),
    (Fault::ErrorLater,          Some(Honest),          None),
    (Fault::StallBeforeToken,    Some(HiddenMade(504)), Some(HiddenMade(504))),
    (Fault::StallAfterToken,     Some(Honest),          None),
    (Fault::CutBeforeToken,      Some(HiddenMade(502)), Some(HiddenMade(502))),
    (Fault::CutAfterToken,       Some(Honest),          None),
    (Fault::NoTerminal,          Some(Honest),          None),
];

/// Short enough to wait for in a test.
fn timeouts() -> Value {
    json!({"time_out": 4, "header_timeout": 1, "first_token_timeout": 1.5, "idle_timeout": 1})
}

struct Bed {
    home: Home,
    failing: Upstream,
    healthy: Upstream,
}

impl Bed {
    async fn new(dialect: Dialect) -> Self {
        let failing = Upstream::with_key("sk-failing").await.expect("a provider");
        let healthy = Upstream::with_key("sk-healthy").await.expect("a provider");
        let mut config = Config::new().upstream("failing", dialect, &failing).upstream("healthy", dialect, &healthy);
        for (fault, _, _) in TABLE {
            let name = fault.as_str();
            let fails = format!("fault:{name}");
            // One that is alone would be asked again after a pause; that is another table's matter.
            let mut alone = timeouts();
            alone["max_retry"] = json!(0);
            let both = [weighted("failing", &fails, 10), weighted("healthy", "ok", 1)];
            config = config.model_with(&format!("alone-{name}"), &alone, [weighted("failing", &fails, 10)]).model_with(
                &format!("pair-{name}"),
                &timeouts(),
                both,
            );
        }
        Self { home: Home::start(Setup::new(config)).await, failing, healthy }
    }

    /// One cell alone and with the healthy provider; the answer is what is wrong with it.
    async fn check(&self, dialect: Dialect, form: Form, fault: Fault, seen: Seen) -> Result<(), String> {
        let name = fault.as_str();
        let alone = dialect::call(&self.home, dialect, &format!("alone-{name}"), form).send();
        let pair = dialect::call(&self.home, dialect, &format!("pair-{name}"), form).send();
        let (alone, pair) = tokio::join!(alone, pair);
        let at = |which: &str, answer: &Answer, error: String| {
            format!("{dialect:?} {form:?} {name} {which}: {error}; got {} {:?}", answer.status, excerpt(answer))
        };
        self.check_alone(dialect, form, fault, seen, &alone).map_err(|error| at("alone", &alone, error))?;
        self.check_pair(dialect, form, seen, &pair).await.map_err(|error| at("pair", &pair, error))
    }

    fn check_alone(
        &self,
        dialect: Dialect,
        form: Form,
        fault: Fault,
        seen: Seen,
        answer: &Answer,
    ) -> Result<(), String> {
        match seen {
            Own(status) | Hidden(status) => {
                ensure(answer.status == status, || format!("expected status {status}"))?;
                if fault != Fault::BadGatewayPage {
                    dialect::error_message(dialect, answer);
                }
                let waits = answer.header("retry-after").is_some() || answer.header("retry-after-ms").is_some();
                let names_time = matches!(
                    fault,
                    Fault::RateLimitedSeconds | Fault::RateLimitedDate | Fault::RateLimitedMs | Fault::RateLimitedReset
                );
                ensure(waits || !names_time, || "expected a Retry-After".to_owned())
            }
            HiddenMade(status) => {
                ensure(answer.status == status, || format!("expected status {status}"))?;
                dialect::error_message(dialect, answer);
                Ok(())
            }
            Account => {
                ensure(answer.status == 502, || "expected status 502".to_owned())?;
                dialect::error_message(dialect, answer);
                let retry = answer.header("x-should-retry");
                ensure(retry == Some("false"), || format!("expected x-should-retry: false, not {retry:?}"))
            }
            Honest => check_honest(dialect, form, answer),
        }
    }

    async fn check_pair(&self, dialect: Dialect, form: Form, seen: Seen, answer: &Answer) -> Result<(), String> {
        let rows = self.home.trace(&answer.trace()).await;
        match seen {
            Own(status) => {
                ensure(answer.status == status, || format!("expected status {status}"))?;
                ensure(rows.len() == 1, || format!("expected one attempt: {rows:?}"))
            }
            Hidden(_) | HiddenMade(_) | Account => {
                ensure(answer.status == 200 && !answer.cut, || "expected the healthy provider's answer".to_owned())?;
                if form.streams() {
                    let end = dialect::stream_end(dialect, form, answer);
                    ensure(end == StreamEnd::Complete, || format!("expected a complete stream, not {end:?}"))?;
                }
                ensure(answer.text().contains("vider."), || "expected the healthy provider's text".to_owned())?;
                let tried: Vec<_> = rows.iter().map(|row| (&row["provider"], row["outcome"] == "success")).collect();
                let expected = [(&json!("failing"), false), (&json!("healthy"), true)];
                ensure(tried == expected, || format!("expected a failed and a good attempt: {rows:?}"))?;
                ensure(rows[0]["error"].is_string(), || format!("the failed attempt names no error: {rows:?}"))
            }
            Honest => {
                check_honest(dialect, form, answer)?;
                ensure(rows.len() == 1, || format!("nothing is repeated after the first output: {rows:?}"))?;
                let outcome = &rows[0]["outcome"];
                ensure(outcome != "success" && rows[0]["error"].is_string(), || format!("{rows:?}"))
            }
        }
    }
}

fn check_honest(dialect: Dialect, form: Form, answer: &Answer) -> Result<(), String> {
    ensure(answer.status == 200 && !answer.cut, || "expected a stream with a proper end".to_owned())?;
    ensure(answer.text().contains("Hello"), || "expected the output before the failure".to_owned())?;
    match dialect::stream_end(dialect, form, answer) {
        StreamEnd::Error(message) if !message.is_empty() => Ok(()),
        end => Err(format!("expected an error event at the end, not {end:?}")),
    }
}

fn ensure(holds: bool, error: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(error()) }
}

fn excerpt(answer: &Answer) -> String {
    answer.text().chars().rev().take(300).collect::<Vec<_>>().into_iter().rev().collect()
}

async fn fault_table(dialect: Dialect, form: Form) {
    let bed = Bed::new(dialect).await;
    let cells = TABLE.iter().filter_map(|(fault, stream, whole)| {
        let seen = if form.streams() { stream } else { whole };
        seen.map(|seen| bed.check(dialect, form, *fault, seen))
    });
    let wrong: Vec<String> = join_all(cells).await.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let refused = |upstream: &Upstream| upstream.exchanges().iter().filter(|it| it.status == Some(400)).count();
    assert_eq!(refused(&bed.healthy), 0, "the healthy provider refused a request as malformed");
    assert!(refused(&bed.failing) <= 2, "the failing provider refused requests as malformed");
}

#[tokio::test]
async fn chat_whole() {
    fault_table(Dialect::Chat, Form::Whole).await;
}

#[tokio::test]
async fn chat_stream() {
    fault_table(Dialect::Chat, Form::Stream).await;
}

#[tokio::test]
async fn responses_whole() {
    fault_table(Dialect::Responses, Form::Whole).await;
}

#[tokio::test]
async fn responses_stream() {
    fault_table(Dialect::Responses, Form::Stream).await;
}

#[tokio::test]
async fn anthropic_whole() {
    fault_table(Dialect::Anthropic, Form::Whole).await;
}

#[tokio::test]
async fn anthropic_stream() {
    fault_table(Dialect::Anthropic, Form::Stream).await;
}

#[tokio::test]
async fn gemini_whole() {
    fault_table(Dialect::Gemini, Form::Whole).await;
}

#[tokio::test]
async fn gemini_stream() {
    fault_table(Dialect::Gemini, Form::Stream).await;
}

#[tokio::test]
async fn gemini_array() {
    fault_table(Dialect::Gemini, Form::Array).await;
}

#[tokio::test]
async fn a_success_that_matches_an_error_sample_is_a_failure() {
    let sly = Upstream::with_key("sk-sly").await.expect("a provider");
    let healthy = Upstream::with_key("sk-healthy").await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        let name = dialect.as_str();
        config = config
            .provider(json!({
                "name": format!("sly-{name}"),
                "type": provider_type(dialect),
                "base_url": sly.base_url(dialect),
                "api_key": sly.key(),
                "error_matcher": "no such thing\nQuota is used up\n"
            }))
            .upstream(&format!("healthy-{name}"), dialect, &healthy)
            .model(name, [weighted(&format!("sly-{name}"), "any", 9), weighted(&format!("healthy-{name}"), "ok", 1)]);
    }
    let home = Home::start(Setup::new(config)).await;
    for dialect in Dialect::ALL {
        for form in Form::BOTH {
            // Case and white space do not count; a stream's body is a plain one here, as of a page that stands in.
            let said = "Sorry,  QUOTA is   used up for today.".to_owned();
            let replay = Replay::whole(200, "application/json", json!({"said": said}).to_string());
            let text = Behaviour { text: said, ..Behaviour::default() };
            sly.next([if form.streams() { Behaviour { replay: Some(replay), ..text } } else { text }]);
            let answer = dialect::call(&home, dialect, dialect.as_str(), form).send().await;
            assert!(
                answer.status == 200 && answer.text().contains("vider."),
                "{dialect:?} {form:?}: {}",
                answer.text()
            );
            let rows = home.trace(&answer.trace()).await;
            assert_eq!((rows.len(), &rows[0]["outcome"]), (2, &json!("provider_error")), "{rows:?}");
            assert!(rows[0]["error"].as_str().is_some_and(|error| error.to_lowercase().contains("quota")), "{rows:?}");
        }
    }
}

/// A stream that has said nothing but what the client did wrong: agents act on the provider's own words, so nobody else
/// is asked and nothing is rewritten.
#[tokio::test]
async fn an_error_event_about_the_clients_mistake_passes_word_for_word() {
    let rows = [
        (
            Dialect::Responses,
            concat!(
                "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"},\"sequence_number\":0}\n\n",
                "event: response.failed\ndata: {\"type\":\"response.failed\",\"response\":{\"id\":\"r\",\"status\":\"failed\",",
                "\"error\":{\"code\":\"context_length_exceeded\",\"message\":\"Too long\"}},\"sequence_number\":1}\n\n"
            ),
        ),
        (
            Dialect::Anthropic,
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"Too long\"}}\n\n",
        ),
    ];
    for (dialect, events) in rows {
        let (upstream, home) = pair(dialect).await;
        upstream.next([replayed(200, "text/event-stream", events)]);
        let answer = dialect::call(&home, dialect, "m", Form::Stream).send().await;
        assert_eq!((answer.status, answer.text().as_str()), (200, events), "{dialect:?}");
        let rows = home.trace(&answer.trace()).await;
        assert_eq!((rows.len(), &rows[0]["outcome"]), (1, &json!("client_error")), "{rows:?}");
    }
}

/// A client that followed one would hand its key to somebody else.
#[tokio::test]
async fn a_providers_redirect_never_reaches_the_client() {
    for dialect in Dialect::ALL {
        let (upstream, home) = pair(dialect).await;
        upstream.next([replayed(307, "text/plain", "")]);
        let answer = dialect::call(&home, dialect, "m", Form::Whole).send().await;
        assert!(answer.status == 200 && answer.text().contains("vider."), "{dialect:?}: {}", answer.text());
        upstream.always(replayed(307, "text/plain", ""));
        let answer = dialect::call(&home, dialect, "m", Form::Whole).send().await;
        assert_eq!(answer.status, 502, "{dialect:?}: {}", answer.text());
    }
}

/// A model with two associations to one scripted provider.
async fn pair(dialect: Dialect) -> (Upstream, Home) {
    let upstream = Upstream::with_key("sk-pair").await.expect("a provider");
    let config =
        Config::new().upstream("p", dialect, &upstream).model("m", [weighted("p", "ok", 9), weighted("p", "ok", 1)]);
    let home = Home::start(Setup::new(config)).await;
    (upstream, home)
}

fn replayed(status: u16, content_type: &str, body: &str) -> Behaviour {
    Replay::whole(status, content_type, body).into()
}
