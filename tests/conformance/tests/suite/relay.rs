//! What the provider receives is the client's request, and what the client receives is the provider's answer.

use core::time::Duration;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use llmio_conformance::client::{Answer, Call};
use llmio_conformance::config::{Config, association, association_with};
use llmio_conformance::dialect::{self, Form, KEY};
use llmio_conformance::{Home, Setup, sse};
use llmio_upstream::journal::{End, Exchange};
use llmio_upstream::replay::Replay;
use llmio_upstream::script::{Script, When};
use llmio_upstream::{Behaviour, Dialect, Fault, Upstream};
use serde_json::{Value, json};

const PROVIDER_KEY: &str = "sk-upstream";

struct Bed {
    home: Home,
    upstream: Upstream,
}

impl Bed {
    /// Model `m-DIALECT` for each dialect, served under the name `provider-model`.
    async fn new(fields: &Value) -> Self {
        let upstream = Upstream::with_key(PROVIDER_KEY).await.expect("a provider");
        let mut config = Config::new();
        for dialect in Dialect::ALL {
            let name = dialect.as_str();
            config = config
                .upstream(name, dialect, &upstream)
                .model(&format!("m-{name}"), [association_with(name, "provider-model", fields)]);
        }
        Self { home: Home::start(Setup::new(config)).await, upstream }
    }

    fn post(&self, dialect: Dialect, form: Form) -> Call {
        let path = dialect::path(dialect, &model(dialect), form);
        dialect::authorized(Call::post(&self.home.url(&path)), dialect, KEY)
    }

    /// Sends, expects success, and returns what the provider received.
    async fn received(&self, call: Call) -> Exchange {
        self.upstream.clear_journal();
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut exchanges = self.upstream.exchanges();
        assert_eq!(exchanges.len(), 1);
        exchanges.remove(0)
    }
}

fn model(dialect: Dialect) -> String {
    format!("m-{}", dialect.as_str())
}

/// Unusual in every way that JSON allows, and with what no description of the format knows.
fn odd_body(dialect: Dialect) -> String {
    let model = model(dialect);
    let odd = r#" "x_unknown" : {"b":1.0,"a":1e2 ,"n":12345678901234567890, "s":"\u00e9\/\"\\ é 😀","e":[],"z":null}"#;
    match dialect {
        Dialect::Chat => format!(
            "\r\n {{{odd},\n\t\"messages\":[ {{\"role\":\"user\",\"content\":\"Say \\\"model\\\": \\\"{model}\\\"\"}} ] , \"model\"  :  \"{model}\",\"stream\":false }}\n"
        ),
        Dialect::Responses => format!("{{ \"model\":\"{model}\" ,{odd}, \"input\" : \"H\\u0069\"}}"),
        Dialect::Anthropic => format!(
            "{{\"max_tokens\":64,{odd},\"messages\":[{{\"content\":[{{\"type\":\"text\",\"text\":\"{{\\\"model\\\":1}}\",\"model\":\"inner\"}}],\"role\":\"user\"}}],\"model\":\"{model}\"}}"
        ),
        Dialect::Gemini => format!("{{{odd}, \"contents\" : [{{\"parts\":[{{\"text\":\"Hi\"}}],\"role\":\"user\"}}]}}"),
    }
}

/// What the provider must receive for it: the same bytes under the provider's own name for the model.
fn spliced(dialect: Dialect, body: &str) -> String {
    let quoted = format!("\"{}\"", model(dialect));
    let Some(at) = body.rfind(&quoted).filter(|_| dialect != Dialect::Gemini) else { return body.to_owned() };
    format!("{}\"provider-model\"{}", &body[..at], &body[at + quoted.len()..])
}

#[tokio::test]
async fn a_request_passes_byte_for_byte() {
    let bed = Bed::new(&json!({})).await;
    for dialect in Dialect::ALL {
        let body = odd_body(dialect);
        let call = bed.post(dialect, Form::Whole).header("content-type", "application/json").body(body.clone());
        let seen = bed.received(call).await;
        let text = String::from_utf8_lossy(&seen.body).into_owned();
        assert_eq!(text, spliced(dialect, &body), "{dialect:?}");
        assert_eq!(seen.header("content-length"), Some(text.len().to_string().as_str()));
        if dialect == Dialect::Gemini {
            assert_eq!(seen.path, "/v1beta/models/provider-model:generateContent");
        }
    }
}

#[tokio::test]
async fn a_model_name_without_a_change_leaves_every_byte() {
    let upstream = Upstream::with_key(PROVIDER_KEY).await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, &upstream);
        config = config.model(&model(dialect), [association(dialect.as_str(), "*")]);
    }
    let bed = Bed { home: Home::start(Setup::new(config)).await, upstream };
    for dialect in Dialect::ALL {
        let body = odd_body(dialect);
        let call = bed.post(dialect, Form::Whole).header("content-type", "application/json").body(body.clone());
        let seen = bed.received(call).await;
        assert_eq!(String::from_utf8_lossy(&seen.body), body, "{dialect:?}");
    }
}

#[tokio::test]
async fn an_answer_passes_byte_for_byte() {
    let bed = Bed::new(&json!({})).await;
    for dialect in Dialect::ALL {
        for form in [Form::Whole, Form::Stream, Form::Array] {
            if form == Form::Array && dialect != Dialect::Gemini {
                continue;
            }
            for size in [0, 40, 3_000_000] {
                bed.upstream.next([Behaviour { text: text(size), ..Behaviour::default() }]);
                let mut body = dialect::body(dialect, &model(dialect), form);
                if dialect == Dialect::Chat && form.streams() {
                    body["stream_options"] = json!({"include_usage": true});
                }
                let answer = bed.post(dialect, form).json(&body).send().await;
                let own = own_answer(&bed.upstream, dialect, form, &body, size).await;
                assert_eq!(answer.status, 200);
                assert!(
                    answer.body == own.body,
                    "{dialect:?} {form:?} {size}: {} {}",
                    answer.body.len(),
                    own.body.len()
                );
                assert_eq!(answer.header("content-type"), own.header("content-type"), "{dialect:?} {form:?}");
            }
        }
    }
}

fn text(size: usize) -> String {
    "Grüße aus dem Äther. ".chars().cycle().take(size).collect()
}

/// What the provider answers when it is asked directly.
async fn own_answer(upstream: &Upstream, dialect: Dialect, form: Form, body: &Value, size: usize) -> Answer {
    upstream.next([Behaviour { text: text(size), ..Behaviour::default() }]);
    let path = match dialect {
        Dialect::Chat => "/chat/completions".to_owned(),
        Dialect::Responses => "/responses".to_owned(),
        Dialect::Anthropic => "/messages".to_owned(),
        Dialect::Gemini => format!("/models/provider-model:{}", dialect::gemini_verb(form)),
    };
    let mut body = body.clone();
    if dialect != Dialect::Gemini {
        body["model"] = json!("provider-model");
    }
    let call = Call::post(&format!("{}{path}", upstream.base_url(dialect)));
    dialect::authorized(call, dialect, PROVIDER_KEY).json(&body).send().await
}

#[tokio::test]
async fn chat_usage_is_asked_for_and_not_shown() {
    let bed = Bed::new(&json!({})).await;
    // The client's stream options, what the provider receives, whether the client sees the usage.
    let rows = [
        (Value::Null, json!({"include_usage": true}), false),
        (json!({"include_usage": false}), json!({"include_usage": true}), false),
        (json!({"include_obfuscation": false}), json!({"include_obfuscation": false, "include_usage": true}), false),
        (json!({"include_usage": true}), json!({"include_usage": true}), true),
    ];
    for (options, expected, shown) in rows {
        let mut body = dialect::body(Dialect::Chat, &model(Dialect::Chat), Form::Stream);
        if !options.is_null() {
            body["stream_options"] = options.clone();
        }
        bed.upstream.clear_journal();
        let answer = bed.post(Dialect::Chat, Form::Stream).json(&body).send().await;
        assert_eq!(bed.upstream.exchanges()[0].json()["stream_options"], expected, "{options}");
        let (events, rest) = sse::events(&answer.text());
        assert_eq!(rest, "");
        let usage = events.iter().filter(|event| event.json()["usage"].is_object()).count();
        let bare = events.iter().filter(|event| event.json()["choices"] == json!([])).count();
        assert_eq!((usage, bare), if shown { (1, 1) } else { (0, 0) }, "{options}: {}", answer.text());
        let said: String = events
            .iter()
            .filter_map(|event| event.json()["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(said, "Hello from the scripted provider.");
        assert_eq!(dialect::stream_end(Dialect::Chat, Form::Stream, &answer), dialect::StreamEnd::Complete);
        let row = bed.home.trace(&answer.trace()).await.remove(0);
        assert_eq!(row["usage"]["output_tokens"], 5, "it is metered all the same: {row}");
    }
}

#[tokio::test]
async fn extra_body_is_merged() {
    let extra = json!({"x.deep.flag": true, "x_top": [1, 2], "metadata.team": "a", "x_null": null});
    let bed = Bed::new(&json!({"extra_body": extra})).await;
    for dialect in Dialect::ALL {
        let mut body = dialect::body(dialect, &model(dialect), Form::Whole);
        body["metadata"] = json!({"user_id": "u"});
        body["x_top"] = json!("client's");
        let seen = bed.received(bed.post(dialect, Form::Whole).json(&body)).await.json();
        assert_eq!(seen["x"], json!({"deep": {"flag": true}}), "{dialect:?}");
        assert_eq!(seen["x_top"], json!([1, 2]), "{dialect:?}");
        assert_eq!(seen["metadata"], json!({"user_id": "u", "team": "a"}), "{dialect:?}");
        assert!(seen.get("x_null").is_some_and(Value::is_null), "{dialect:?}");
    }
}

#[tokio::test]
async fn headers_pass_only_as_configured() {
    let sent = [
        ("user-agent", "suite/1.0"),
        ("x-stainless-os", "Linux"),
        ("openai-beta", "responses=v1"),
        ("openai-organization", "org-1"),
        ("x-app", "cli"),
        ("anthropic-beta", "one-2025-01-01,two-2025-01-01"),
        ("x-own", "client's"),
        ("cookie", "secret=1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("x-goog-api-key", KEY),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
    ];
    for with_header in [false, true] {
        let own = json!({"with_header": with_header, "headers": {"x-own": "association's", "x-added": "yes"}});
        let bed = Bed::new(&own).await;
        for dialect in Dialect::ALL {
            let mut call = dialect::call(&bed.home, dialect, &model(dialect), Form::Whole);
            for (name, value) in sent {
                if !(dialect == Dialect::Gemini && name == "x-goog-api-key") {
                    call = call.header(name, value);
                }
            }
            let seen = bed.received(call).await;
            let passes = |yes: bool, value: &'static str| if yes { Some(value) } else { None };
            // What a dialect's own clients need passes in any case.
            let openai = matches!(dialect, Dialect::Chat | Dialect::Responses);
            for (name, is_needed) in
                [("x-stainless-os", false), ("openai-beta", openai), ("openai-organization", false), ("x-app", false)]
            {
                let value = sent.iter().find(|(sent, _)| *sent == name).map_or("", |(_, value)| value);
                assert_eq!(
                    seen.header(name),
                    passes(with_header || is_needed, value),
                    "{dialect:?} {with_header} {name}"
                );
            }
            assert_eq!(seen.header("user-agent") == Some("suite/1.0"), with_header, "{dialect:?}");
            let anthropic = dialect == Dialect::Anthropic;
            assert_eq!(
                seen.header("anthropic-beta"),
                passes(with_header || anthropic, "one-2025-01-01,two-2025-01-01"),
                "{dialect:?}"
            );
            assert_eq!(seen.header("x-own"), Some("association's"), "{dialect:?}");
            assert_eq!(seen.header("x-added"), Some("yes"), "{dialect:?}");
            // The strict provider refuses the rest by itself; x-hop it cannot know.
            if bed.home.kind().sees_connection_header() {
                assert_eq!(seen.header("x-hop"), None, "{dialect:?}: named in Connection");
            }
        }
    }
}

#[tokio::test]
async fn the_client_names_the_anthropic_version() {
    let bed = Bed::new(&json!({})).await;
    let path = dialect::path(Dialect::Anthropic, "", Form::Whole);
    let body = dialect::body(Dialect::Anthropic, &model(Dialect::Anthropic), Form::Whole);
    for (sent, expected) in
        [(Some("2023-06-01"), "2023-06-01"), (Some("2026-10-21"), "2026-10-21"), (None, "2023-06-01")]
    {
        let mut call = Call::post(&bed.home.url(&path)).header("x-api-key", KEY).json(&body);
        if let Some(version) = sent {
            call = call.header("anthropic-version", version);
        }
        assert_eq!(bed.received(call).await.header("anthropic-version"), Some(expected));
    }
}

/// A byte order mark, and more headers than most clients take by themselves.
#[tokio::test]
async fn odd_answers_arrive() {
    let bed = Bed::new(&json!({})).await;
    for (dialect, answer) in [
        (Dialect::Chat, r#"{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}"#),
        (Dialect::Responses, r#"{"status":"completed","output":[{"type":"message"}]}"#),
        (Dialect::Anthropic, r#"{"content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}"#),
        (Dialect::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#),
    ] {
        let body = format!("\u{feff}{answer}");
        let headers = (0..110).map(|number| (format!("x-odd-{number}"), number.to_string())).collect();
        let replay = Some(Replay::whole(200, "application/json", body.clone()));
        let when = When::default();
        let steps = vec![Behaviour { replay, headers, ..Behaviour::default() }];
        bed.upstream.script(Script { when, steps, repeat_last: false });
        let call = dialect::call(&bed.home, dialect, &model(dialect), Form::Whole);
        let got = call.send().await;
        assert_eq!((got.status, got.text()), (200, body), "{dialect:?}");
        assert_eq!(got.header("x-odd-109"), Some("109"), "{dialect:?}");
    }
}

#[tokio::test]
async fn compressed_requests_are_accepted() {
    let bed = Bed::new(&json!({})).await;
    for dialect in Dialect::ALL {
        let body = odd_body(dialect);
        for (encoding, packed) in encodings(body.as_bytes()) {
            let call = bed
                .post(dialect, Form::Whole)
                .header("content-type", "application/json")
                .header("content-encoding", encoding)
                .body(packed);
            let seen = bed.received(call).await;
            assert_eq!(String::from_utf8_lossy(&seen.body), spliced(dialect, &body), "{dialect:?} {encoding}");
        }
        let unknown =
            bed.post(dialect, Form::Whole).header("content-encoding", "snappy").body(body.clone()).send().await;
        assert_eq!(unknown.status, 415, "{}", unknown.text());
        dialect::error_message(dialect, &unknown);
        let junk = [&encodings(body.as_bytes())[3].1[..], b"junk"].concat();
        for (encoding, body) in [("gzip", body.into_bytes()), ("zstd", junk)] {
            let broken = bed.post(dialect, Form::Whole).header("content-encoding", encoding).body(body).send().await;
            assert_eq!(broken.status, 400, "{encoding}: {}", broken.text());
            dialect::error_message(dialect, &broken);
        }
    }
}

fn encodings(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body).expect("into memory");
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(body).expect("into memory");
    let mut brotli = Vec::new();
    brotli::BrotliCompress(&mut &*body, &mut brotli, &brotli::enc::BrotliEncoderParams::default())
        .expect("into memory");
    let zstd = |part: &[u8]| ruzstd::encoding::compress_to_vec(part, ruzstd::encoding::CompressionLevel::Fastest);
    let (begin, end) = body.split_at(body.len() / 2);
    let skippable = [&0x184d_2a53_u32.to_le_bytes()[..], &3_u32.to_le_bytes(), b"any"].concat();
    let frames = [&skippable[..], &zstd(begin), &skippable, &zstd(end)].concat();
    vec![
        ("gzip", gzip.finish().expect("into memory")),
        ("deflate", deflate.finish().expect("into memory")),
        ("br", brotli),
        ("zstd", zstd(body)),
        ("zstd", frames),
        ("identity", body.to_vec()),
        // A byte order mark is no part of the JSON.
        ("Identity", ["\u{feff}".as_bytes(), body].concat()),
    ]
}

#[tokio::test]
async fn a_small_body_that_unpacks_to_a_huge_one_is_refused() {
    let upstream = Upstream::with_key(PROVIDER_KEY).await.expect("a provider");
    let config = Config::new().upstream("p", Dialect::Chat, &upstream).model("m", [association("p", "ok")]);
    let home = Home::start(Setup::new(config).env("LLMIO_MAX_BODY_BYTES", "1000000")).await;
    let huge = format!("{{\"model\":\"m\",\"x\":\"{}\"}}", " ".repeat(5_000_000));
    for (encoding, packed) in encodings(huge.as_bytes()) {
        assert!(encoding.eq_ignore_ascii_case("identity") || packed.len() < 100_000);
        let call = Call::post(&home.url(&dialect::path(Dialect::Chat, "m", Form::Whole)));
        let call = dialect::authorized(call, Dialect::Chat, KEY).header("content-encoding", encoding).body(packed);
        let answer = call.send().await;
        assert_eq!(answer.status, 413, "{encoding}: {}", answer.text());
    }
    assert!(upstream.exchanges().is_empty());
}

#[tokio::test]
async fn big_bodies_pass_in_both_directions() {
    let bed = Bed::new(&json!({})).await;
    for dialect in Dialect::ALL {
        let filler = "0123456789abcdef".repeat(bed.home.kind().big_body_bytes() / 16);
        let body = dialect::body(dialect, &model(dialect), Form::Whole)
            .to_string()
            .replace("\"Hi\"", &format!("\"{filler}\""));
        assert!(body.len() > bed.home.kind().big_body_bytes());
        let call = bed.post(dialect, Form::Whole).header("content-type", "application/json").body(body.clone());
        let seen = bed.received(call).await;
        assert!(seen.body == spliced(dialect, &body), "{dialect:?}: {} bytes of {}", seen.body.len(), body.len());
    }
}

#[tokio::test]
async fn the_longest_pattern_wins_and_stars_pass_the_name() {
    let upstream = Upstream::with_key(PROVIDER_KEY).await.expect("a provider");
    let mut config = Config::new();
    for dialect in Dialect::ALL {
        config = config.upstream(dialect.as_str(), dialect, &upstream);
    }
    let all = |name: &'static str| Dialect::ALL.map(|dialect| association(dialect.as_str(), name));
    let config = config
        .model("*", all("*"))
        .model("gpt-*", all("from-gpt"))
        .model("gpt-5-*", all("from-gpt-5"))
        .model("gpt-5-mini", all("from-mini"));
    let home = Home::start(Setup::new(config)).await;
    for dialect in Dialect::ALL {
        for (asked, received) in [
            ("gpt-5-mini", "from-mini"),
            ("gpt-5-nano", "from-gpt-5"),
            ("gpt-4", "from-gpt"),
            ("claude-helper-9", "claude-helper-9"),
        ] {
            upstream.clear_journal();
            let answer = dialect::call(&home, dialect, asked, Form::Whole).send().await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let seen = upstream.exchanges().remove(0);
            if dialect == Dialect::Gemini {
                assert_eq!(seen.path, format!("/v1beta/models/{received}:generateContent"));
            } else {
                assert_eq!(seen.json()["model"], received, "{dialect:?} {asked}");
            }
            let row = home.trace(&answer.trace()).await.remove(0);
            assert_eq!((&row["model"], &row["provider_model"]), (&json!(asked), &json!(received)));
        }
    }
}

#[tokio::test]
async fn chunks_pass_without_delay() {
    let bed = Bed::new(&json!({})).await;
    for dialect in Dialect::ALL {
        bed.upstream.next([Behaviour::fault(Fault::StallAfterToken)]);
        let mut open =
            bed.post(dialect, Form::Stream).json(&dialect::body(dialect, &model(dialect), Form::Stream)).open().await;
        // The provider says nothing more: what it said must have come through.
        open.until("Hello").await;
    }
}

#[tokio::test]
async fn a_slow_reader_slows_the_provider() {
    let bed = Bed::new(&json!({})).await;
    let size = 40 << 20;
    bed.upstream.next([Behaviour { text: "x".repeat(size), chunks: 1000, ..Behaviour::default() }]);
    let call =
        bed.post(Dialect::Chat, Form::Stream).json(&dialect::body(Dialect::Chat, &model(Dialect::Chat), Form::Stream));
    let mut open = call.open().await;
    open.until("xxx").await;
    let finished = bed.upstream.wait_for(Duration::from_millis(700), |it| it.end == End::Finished).await;
    assert!(finished.is_none(), "the gateway took 40 MiB for a client that does not read");
    let mut rest = 0;
    while let Some(chunk) = open.next().await {
        rest += chunk.expect("an unbroken stream").len();
    }
    assert!(rest > size / 2, "{rest}");
}

#[tokio::test]
async fn a_query_passes_to_gemini_without_the_key() {
    let bed = Bed::new(&json!({})).await;
    let path = dialect::path(Dialect::Gemini, &model(Dialect::Gemini), Form::Stream);
    let call = Call::post(&bed.home.url(&path)).query(&format!("key={KEY}"));
    let body = dialect::body(Dialect::Gemini, "", Form::Stream);
    let seen = bed.received(call.json(&body)).await;
    assert_eq!(seen.path, "/v1beta/models/provider-model:streamGenerateContent?alt=sse");
    assert_eq!(seen.header("x-goog-api-key"), Some(PROVIDER_KEY));
}
