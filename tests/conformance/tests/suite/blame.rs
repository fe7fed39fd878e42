//! Whose fault is it? Account troubles are the operator's, whatever their status; and what is the operator's stays here.

use llmio_conformance::client::Call;
use llmio_conformance::config::Config;
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_upstream::answer::Part;
use llmio_upstream::replay::{Ending, Piece, Replay};
use llmio_upstream::{Behaviour, Dialect, Fault, ProviderError};
use serde_json::{Value, json};

use crate::scripted::{Bed, Case, FAILING_KEY, all_hold, ensure, events, forms, text_of};

use Dialect::{Anthropic, Chat, Gemini, Responses};
use Form::{Stream, Whole};

fn body(dialect: Dialect, status: u16, message: &str) -> Value {
    ProviderError::new(status, message).body(dialect)
}

/// Refuses nothing but what it was asked with: the account, its place, its money. What the log must say of it is last.
fn account_troubles() -> Vec<(Dialect, u16, Value, &'static str)> {
    let mut invalid_key = body(Gemini, 400, "API key not valid. Please pass a valid API key.");
    invalid_key["error"]["details"] = json!([{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
        "metadata": {"service": "generativelanguage.googleapis.com"}
    }]);
    let mut abroad = body(Gemini, 400, "User location is not supported for the API use.");
    abroad["error"]["status"] = json!("FAILED_PRECONDITION");
    let no_balance = json!({"error": {
        "message": "Insufficient Balance", "type": "unknown_error", "param": null, "code": "invalid_request_error"
    }});
    let no_credit = "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to \
                     upgrade or purchase credits.";
    let limited =
        "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.";
    let mut rows = vec![
        (Anthropic, 400, body(Anthropic, 400, no_credit), "credit balance"),
        (Anthropic, 400, body(Anthropic, 400, limited), "usage limits"),
        (Chat, 402, no_balance.clone(), "Insufficient Balance"),
        (Chat, 400, no_balance, "Insufficient Balance"),
        (Gemini, 400, invalid_key, "API key not valid"),
        (Gemini, 400, abroad, "User location"),
    ];
    for dialect in Dialect::ALL {
        rows.push((dialect, 401, body(dialect, 401, "The credential was revoked."), "was revoked"));
        rows.push((dialect, 403, body(dialect, 403, "Your account may not use this model."), "may not use"));
    }
    rows
}

/// A client whose own key is good must not be told to log in, nor to try again.
#[tokio::test]
async fn account_troubles_are_not_the_clients() {
    let troubles = account_troubles();
    let mut cases = Vec::new();
    for (index, (dialect, status, body, words)) in troubles.iter().enumerate() {
        for form in forms(*dialect) {
            let answer = Replay::whole(*status, "application/json", body.to_string());
            cases.push((Case::new(*dialect, form, &format!("{index}-{status}"), answer), *words));
        }
    }
    let bed = Bed::new(cases.iter().map(|(case, _)| case)).await;
    all_hold(cases.iter().map(|(case, _)| case), async |case| {
        let words = cases.iter().find(|(it, _)| it.name == case.name).expect("its row").1;
        let pair = bed.pair(case).await;
        pair.failed_over(case)?;
        ensure(pair.error().contains(words), || pair.told("expected the cause in the log"))?;
        let alone = bed.alone(case).await;
        alone.made(case, 502)?;
        ensure(alone.rows.len() == 1 && alone.error().contains(words), || alone.told("expected the cause in the log"))?;
        let retry = alone.answer.header("x-should-retry");
        ensure(retry == Some("false"), || alone.told(&format!("expected x-should-retry: false, not {retry:?}")))?;
        ensure(alone.answer.header("retry-after").is_none(), || alone.told("expected no Retry-After"))
    })
    .await;
}

/// State that only its maker can read: another may be it; alone, the client drops the state at these very words.
#[tokio::test]
async fn a_refusal_of_opaque_state_asks_others() {
    let openai = |code: &str, message: &str| json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}});
    let rows = [
        (
            Responses,
            400,
            openai("invalid_encrypted_content", "The encrypted content gAAA could not be verified."),
            "encrypted",
        ),
        (
            Responses,
            400,
            openai("previous_response_not_found", "Previous response with id 'resp_1' not found."),
            "previous",
        ),
        (
            Responses,
            404,
            openai("previous_response_not_found", "Previous response with id 'resp_1' not found."),
            "previous-404",
        ),
        (
            Anthropic,
            400,
            body(Anthropic, 400, "messages.1.content.0: Invalid `signature` in `thinking` block"),
            "signature",
        ),
    ];
    let mut cases = Vec::new();
    for (dialect, status, body, what) in rows {
        for form in Form::BOTH {
            let answer = Replay::whole(status, "application/json", body.to_string());
            cases.push((Case::new(dialect, form, what, answer), status, body.to_string()));
        }
    }
    let bed = Bed::new(cases.iter().map(|(case, _, _)| case)).await;
    all_hold(cases.iter().map(|(case, _, _)| case), async |case| {
        let (_, status, body) = cases.iter().find(|(it, _, _)| it.name == case.name).expect("its row");
        bed.pair(case).await.failed_over(case)?;
        let alone = bed.alone(case).await;
        let same = alone.answer.status == *status && alone.answer.body == body.as_bytes();
        ensure(same, || alone.told("expected the provider's own answer, word for word"))
    })
    .await;
}

/// Answers that hold the provider's key, wherever one may stand.
fn echoes(dialect: Dialect) -> Vec<Case> {
    let says = format!("Incorrect API key provided: {FAILING_KEY}. You can find yours on the website.");
    let mut cases = Vec::new();
    for form in forms(dialect) {
        for status in [200, 400, 401, 404, 429, 500] {
            let error = Replay::whole(status, "application/json", body(dialect, status.max(400), &says).to_string());
            cases.push(Case::new(dialect, form, &format!("{status}"), error));
        }
        let page = Replay::whole(500, "text/plain", format!("panic: no such key {FAILING_KEY}\n"));
        cases.push(Case::new(dialect, form, "page", page));
    }
    let error = match dialect {
        Chat => format!("data: {}\n\n", body(dialect, 500, &says)),
        Responses => {
            let error = json!({
                "type": "error", "code": "server_error", "message": says, "param": null, "sequence_number": 9
            });
            format!("event: error\ndata: {error}\n\n")
        }
        Anthropic => format!("event: error\ndata: {}\n\n", body(dialect, 500, &says)),
        Gemini => body(dialect, 500, &says).to_string(),
    };
    let events = events(dialect, Stream, &Behaviour::default());
    let output = events.iter().position(|event| event.part == Part::Output).expect("output");
    let begun: String = events[..=output].iter().map(text_of).collect();
    for (what, before, chunk_bytes) in [("first", "", None), ("later", begun.as_str(), None), ("bits", &begun, Some(7))]
    {
        let pieces = [before.into(), Piece::PauseMs(50), Piece::from(error.clone())];
        let stream = Replay { chunk_bytes, ..Replay::stream(pieces, Ending::Complete) };
        cases.push(Case::new(dialect, Stream, &format!("event-{what}"), stream));
    }
    let mut in_header = Behaviour::fault(Fault::Internal);
    in_header.headers.insert("x-echo".to_owned(), format!("Bearer {FAILING_KEY}"));
    cases.push(Case::new(dialect, Whole, "header", in_header));
    cases
}

#[tokio::test]
async fn no_providers_key_reaches_anybody() {
    let cases: Vec<Case> = Dialect::ALL.into_iter().flat_map(echoes).collect();
    let logging = "sk-logging-key-of-the-suite";
    let config = Config::new().key(json!({"name": "logging", "key": logging, "log_io": true}));
    let bed = Bed::with(config, &cases, &json!({}), &json!({})).await;
    all_hold(&cases, async |case| {
        for model in [format!("alone-{}", case.name), format!("pair-{}", case.name)] {
            for key in [KEY, logging] {
                let url = bed.home.url(&dialect::path(case.dialect, &model, case.form));
                let call = dialect::authorized(Call::post(&url), case.dialect, key);
                let answer = call.json(&dialect::body(case.dialect, &model, case.form)).send().await;
                let seen = format!("{:?} {}", answer.headers, answer.text());
                ensure(!seen.contains(FAILING_KEY), || format!("the client sees it: {seen}"))?;
                for row in bed.home.trace(&answer.trace()).await {
                    let id = row["id"].as_str().unwrap_or_default();
                    let log = bed.home.admin(http::Method::GET, &format!("/logs/{id}"), None).await.text();
                    ensure(!log.contains(FAILING_KEY), || format!("it is in the log: {log}"))?;
                }
            }
        }
        Ok(())
    })
    .await;
}

/// Where to go, who to be and what to forget is between the gateway and its provider.
#[tokio::test]
async fn headers_about_the_connection_stay_here() {
    let headers = [
        ("location", "https://elsewhere.example/"),
        ("www-authenticate", "Bearer realm=\"provider\""),
        ("refresh", "0; url=https://elsewhere.example/"),
        ("clear-site-data", "\"*\""),
        ("set-cookie", "session=1"),
    ];
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in forms(dialect) {
            for fault in [None, Some(Fault::ContextLength), Some(Fault::RateLimited), Some(Fault::Internal)] {
                let mut answer = fault.map_or_else(Behaviour::default, Behaviour::fault);
                answer.headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                answer.headers.insert("x-stays".to_owned(), "yes".to_owned());
                let what = fault.map_or("ok", Fault::as_str);
                cases.push(Case::new(dialect, form, what, answer));
            }
        }
    }
    let bed = Bed::new(&cases).await;
    all_hold(&cases, async |case| {
        let alone = bed.alone(case).await;
        ensure(alone.answer.header("x-stays") == Some("yes"), || alone.told("expected the provider's own answer"))?;
        for (name, _) in headers {
            ensure(alone.answer.header(name).is_none(), || alone.told(&format!("expected no {name}")))?;
        }
        Ok(())
    })
    .await;
}

/// The log has a provider's error message, shortened; pages and other texts only where the key asks for bodies.
#[tokio::test]
async fn the_log_says_no_more_than_the_error_message() {
    const INNARDS: &str = "db-7.internal.example";
    let long = format!("Something broke. {}{INNARDS}", "And more. ".repeat(300));
    let page = format!("<html><head><title>502</title></head><body>Bad gateway at {INNARDS}</body></html>");
    let trace = format!("Traceback (most recent call last): connection refused to {INNARDS}");
    let mut cases = Vec::new();
    for dialect in Dialect::ALL {
        for form in forms(dialect) {
            let error = body(dialect, 500, &long).to_string();
            cases.push(Case::new(dialect, form, "long", Replay::whole(500, "application/json", error)));
            for status in [200, 500, 502] {
                let html = Replay::whole(status, "text/html", page.clone());
                cases.push(Case::new(dialect, form, &format!("page-{status}"), html));
                let plain = Replay::whole(status, "text/plain", trace.clone());
                cases.push(Case::new(dialect, form, &format!("plain-{status}"), plain));
            }
            let broken = Replay::whole(500, "application/json", format!("{{\"error\": \"{trace}"));
            cases.push(Case::new(dialect, form, "broken", broken));
        }
    }
    let logging = "sk-logging-key-of-the-suite";
    let config = Config::new().key(json!({"name": "logging", "key": logging, "log_io": true}));
    let bed = Bed::with(config, &cases, &json!({}), &json!({})).await;
    all_hold(&cases, async |case| {
        for key in [KEY, logging] {
            let model = format!("alone-{}", case.name);
            let url = bed.home.url(&dialect::path(case.dialect, &model, case.form));
            let call = dialect::authorized(Call::post(&url), case.dialect, key);
            let answer = call.json(&dialect::body(case.dialect, &model, case.form)).send().await;
            let row = bed.home.trace(&answer.trace()).await.remove(0);
            let error = row["error"].as_str().unwrap_or_default();
            let fits = (1..=500).contains(&error.chars().count()) && !error.contains(INNARDS);
            ensure(fits, || format!("recorded: {error:?}"))?;
            if case.name.ends_with("long") {
                ensure(error.starts_with("Something broke. And more."), || format!("recorded: {error:?}"))?;
                ensure(answer.text().contains(INNARDS), || "expected the provider's own answer".to_owned())?;
            }
            let id = row["id"].as_str().unwrap_or_default();
            let log = bed.home.admin(http::Method::GET, &format!("/logs/{id}"), None).await.text();
            // Whoever asks for bodies has what the client got.
            let fits = match key {
                KEY => !log.contains(INNARDS),
                _ => log.contains(INNARDS) || !answer.text().contains(INNARDS),
            };
            ensure(fits, || format!("bodies for {key}: {log}"))?;
        }
        Ok(())
    })
    .await;
}
