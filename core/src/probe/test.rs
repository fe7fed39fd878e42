//! A test of an association as a machine: each step gives what happened.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::question::{CITY_TOOL, COLOUR, MEMBERS, TestKind, WEATHER_TOOL, question, result_of};
use super::reply::Reply;
use super::report::{Exchange, TestEvent, TestReport, Verdict};
use super::{beginning, entry};
use crate::config::snapshot::{Candidate, Upstream};
use crate::config::{Association, Invalid, Model, Pattern, Provider, Timeouts};
use crate::dialect::{Dialect, RequestHead, StreamForm};
use crate::pipeline::{Ask, Call, Patience, Seen, follow};
use crate::platform::{Platform, Timestamp};
use crate::record::{LogEntry, Operation, TraceId};

/// So much of a body is shown in an exchange.
const SHOWN: usize = 64 << 10;
/// So much of an answer is shown in a report.
const EXCERPT: usize = 2_000;
/// So much of a text of a model is shown in an event.
const TEXT: usize = 16 << 10;
/// What all the steps of a test may take.
const LIMIT: Duration = Duration::from_secs(600);

/// What to test.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestOptions<'a> {
    pub kind: TestKind,
    /// The name a client would ask for. It is needed only where neither the association nor the model has a name of its own.
    pub model: Option<&'a str>,
    /// Whether the report holds what was sent and what came.
    pub transcript: bool,
    /// Whether the log gets its entries, so that the report may name their traces.
    pub recorded: bool,
}

/// Asks the provider of an association as a client's request would, with its headers, overrides, proxy and timeouts.
#[derive(Debug)]
pub struct Test {
    platform: Platform,
    candidate: Arc<Candidate>,
    timeouts: Timeouts,
    /// As a client names it.
    model: String,
    kind: TestKind,
    transcript: bool,
    recorded: bool,
    request: Map<String, Value>,
    started_at: Timestamp,
    step: u32,
    /// The tools that were called, in order.
    called: Vec<String>,
    report: TestReport,
    events: VecDeque<TestEvent>,
    entries: Vec<LogEntry>,
    is_over: bool,
}

impl Test {
    /// An error means that nothing can be asked; a failing provider is a report.
    pub fn new(
        platform: &Platform,
        provider: &Provider,
        model: &Model,
        association: &Association,
        options: TestOptions<'_>,
    ) -> Result<Self, Invalid> {
        let asked = match options.model.unwrap_or(&model.name) {
            name if Pattern::is_pattern(name) && association.provider_model == "*" => {
                let message = format!("must name a model to ask for, since `{name}` and the association are patterns");
                return Err(Invalid::new("model", message));
            }
            name => name.to_owned(),
        };
        let unusable = |problem: String| Invalid::new("", problem);
        let upstream = Upstream::compile(provider.clone()).map_err(unusable)?;
        let candidate = Arc::new(Candidate::compile(association.clone(), Arc::new(upstream)).map_err(unusable)?);
        let provider_model = candidate.provider_model.clone().unwrap_or_else(|| asked.clone());
        let question_asked = TestEvent::Question {
            kind: options.kind,
            provider_model: provider_model.clone(),
            text: options.kind.text().to_owned(),
        };
        Ok(Self {
            request: question(candidate.upstream.kind.dialect(), &asked, options.kind),
            platform: platform.clone(),
            candidate,
            timeouts: model.timeouts,
            model: asked,
            kind: options.kind,
            transcript: options.transcript,
            recorded: options.recorded,
            started_at: platform.clock.now(),
            step: 0,
            called: Vec::new(),
            report: TestReport { provider_model, kind: options.kind, ..TestReport::default() },
            events: VecDeque::from([question_asked]),
            entries: Vec::new(),
            is_over: false,
        })
    }

    /// What happens next; `None` after the report.
    pub async fn next(&mut self) -> Option<TestEvent> {
        if self.events.is_empty() && !self.is_over {
            self.exchange().await;
        }
        self.events.pop_front()
    }

    /// The rows of the log that have come since.
    pub fn take_entries(&mut self) -> Vec<LogEntry> {
        std::mem::take(&mut self.entries)
    }

    fn dialect(&self) -> Dialect {
        self.candidate.upstream.kind.dialect()
    }

    async fn exchange(&mut self) {
        self.step += 1;
        let call = self.call();
        let ask = Ask::new(&call, Arc::clone(&self.candidate)).bare();
        let started_at = self.platform.clock.now();
        let end = self.started_at.plus(LIMIT);
        let deadline = started_at.plus(self.timeouts.total()).min(end);
        let patience = Patience { timeouts: &self.timeouts, deadline, others_left: false, roomier_left: false };
        let seen = follow(&self.platform, &call, &ask, patience).await;
        let now = self.platform.clock.now();
        self.note(&call, &seen, started_at, now);
        let said = seen.error.as_ref().map(|error| match seen.status {
            0 | 200..=299 => error.clone(),
            status => format!("the provider answered {status}: {error}"),
        });
        if let Some(said) = said {
            self.report.error = Some(self.candidate.redactor.text(said));
            self.finish(now);
            return;
        }
        let reply = Reply::read(self.dialect(), &seen.body);
        if self.kind != TestKind::Agent {
            self.judge(&reply, &seen);
            self.finish(now);
            return;
        }
        self.go_on(&reply, now);
    }

    /// The next step of an agent.
    fn go_on(&mut self, reply: &Reply, now: Timestamp) {
        if reply.calls.is_empty() {
            self.judge_agent(reply, true);
            self.finish(now);
            return;
        }
        let step = self.step;
        for call in &reply.calls {
            let (name, content) = (call.name.clone(), result_of(&call.name).to_owned());
            self.called.push(name.clone());
            self.events.push_back(TestEvent::Call { step, name: name.clone(), arguments: call.arguments.clone() });
            self.events.push_back(TestEvent::Result { step, name, content });
        }
        if self.step >= self.kind.max_steps() || now >= self.started_at.plus(LIMIT) {
            self.judge_agent(reply, false);
            self.finish(now);
            return;
        }
        let dialect = self.dialect();
        reply.go_on(dialect, &mut self.request, |call| result_of(&call.name).to_owned());
    }

    fn judge_agent(&mut self, reply: &Reply, has_ended: bool) {
        let place = |tool: &str| self.called.iter().position(|name| name == tool);
        let (city, weather) = (place(CITY_TOOL), place(WEATHER_TOOL));
        let called = if self.called.is_empty() { "no tool".to_owned() } else { self.called.join(", ") };
        let in_order = city.zip(weather).is_some_and(|(city, weather)| city < weather);
        let most = self.kind.max_steps();
        let steps =
            if has_ended { format!("{} of at most {most}", self.step) } else { format!("no end within {most}") };
        self.verdict("two_calls", city.is_some() && weather.is_some(), format!("called: {called}"));
        self.verdict("in_order", in_order, format!("{CITY_TOOL} comes before {WEATHER_TOOL}"));
        self.verdict("steps", has_ended, steps);
        self.judge_answer(reply);
    }

    fn judge_answer(&mut self, reply: &Reply) {
        let text = beginning(&self.candidate.redactor.text(reply.text.clone()), TEXT).0;
        let is_there = !text.trim().is_empty();
        let detail = if is_there { "there is an answer" } else { "the model answered without a text" };
        self.verdict("answered", is_there, detail.to_owned());
        if is_there {
            self.events.push_back(TestEvent::Answer { text });
        }
    }

    fn judge(&mut self, reply: &Reply, seen: &Seen) {
        match self.kind {
            TestKind::Stream => {
                let events = events_of(&seen.body);
                self.verdict("streamed", events > 0, format!("{events} events"));
            }
            TestKind::ToolCall => {
                let names: Vec<&str> = reply.calls.iter().map(|call| call.name.as_str()).collect();
                let is_called = !names.is_empty();
                let detail =
                    if is_called { names.join(", ") } else { "the model answered without calling the tool".into() };
                for call in &reply.calls {
                    let (name, arguments) = (call.name.clone(), call.arguments.clone());
                    self.events.push_back(TestEvent::Call { step: self.step, name, arguments });
                }
                self.verdict("tool_call", is_called, detail);
            }
            TestKind::StructuredOutput => {
                let answer: Value = serde_json::from_str(reply.text.trim()).unwrap_or_default();
                let missing = MEMBERS.iter().find(|name| !answer.get(**name).is_some_and(Value::is_string));
                let detail = match missing {
                    None => "the answer is as the schema says".to_owned(),
                    Some(_) if !answer.is_object() => "the answer is no JSON object".to_owned(),
                    Some(name) => format!("the answer has no text `{name}`"),
                };
                self.verdict("structured_output", missing.is_none(), detail);
                self.judge_answer(reply);
            }
            TestKind::Image => {
                let is_seen = reply.text.to_ascii_lowercase().contains(COLOUR);
                let detail = if is_seen { "the model saw the picture" } else { "the model did not say that it is red" };
                self.verdict("image", is_seen, detail.to_owned());
                self.judge_answer(reply);
            }
            TestKind::CountTokens => {
                let detail = match reply.counted {
                    Some(tokens) => format!("{tokens} tokens"),
                    None => "the answer holds no number of tokens".to_owned(),
                };
                self.verdict("count_tokens", reply.counted.is_some(), detail);
            }
            TestKind::Plain | TestKind::Agent => self.judge_answer(reply),
        }
    }

    fn verdict(&mut self, check: &'static str, ok: bool, detail: String) {
        if !ok && self.report.error.is_none() {
            self.report.error = Some(detail.clone());
        }
        self.report.verdicts.push(Verdict { check, ok, detail });
    }

    /// What the report, the transcript and the log keep of an exchange.
    fn note(&mut self, call: &Call, seen: &Seen, started_at: Timestamp, now: Timestamp) {
        let redactor = &self.candidate.redactor;
        let trace = TraceId::new(started_at, &*self.platform.entropy);
        let first_token = seen.first_token_at.filter(|_| call.stream);
        let first_token_ms = first_token.map(|at| milliseconds(at.since(started_at)));
        let body = redactor.bytes(seen.body.clone());
        let report = &mut self.report;
        report.status = (seen.status > 0).then_some(seen.status);
        report.first_token_ms = first_token_ms;
        report.usage = report.usage.plus(seen.usage);
        if self.recorded {
            report.trace_ids.push(trace.to_string());
        }
        report.excerpt = Some(beginning(&String::from_utf8_lossy(&body), EXCERPT).0).filter(|text| !text.is_empty());
        if self.transcript {
            let sent = redactor.text(String::from_utf8_lossy(&seen.sent).into_owned());
            let (sent, sent_cut) = beginning(&sent, SHOWN);
            let (received, received_cut) = beginning(&String::from_utf8_lossy(&body), SHOWN);
            let exchange = Exchange {
                title: format!("step {}", self.step),
                sent,
                status: report.status,
                received,
                truncated: sent_cut || received_cut,
                first_token_ms,
                total_ms: milliseconds(now.since(started_at)),
                events: call.stream.then(|| events_of(&seen.body)),
            };
            report.exchanges.push(exchange.clone());
            self.events.push_back(TestEvent::Exchange { exchange });
        }
        let asked = entry::Asked { call, candidate: &self.candidate, provider_model: &report.provider_model };
        self.entries.push(entry::entry(&asked, seen, trace, started_at, now));
    }

    fn finish(&mut self, now: Timestamp) {
        self.is_over = true;
        self.report.ok = self.report.error.is_none();
        self.report.total_ms = milliseconds(now.since(self.started_at));
        self.events.push_back(TestEvent::Report { report: self.report.clone() });
    }

    /// What a client would send.
    fn call(&self) -> Call {
        let dialect = self.dialect();
        let stream = self.kind == TestKind::Stream;
        let counts = self.kind == TestKind::CountTokens;
        Call {
            dialect,
            operation: if counts { Operation::CountTokens } else { Operation::Generate },
            headers: HeaderMap::new(),
            query: (stream && dialect == Dialect::Gemini).then(|| "alt=sse".to_owned()),
            body: Bytes::from(Value::Object(self.request.clone()).to_string()),
            head: RequestHead { model: Some(self.model.clone()), stream, ..RequestHead::default() },
            model: self.model.clone(),
            stream,
            form: StreamForm::Sse,
            strict: false,
            conversation: None,
        }
    }
}

/// Of a stream.
fn events_of(body: &[u8]) -> usize {
    body.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"data:")).count()
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    let whole = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(whole) / 1000.0
}
