use bytes::Bytes;

use super::progress::{Phase, Progress};
use super::provider_error::ProviderError;
use super::what_came::what_came;
use super::{Dialect, GatewayError, Usage};
use crate::wire::json::{Capture, Elements, InvalidJson};
use crate::wire::sse::Decoder;
use crate::wire::{Event, Frame};

/// An event that spans chunks and is longer is not held, but read as it passes. The last event of Responses repeats the
/// whole answer, images included.
const EVENT_LIMIT: usize = 1 << 20;
/// So much is kept of one value in such an event.
const VALUE_LIMIT: usize = 64 * 1024;
const FOREIGN_LIMIT: usize = 8 * 1024;

/// How a stream is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamForm {
    /// Server-sent events.
    Sse,
    /// A JSON array whose elements arrive one by one: Gemini without `alt=sse`.
    JsonArray,
}

/// Watches a provider's stream: how far it has come, what it used, why it ended. It changes nothing, and nothing that it
/// cannot read is an error once there was output.
///
/// The stream is [`Phase::Complete`] with `[DONE]` (Chat), `response.completed` or `response.incomplete` (Responses),
/// `message_stop` (Anthropic), a `finishReason` or a blocked prompt (Gemini). One that ends without these, but after it
/// said why the model stopped, is complete, too, as several vendors leave them out; that is known in
/// [`StreamMeter::finish`].
#[derive(Debug)]
pub struct StreamMeter {
    dialect: Dialect,
    framing: Framing,
    progress: Progress,
    /// The event that is coming in pieces.
    long: Option<Box<Capture>>,
    failed_unheard: bool,
    /// A stream that is complete ended with an event that only lacked its blank line.
    ended_unterminated: bool,
}

#[derive(Debug)]
enum Framing {
    Sse(Decoder),
    JsonArray(Elements, Vec<u8>),
}

impl StreamMeter {
    pub fn new(dialect: Dialect, form: StreamForm) -> Self {
        let framing = match form {
            StreamForm::Sse => Framing::Sse(Decoder::new(EVENT_LIMIT)),
            StreamForm::JsonArray => Framing::JsonArray(Elements::new(EVENT_LIMIT), Vec::new()),
        };
        let progress = Progress::new();
        Self { dialect, framing, progress, long: None, failed_unheard: false, ended_unterminated: false }
    }

    /// Sees the next bytes of the body, in order.
    pub fn push(&mut self, chunk: &[u8]) {
        let Self { dialect, framing, progress, long, .. } = self;
        match framing {
            Framing::Sse(decoder) => decoder.push(chunk, |frame| take(*dialect, frame, long, progress)),
            Framing::JsonArray(elements, start) => {
                let was_broken = elements.is_broken();
                let result = elements.push(chunk, |frame| take(*dialect, frame, long, progress));
                // What is no array is kept to be read as an error.
                if progress.phase() == Phase::Preamble {
                    let room = FOREIGN_LIMIT.saturating_sub(start.len()).min(chunk.len());
                    start.extend_from_slice(chunk.get(..room).unwrap_or_default());
                }
                // It is broken once, however much follows.
                if result.is_err() && !was_broken {
                    progress.unreadable += 1;
                }
            }
        }
        self.judge_foreign(false);
    }

    /// The body ended, cleanly or not. A phase that is still `Preamble` or `Output` then means that it was cut short.
    pub fn finish(&mut self) {
        let Self { dialect, framing, progress, long, .. } = self;
        let mut ended_with_event = false;
        if let Framing::Sse(decoder) = framing {
            decoder.finish(|frame| {
                // What is cut off in the middle is no event, so it says nothing about the provider's health.
                let is_whole = match frame {
                    Frame::Whole(event) => is_readable(event.data),
                    Frame::Piece(_) => false,
                    Frame::EndOfPieces { .. } => long.as_ref().is_some_and(|capture| capture.is_complete_object()),
                };
                if is_whole || matches!(frame, Frame::Piece(_)) {
                    take(*dialect, frame, long, progress);
                }
                ended_with_event |= is_whole;
            });
        }
        self.judge_foreign(true);
        if self.progress.phase() == Phase::Output && self.progress.finish_reason.is_some() {
            self.progress.complete();
        }
        self.ended_unterminated = ended_with_event && self.phase() >= Phase::Complete;
    }

    pub fn phase(&self) -> Phase {
        self.progress.phase()
    }

    /// Why the phase is `Failed`.
    pub fn failure(&self) -> Option<&ProviderError> {
        self.progress.failure()
    }

    /// Whether there was output before the failure.
    pub fn failed_after_output(&self) -> bool {
        self.progress.failed_after_output()
    }

    /// Whether the stream failed by something that is no event, so that clients of the dialect do not notice it. Clients
    /// of Gemini do: bare JSON is how Google itself breaks a stream off.
    pub fn failed_unheard(&self) -> bool {
        self.failed_unheard
    }

    /// What was reported so far.
    pub fn usage(&self) -> Usage {
        self.progress.counters.usage(self.dialect.row().convention)
    }

    /// In the dialect's own words.
    pub fn finish_reason(&self) -> Option<&str> {
        self.progress.finish_reason.as_deref()
    }

    /// How many events could not be read.
    pub fn unreadable(&self) -> u64 {
        self.progress.unreadable
    }

    /// What the record should say of a stream beside its outcome.
    pub fn note(&self) -> Option<String> {
        match self.unreadable() {
            0 => None,
            1 => Some("1 event could not be read".to_owned()),
            count => Some(format!("{count} events could not be read")),
        }
    }

    /// How many of the bytes that were pushed last belong to an event that has not ended. Held back, they can be dropped
    /// when the stream breaks, so that the client sees whole events alone. Once the provider has said that it failed, or
    /// has ended the stream without a last blank line, there is nothing to hold back.
    pub fn unfinished(&self) -> usize {
        if self.ended_unterminated || self.phase() == Phase::Failed && !self.failed_unheard {
            return 0;
        }
        match &self.framing {
            Framing::Sse(decoder) => decoder.unfinished(),
            Framing::JsonArray(elements, _) => elements.unfinished(),
        }
    }

    /// What may still come.
    pub fn remainder(&self) -> Remainder {
        let is_closed = match &self.framing {
            // The LF behind a last CR belongs to the event before it.
            Framing::Sse(decoder) => self.progress.is_over() && !decoder.ends_with_cr(),
            Framing::JsonArray(elements, _) => elements.is_closed(),
        };
        match self.phase() {
            _ if is_closed => Remainder::Nothing,
            Phase::Preamble | Phase::Output => Remainder::Events,
            Phase::Complete | Phase::Failed => Remainder::Little,
        }
    }

    /// Bytes that change nothing, for a client of a stream that is silent; `None` before anything was sent, when the
    /// stream is over, and when the [`StreamMeter::unfinished`] bytes were sent, too.
    pub fn filler(&self, unfinished_sent: bool) -> Option<&'static [u8]> {
        if self.phase() >= Phase::Complete || unfinished_sent && self.unfinished() > 0 {
            return None;
        }
        match &self.framing {
            Framing::Sse(decoder) => {
                (decoder.passed_boundary() && !decoder.ends_with_cr()).then_some(self.dialect.row().filler.as_bytes())
            }
            Framing::JsonArray(elements, _) => elements.is_open().then_some(b"\n"),
        }
    }

    /// Looks at what came that is no event: a page, or an error as bare JSON, which Google sends in mid-stream.
    fn judge_foreign(&mut self, at_end: bool) {
        let is_early = self.progress.phase() == Phase::Preamble;
        let text = match &self.framing {
            Framing::Sse(decoder) => decoder.foreign(),
            Framing::JsonArray(_, start) if is_early && self.progress.unreadable > 0 => Some(start.clone()),
            Framing::JsonArray(..) => None,
        };
        let Some(text) = text.filter(|_| self.progress.phase() < Phase::Complete) else { return };
        if let Some(error) = ProviderError::read(&text) {
            self.progress.fail(error);
            self.failed_unheard = self.dialect != Dialect::Gemini;
            return;
        }
        // JSON may go on in the next chunk.
        let may_go_on = text.trim_ascii_start().starts_with(b"{") && text.len() < FOREIGN_LIMIT && !at_end;
        if is_early && !may_go_on {
            let message = format!("not a stream of events but {}", what_came(&text, text.len() as u64));
            self.progress.fail(ProviderError { message, ..ProviderError::default() });
        }
    }
}

/// What may still come behind what a stream has given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remainder {
    /// The answer goes on.
    Events,
    /// The answer is complete or has failed, but something may be added: Gemini's usage, the last of several errors.
    Little,
    /// The terminal event came, and nothing follows it.
    Nothing,
}

/// Bytes that end the stream, as far as `meter` saw it, with the dialect's error event, so that no client takes the end
/// for a good one; a JSON array stays well-formed. `unfinished_sent` tells that the [`StreamMeter::unfinished`] bytes were
/// sent, too: then what they began is closed first.
pub fn stream_error(meter: &StreamMeter, error: &GatewayError, trace_id: &str, unfinished_sent: bool) -> Bytes {
    let row = meter.dialect.row();
    let decoder = match &meter.framing {
        Framing::JsonArray(elements, _) => {
            let body = (row.error_body)(error, trace_id).to_string();
            return elements.end_with(body.as_bytes(), unfinished_sent).into();
        }
        Framing::Sse(decoder) => decoder,
    };
    let event = (row.error_event)(error, trace_id, &meter.progress);
    if unfinished_sent && !decoder.is_between_events() {
        format!("\n\n{event}").into()
    } else if decoder.ends_with_cr() {
        format!("\n{event}").into()
    } else {
        event.into()
    }
}

/// Takes what the framing gives: of an event in pieces only what its dialect reads is kept.
fn take(dialect: Dialect, frame: Frame<'_>, long: &mut Option<Box<Capture>>, progress: &mut Progress) {
    match frame {
        Frame::Whole(event) => read(dialect, event, progress),
        Frame::Piece(data) => {
            let paths = dialect.row().event_paths.iter().copied();
            let capture = long.get_or_insert_with(|| Box::new(Capture::new(paths, VALUE_LIMIT)));
            if capture.push(data).is_err() {
                // The capture remembers it.
            }
        }
        Frame::EndOfPieces { name } => {
            let capture = long.take().filter(|capture| capture.is_complete_object());
            let Some(capture) = capture else {
                let error = InvalidJson { offset: EVENT_LIMIT, message: "a long event is no JSON object" };
                return malformed(error, progress.has_output(), progress);
            };
            read(dialect, Event { name, data: capture.extract().to_string().as_bytes() }, progress);
        }
    }
}

/// Reads one event into `progress`.
fn read(dialect: Dialect, event: Event<'_>, progress: &mut Progress) {
    let had_output = progress.has_output();
    if let Err(error) = (dialect.row().event)(event, progress) {
        malformed(error, had_output, progress);
    }
}

/// A malformed event fails a stream without output before it, and is counted in others.
fn malformed(error: InvalidJson, had_output: bool, progress: &mut Progress) {
    progress.unreadable += 1;
    if !had_output {
        let message = format!("a malformed event: {error}");
        progress.fail_at_start(ProviderError { message, ..ProviderError::default() });
    }
}

fn is_readable(data: &[u8]) -> bool {
    data.starts_with(b"[DONE]") || serde_json::from_slice::<serde::de::IgnoredAny>(data).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::ErrorKind;
    use crate::wire::json::top_text;
    use Dialect::{Anthropic, Gemini, OpenAiChat, OpenAiResponses};
    use Phase::{Complete, Failed, Output, Preamble};

    fn meter(dialect: Dialect, text: &str, step: usize) -> StreamMeter {
        let form = if text.starts_with('[') { StreamForm::JsonArray } else { StreamForm::Sse };
        let mut meter = StreamMeter::new(dialect, form);
        text.as_bytes().chunks(step).for_each(|chunk| meter.push(chunk));
        meter
    }

    fn event(data: &str) -> String {
        let name = top_text(data.as_bytes(), "type").ok().flatten();
        name.map_or_else(|| format!("data: {data}\n\n"), |name| format!("event: {name}\ndata: {data}\n\n"))
    }

    #[test]
    fn the_phase_after_each_event() {
        let rows: &[(Dialect, &[(&str, Phase)])] = &[
            (
                OpenAiChat,
                &[
                    (r#"{"choices":[],"prompt_filter_results":[]}"#, Preamble),
                    (r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#, Preamble),
                    (
                        r#"{"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[]}}],"usage":null}"#,
                        Preamble,
                    ),
                    (r#"{"choices":[{"delta":{"content":"a"}}]}"#, Output),
                    ("broken {", Output),
                    (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, Output),
                    ("[DONE]", Complete),
                ],
            ),
            (OpenAiChat, &[(r#"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#, Output)]),
            (OpenAiChat, &[(r#"{"choices":[{"delta":{"refusal":"no"}}]}"#, Output)]),
            (OpenAiChat, &[(r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c"}]}}]}"#, Output)]),
            (OpenAiChat, &[(r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#, Output)]),
            (OpenAiChat, &[(r#"{"error":{"message":"no"}}"#, Failed)]),
            (
                OpenAiChat,
                &[(r#"{"choices":[{"delta":{"content":"a"}}]}"#, Output), (r#"{"error":{"message":"no"}}"#, Failed)],
            ),
            (OpenAiChat, &[(r#"{"object":"error","message":"no","code":400}"#, Failed)]),
            (OpenAiChat, &[(r#"{"error":null,"choices":[]}"#, Preamble)]),
            (OpenAiChat, &[("broken {", Failed)]),
            (OpenAiChat, &[("[]", Failed)]),
            (OpenAiChat, &[("[DONE]", Failed)]),
            (OpenAiChat, &[(r#"{"choices":[],"usage":{"prompt_tokens":3}}"#, Preamble), ("[DONE]", Failed)]),
            (OpenAiChat, &[(r#"{"choices":[{"delta":{"content":"a"}}],"error":{}}"#, Output)]),
            (
                Anthropic,
                &[(r#"{"type":"message_start","message":{}}"#, Preamble), (r#"{"type":"message_stop"}"#, Failed)],
            ),
            (
                OpenAiResponses,
                &[(r#"{"type":"response.completed","response":{"status":"completed","output":[]}}"#, Complete)],
            ),
            (
                OpenAiResponses,
                &[
                    (r#"{"type":"response.created","response":{"status":"in_progress","usage":null}}"#, Preamble),
                    (r#"{"type":"response.in_progress","response":{}}"#, Preamble),
                    (r#"{"type":"keepalive"}"#, Preamble),
                    (r#"{"type":"response.output_item.added","item":{"type":"message","content":[]}}"#, Preamble),
                    (r#"{"type":"response.content_part.added","part":{"type":"output_text","text":""}}"#, Preamble),
                    (r#"{"type":"response.output_text.delta","delta":""}"#, Preamble),
                    (r#"{"type":"response.output_text.delta","delta":"a"}"#, Output),
                    (r#"{"type":"response.completed","response":{"status":"completed"}}"#, Complete),
                    (r#"{"type":"error","message":"too late"}"#, Complete),
                ],
            ),
            (
                OpenAiResponses,
                &[(r#"{"type":"response.output_item.added","item":{"id":"r","type":"reasoning"}}"#, Output)],
            ),
            (OpenAiResponses, &[(r#"{"type":"response.output_item.done","item":{"type":"message"}}"#, Output)]),
            (
                OpenAiResponses,
                &[(
                    r#"{"type":"response.incomplete","response":{"incomplete_details":{"reason":"max_output_tokens"}}}"#,
                    Complete,
                )],
            ),
            (
                OpenAiResponses,
                &[(r#"{"type":"response.failed","response":{"error":{"code":"x","message":"no"}}}"#, Failed)],
            ),
            (
                OpenAiResponses,
                &[(r#"{"type":"error","code":"x","message":"no","param":null,"sequence_number":2}"#, Failed)],
            ),
            (
                Anthropic,
                &[
                    (r#"{"type":"message_start","message":{"usage":{"input_tokens":1}}}"#, Preamble),
                    (r#"{"type":"ping"}"#, Preamble),
                    (r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#, Preamble),
                    (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}"#, Preamble),
                    (r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}"#, Output),
                    (
                        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}"#,
                        Output,
                    ),
                    (r#"{"type":"message_stop"}"#, Complete),
                ],
            ),
            (
                Anthropic,
                &[(r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}"#, Output)],
            ),
            (
                Anthropic,
                &[(r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"f"}}"#, Output)],
            ),
            (Anthropic, &[(r#"{"type":"error","error":{"type":"overloaded_error","message":"no"}}"#, Failed)]),
            (
                Gemini,
                &[
                    (r#"{"usageMetadata":{"promptTokenCount":3}}"#, Preamble),
                    (r#"{"candidates":[{"content":{"parts":[{"text":""}]}}]}"#, Preamble),
                    (r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true}]}}]}"#, Output),
                    (r#"{"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}]}"#, Complete),
                ],
            ),
            (Gemini, &[(r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]}}]}"#, Output)]),
            (Gemini, &[(r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, Complete)]),
            (Gemini, &[(r#"{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}"#, Failed)]),
        ];
        for (dialect, events) in rows {
            for step in [1, 7, 10_000] {
                let mut text = String::new();
                for (data, phase) in *events {
                    text.push_str(&event(data));
                    let meter = meter(*dialect, &text, step);
                    assert_eq!(meter.phase(), *phase, "{dialect} by {step} after {data}");
                    if *phase == Failed {
                        assert!(!meter.failure().unwrap().message.is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_stream_fails_before_output() {
        let rows = [
            (
                "<html><head><title>502 Bad Gateway</title></head></html>\n",
                Failed,
                "not a stream of events but a web page",
            ),
            ("{\"error\":{\"message\":\"no\"}}", Failed, "no"),
            ("{\n  \"error\": {\n    \"message\": \"no\"\n  }\n}\n", Failed, "no"),
            ("{\"choices\":[]}", Preamble, ""),
            ("Service unavailable.\n", Failed, "not a stream of events but plain text"),
            ("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n<html>\n", Output, ""),
            (
                "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n{\"error\":{\"message\":\"no\"}}\n",
                Failed,
                "no",
            ),
            ("", Preamble, ""),
        ];
        for (text, phase, message) in rows {
            for step in [1, 10_000] {
                let meter = meter(OpenAiChat, text, step);
                assert_eq!(meter.phase(), phase, "{text}");
                if step > 1 {
                    assert!(meter.failure().is_none_or(|failure| failure.message.contains(message)), "{text}");
                }
            }
        }
        let mut answer = meter(OpenAiChat, "{\"choices\":[]}", 3);
        answer.finish();
        assert_eq!(answer.phase(), Failed, "a whole answer is no stream");
        for (text, phase) in [("[{\"candidates\":[", Preamble), ("[]", Preamble), ("[<", Failed)] {
            assert_eq!(meter(Gemini, text, 1).phase(), phase, "{text}");
        }
        let mut array = StreamMeter::new(Gemini, StreamForm::JsonArray);
        array.push(b"{\"error\":{\"code\":429,\"message\":\"slow\"}}");
        assert_eq!(array.failure().unwrap().message, "slow");
    }

    #[test]
    fn a_gemini_array_is_metered_like_events() {
        let text = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n,\r\n{\"candidates\":[{\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":5,\"candidatesTokenCount\":2}}]";
        for step in [1, 10, 10_000] {
            let meter = meter(Gemini, text, step);
            assert_eq!(meter.phase(), Complete);
            assert_eq!((meter.usage().input, meter.usage().output), (Some(5), Some(2)));
            assert_eq!(meter.finish_reason(), Some("STOP"));
        }
    }

    #[test]
    fn the_end_of_a_body_decides() {
        let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
        let reason = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
        let rows = [
            (OpenAiChat, String::new(), Preamble),
            (OpenAiChat, output.to_owned(), Output),
            (OpenAiChat, format!("{output}{reason}"), Complete),
            (OpenAiChat, format!("{output}data: [DONE]"), Complete),
            (OpenAiChat, format!("{output}data: {{\"choi"), Output),
            (OpenAiChat, "data: {\"choi".to_owned(), Preamble),
            (OpenAiChat, "data: [DONE]".to_owned(), Failed),
            (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#), Complete),
            (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":null}}"#), Output),
        ];
        for (dialect, text, phase) in rows {
            let mut meter = meter(dialect, &text, 1000);
            meter.finish();
            assert_eq!(meter.phase(), phase, "{text}");
        }
    }

    #[test]
    fn a_broken_stream_ends_with_the_dialects_error() {
        let error = GatewayError::new(ErrorKind::BadGateway, "cut").code("provider_error");
        let chat = "data: {\"error\":{\"message\":\"cut\",\"type\":\"server_error\",\"param\":null,\"code\":\"provider_error\"}}\n\n";
        let anthropic = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"cut\"},\"request_id\":\"t\"}\n\n";
        let gemini = "{\"error\":{\"code\":502,\"message\":\"cut\",\"status\":\"UNAVAILABLE\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"PROVIDER_ERROR\",\"domain\":\"llmio\",\"metadata\":{\"traceId\":\"t\"}}]}}";
        let responses = |number: u64| {
            format!(
                "event: error\ndata: {{\"type\":\"error\",\"code\":\"provider_error\",\"message\":\"cut\",\"param\":null,\"sequence_number\":{number}}}\n\n"
            )
        };
        let rows = [
            (OpenAiChat, "data: {}\n\n", chat.to_owned()),
            (OpenAiChat, "data: {}\r\n\r\n", chat.to_owned()),
            (OpenAiChat, "data: {\"cho", format!("\n\n{chat}")),
            (OpenAiChat, "data: {}\n", format!("\n\n{chat}")),
            (Anthropic, "event: ping\n", format!("\n\n{anthropic}")),
            (OpenAiResponses, "", responses(0)),
            (
                OpenAiResponses,
                "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":41}\n\n",
                responses(42),
            ),
            (OpenAiChat, "data: {}\r\n\r", format!("\n{chat}")),
            (
                OpenAiResponses,
                concat!(
                    "data: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"created_at\":17,\"model\":\"m\"}}\n\n",
                    "data: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"a\"}\n\n",
                ),
                concat!(
                    "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{",
                    "\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":17,\"status\":\"failed\",",
                    "\"error\":{\"code\":\"provider_error\",\"message\":\"cut\"},\"incomplete_details\":null,",
                    "\"instructions\":null,\"metadata\":{},\"model\":\"m\",\"output\":[],\"parallel_tool_calls\":true,",
                    "\"temperature\":null,\"tool_choice\":\"auto\",\"tools\":[],\"top_p\":null,\"usage\":null}}\n\n",
                )
                .to_owned(),
            ),
            (Gemini, "data: {}\r\n\r\n", format!("data: {gemini}\n\n{gemini}\n\n")),
            (Gemini, "[{\"a\":\"b", format!("\"}},{gemini}]")),
            (Gemini, "[{}\n,", format!("{gemini}]")),
        ];
        for (dialect, sent, expected) in rows {
            for finished in [false, true] {
                let mut meter = meter(dialect, sent, 4);
                if finished {
                    meter.finish();
                }
                assert_eq!(stream_error(&meter, &error, "t", true), expected, "{dialect} after {sent:?}");
            }
        }
    }

    /// Wherever a stream is cut: what was held back is dropped, and the error follows whole events.
    #[test]
    fn a_cut_stream_is_whole_events_and_the_error() {
        let error = GatewayError::new(ErrorKind::BadGateway, "cut");
        let rows = [
            (OpenAiChat, ": hi\n\ndata: {\"choices\":[]}\n\ndata: {\"a\":\"{}\"}\n\n"),
            (Anthropic, "event: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\nevent: x\r\ndata: {\"type\":\"x\"}\r\n\r\n"),
            (OpenAiResponses, "event: x\rdata: {\"type\":\"x\"}\r\rid: 4\rdata: {}\r\r"),
            (Gemini, "data: {\"candidates\":[]}\r\n\r\ndata: {\"usageMetadata\":{\"totalTokenCount\":1}}\r\n\r\n"),
            (Gemini, "[{\"candidates\":[]}\n,\r\n{\"a\":\"]},\"}\n,\r\n{}]"),
        ];
        for (dialect, text) in rows {
            let is_array = text.starts_with('[');
            for cut in usize::from(is_array)..text.len() {
                let sent = &text[..cut];
                let meter = meter(dialect, sent, 3);
                let whole = &sent[..cut - meter.unfinished()];
                let out = format!("{whole}{}", std::str::from_utf8(&stream_error(&meter, &error, "t", false)).unwrap());
                let fillers = meter.filler(false).map(|filler| std::str::from_utf8(filler).unwrap());
                assert_eq!(fillers.is_some(), !(whole.is_empty() || whole == sent && sent.ends_with('\r')), "{sent:?}");
                if is_array {
                    let elements: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
                    assert!(elements.last().unwrap().get("error").is_some(), "{out}");
                    let filled = format!("{whole}{}", fillers.unwrap_or_default());
                    assert!(
                        serde_json::from_str::<serde_json::Value>(&format!("{filled}{}", &text[whole.len()..])).is_ok()
                    );
                    continue;
                }
                let mut events = Vec::new();
                let mut decoder = Decoder::new(1000);
                decoder.push(out.as_bytes(), |frame| {
                    if let Frame::Whole(event) = frame {
                        events.push(std::str::from_utf8(event.data).unwrap().to_owned());
                    }
                });
                assert!(decoder.is_between_events(), "{out:?}");
                let (last, before) = events.split_last().unwrap();
                assert!(last.contains("\"message\":\"cut\""), "{out}");
                assert!(before.iter().all(|data| text.contains(data)), "{out}");
            }
        }
    }

    #[test]
    fn what_may_still_come() {
        use Remainder::{Events, Little, Nothing};
        let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
        let rows = [
            (OpenAiChat, String::new(), Events),
            (OpenAiChat, output.to_owned(), Events),
            (OpenAiChat, format!("{output}data: [DONE]\n"), Events),
            (OpenAiChat, format!("{output}data: [DONE]\n\n"), Nothing),
            (OpenAiChat, format!("{output}data: [DONE]\r\n\r"), Little),
            (OpenAiChat, format!("{output}data: [DONE]\r\n\r\n"), Nothing),
            (OpenAiChat, format!("{output}data: {{\"error\":\"no\"}}\n\n"), Little),
            (Anthropic, event(r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"}}"#), Events),
            (
                Anthropic,
                event(r#"{"type":"message_delta","delta":{}}"#) + &event(r#"{"type":"message_stop"}"#),
                Nothing,
            ),
            (Anthropic, event(r#"{"type":"error","error":{"message":"no"}}"#), Little),
            (OpenAiResponses, event(r#"{"type":"response.completed","response":{}}"#), Nothing),
            (OpenAiResponses, event(r#"{"type":"response.incomplete","response":{}}"#), Nothing),
            (OpenAiResponses, event(r#"{"type":"response.failed","response":{}}"#), Nothing),
            (OpenAiResponses, event(r#"{"type":"error","message":"no"}"#), Little),
            (Gemini, event(r#"{"candidates":[{"finishReason":"STOP"}]}"#), Little),
            (Gemini, r#"[{"candidates":[{"finishReason":"STOP"}]}"#.to_owned(), Little),
            (Gemini, r#"[{"candidates":[{"finishReason":"STOP"}]}]"#.to_owned(), Nothing),
        ];
        for (dialect, text, remainder) in rows {
            for step in [1, 1000] {
                let meter = meter(dialect, &text, step);
                assert_eq!(meter.remainder(), remainder, "{text:?}");
                assert_eq!(meter.filler(false).is_some(), remainder == Events && !text.is_empty(), "{text:?}");
            }
        }
    }

    #[test]
    fn the_end_of_a_body_may_lack_its_blank_line() {
        let output = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
        for (tail, unfinished) in [
            ("data: [DONE]", 0),
            ("data: {\"choices\":[],\"usage\":{}}\n", 0),
            ("data: {\"choices\":[],\"usa", 24),
            ("data: {\"error\":\"no\"}", 0),
        ] {
            let mut meter = meter(OpenAiChat, &format!("{output}{tail}"), 5);
            assert_eq!(meter.unfinished(), tail.len());
            meter.finish();
            assert_eq!(meter.unfinished(), unfinished, "{tail}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_noted() {
        let text = |data: &str| format!("data: {}\n\ndata: {data}\n\n", r#"{"choices":[{"delta":{"content":"a"}}]}"#);
        for (dialect, data, note) in [
            (OpenAiChat, "{\"choices\":[]}", None),
            (OpenAiChat, "{\"choices\":[{\"delta\":{\"cont", Some("1 event could not be read")),
            (OpenAiChat, "x\n\ndata: [1]", Some("2 events could not be read")),
            (OpenAiChat, "{\"usage\":}", Some("1 event could not be read")),
        ] {
            assert_eq!(meter(dialect, &text(data), 7).note().as_deref(), note, "{data}");
        }
        let text =
            "event: message_delta\ndata: {\"type\":\"message_delta\"}\n\nevent: content_block_delta\ndata: {\"del\n\n";
        assert_eq!(meter(Anthropic, text, 7).unreadable(), 1);
        assert_eq!(
            meter(Gemini, "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}, <html>", 1).unreadable(),
            1
        );
        let text = "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"a\"}\n\nevent: response.output_text.delta\ndata: {\n\n";
        assert_eq!(meter(OpenAiResponses, text, 7).unreadable(), 1);
    }

    #[test]
    fn an_event_of_any_length_is_read() {
        let long = "x".repeat(3 << 20);
        let rows = [
            (
                Gemini,
                format!(
                    r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"data":"{long}"}}}}]}},"finishReason":"STOP"}}],"usageMetadata":{{"promptTokenCount":9}}}}"#
                ),
                Complete,
                Some("STOP"),
            ),
            (
                Gemini,
                format!(
                    r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{long}"}}]}}}}],"usageMetadata":{{"promptTokenCount":9}}}}"#
                ),
                Output,
                None,
            ),
            (
                Gemini,
                format!(
                    r#"{{"x":"{long}","error":{{"code":500,"message":"no"}},"usageMetadata":{{"promptTokenCount":9}}}}"#
                ),
                Failed,
                None,
            ),
            (
                OpenAiResponses,
                format!(
                    r#"{{"type":"response.completed","response":{{"status":"completed","output":["{long}"],"usage":{{"input_tokens":9}}}}}}"#
                ),
                Complete,
                Some("completed"),
            ),
            (
                OpenAiResponses,
                format!(
                    r#"{{"type":"response.created","response":{{"instructions":"{long}","usage":{{"input_tokens":9}}}}}}"#
                ),
                Preamble,
                None,
            ),
            (OpenAiResponses, format!(r#"{{"type":"response.custom.delta","delta":"{long}"}}"#), Output, None),
            (
                Anthropic,
                format!(r#"{{"type":"content_block_delta","delta":{{"type":"text_delta","text":"{long}"}}}}"#),
                Output,
                None,
            ),
            (
                Anthropic,
                format!(r#"{{"type":"content_block_start","content_block":{{"type":"x","text":"{long}"}}}}"#),
                Output,
                None,
            ),
            (
                OpenAiChat,
                format!(
                    r#"{{"choices":[{{"delta":{{"content":"{long}"}},"finish_reason":"length"}}],"usage":{{"prompt_tokens":9}}}}"#
                ),
                Output,
                Some("length"),
            ),
            (OpenAiChat, format!(r#"{{"choices":[{{"delta":{{"content":"{long}"}}"#), Failed, None),
        ];
        for (dialect, data, phase, reason) in rows {
            let text = event(&data);
            let has_usage = data.contains(":9}") && phase != Preamble;
            for step in [4099, 1 << 21, 1 << 23] {
                let meter = meter(dialect, &text, step);
                let start = &data[..60];
                assert_eq!(meter.phase(), phase, "{start} by {step}: {:?}", meter.failure());
                assert_eq!(meter.finish_reason(), reason, "{start}");
                assert_eq!(meter.usage().input, has_usage.then_some(9), "{start} by {step}");
            }
            if dialect == Gemini {
                assert_eq!(meter(Gemini, &format!("[{data}"), 4099).phase(), phase);
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut meter = StreamMeter::new(OpenAiChat, StreamForm::Sse);
        meter.push(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: ");
        let chunk = vec![b'x'; 1 << 20];
        for _ in 0..40 {
            meter.push(&chunk);
        }
        meter.push(b"\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\ndata: [DONE]\n\n");
        assert_eq!((meter.phase(), meter.usage().input, meter.unreadable()), (Complete, Some(7), 1));
    }
}
