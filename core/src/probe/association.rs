use core::time::Duration;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use super::question::{TestKind, calls_tool, question};
use super::{Answered, ask, excerpt, next_chunk, redacted, timed_out};
use crate::config::snapshot::{Candidate, Upstream};
use crate::config::{Association, Invalid, Model, Pattern, Provider, Timeouts};
use crate::dialect::{AnswerMeter, Phase, RequestHead, StreamForm, StreamMeter, classify_error};
use crate::pipeline::{Call, build_request};
use crate::platform::{Clock, HttpClient, HttpRequest, SendOptions, with_timeout};
use crate::record::Operation;

/// How a test of an association went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct TestReport {
    pub ok: bool,
    /// The provider's own name for the model, as it was asked for.
    pub provider_model: String,
    /// What the provider answered with; null when no answer came.
    pub status: Option<u16>,
    /// Milliseconds until the first output; only of a stream.
    pub first_token_ms: Option<f64>,
    /// Milliseconds until the end.
    pub total_ms: f64,
    /// Why it is not ok, in words.
    pub error: Option<String>,
    /// The beginning of the answer as it came.
    pub excerpt: Option<String>,
}

/// Asks the provider of an association as a client's request would, with its headers, overrides, proxy and timeouts.
///
/// `asked` is the name a client would ask for; it is needed only where neither the association nor the model has a name
/// of its own. A failing provider is a report; an error means that nothing could be asked.
pub async fn test_association(
    http: &dyn HttpClient,
    clock: &dyn Clock,
    provider: &Provider,
    model: &Model,
    association: &Association,
    kind: TestKind,
    asked: Option<&str>,
) -> Result<TestReport, Invalid> {
    let asked = match asked.unwrap_or(&model.name) {
        name if Pattern::is_pattern(name) && association.provider_model == "*" => {
            let message = format!("must name a model to ask for, since `{name}` and the association are patterns");
            return Err(Invalid::new("model", message));
        }
        name => name.to_owned(),
    };
    let unusable = |problem: String| Invalid::new("", problem);
    let upstream = Arc::new(Upstream::compile(provider.clone()).map_err(unusable)?);
    let candidate = Candidate::compile(association.clone(), Arc::clone(&upstream)).map_err(unusable)?;
    let provider_model = candidate.provider_model.clone().unwrap_or_else(|| asked.clone());
    let call = call(&upstream, &provider_model, kind);
    let request =
        build_request(&call, &candidate, &provider_model).map_err(|error| Invalid::new("", error.to_string()))?;

    let test = Test { http, clock, upstream: &upstream, call: &call, timeouts: &model.timeouts };
    let started = clock.now();
    let mut report = match kind {
        TestKind::Stream => test.stream(request).await,
        TestKind::Plain | TestKind::ToolCall => test.whole(request, kind).await,
    };
    report.total_ms = milliseconds(clock.now().since(started));
    report.ok = report.error.is_none();
    report.provider_model = provider_model;
    for text in [&mut report.error, &mut report.excerpt].into_iter().flatten() {
        *text = redacted(text, &upstream, &association.headers);
    }
    Ok(report)
}

/// What a client would send, under the provider's own name for the model.
fn call(upstream: &Upstream, model: &str, kind: TestKind) -> Call {
    let dialect = upstream.kind.dialect();
    let stream = kind == TestKind::Stream;
    Call {
        dialect,
        operation: Operation::Generate,
        headers: HeaderMap::new(),
        query: (stream && dialect == crate::dialect::Dialect::Gemini).then(|| "alt=sse".to_owned()),
        body: question(dialect, model, kind),
        head: RequestHead { model: Some(model.to_owned()), stream, ..RequestHead::default() },
        model: model.to_owned(),
        stream,
        form: StreamForm::Sse,
    }
}

struct Test<'a> {
    http: &'a dyn HttpClient,
    clock: &'a dyn Clock,
    upstream: &'a Upstream,
    call: &'a Call,
    timeouts: &'a Timeouts,
}

impl Test<'_> {
    async fn whole(&self, request: HttpRequest, kind: TestKind) -> TestReport {
        let limit = self.timeouts.total();
        match ask(self.http, self.clock, request, self.upstream.proxy.as_ref(), limit).await {
            Err(error) => TestReport { error: Some(error), ..TestReport::default() },
            Ok(answer) => TestReport {
                status: Some(answer.status.as_u16()),
                error: self.judge(&answer, kind),
                excerpt: excerpt(&answer.body),
                ..TestReport::default()
            },
        }
    }

    fn judge(&self, answer: &Answered, kind: TestKind) -> Option<String> {
        let mut meter = AnswerMeter::new(self.call.dialect, self.call.operation);
        meter.push(&answer.body);
        let summary = meter.summary();
        answer.failure().or_else(|| self.matching_error(&answer.body)).or_else(|| match summary.error {
            Some(error) => Some(format!("the answer is an error: {}", error.message)),
            None if summary.problem.is_some() => summary.problem,
            None if kind == TestKind::ToolCall && !calls_tool(self.call.dialect, &answer.body) => {
                Some("the model answered without calling the tool".to_owned())
            }
            None => None,
        })
    }

    fn matching_error(&self, body: &[u8]) -> Option<String> {
        let sample = self.upstream.matching_error(body)?;
        Some(format!("the answer matches the provider's error_matcher `{sample}`"))
    }

    async fn stream(&self, request: HttpRequest) -> TestReport {
        let mut report = TestReport::default();
        let limit = self.timeouts.total();
        if with_timeout(self.clock, limit, Box::pin(self.follow(request, &mut report))).await.is_none() {
            report.error = Some(timed_out(limit));
        }
        report
    }

    async fn follow(&self, request: HttpRequest, report: &mut TestReport) {
        let options = SendOptions {
            header_timeout: Some(self.timeouts.header(true)),
            proxy: self.upstream.proxy.as_ref().map(|proxy| proxy.reveal().to_owned()),
        };
        let started = self.clock.now();
        let (head, mut body) = match self.http.send(request, options).await {
            Ok(answer) => answer.into_parts(),
            Err(error) => {
                report.error = Some(error.message);
                return;
            }
        };
        report.status = Some(head.status.as_u16());
        let mut meter = StreamMeter::new(self.call.dialect, self.call.form);
        let mut held = Vec::new();
        while let Some(chunk) = next_chunk(&mut body).await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    report.error = Some(error);
                    break;
                }
            };
            if held.len() < super::BODY_LIMIT {
                held.extend_from_slice(&chunk);
            }
            if head.status.is_success() {
                meter.push(&chunk);
            }
            if report.first_token_ms.is_none() && matches!(meter.phase(), Phase::Output | Phase::Complete) {
                report.first_token_ms = Some(milliseconds(self.clock.now().since(started)));
            }
        }
        meter.finish();
        report.excerpt = excerpt(&held);
        report.error = report.error.take().or_else(|| self.judge_stream(head.status, &meter, &held));
    }

    fn judge_stream(&self, status: StatusCode, meter: &StreamMeter, body: &[u8]) -> Option<String> {
        if !status.is_success() {
            return Answered { status, body: body.to_vec().into() }.failure();
        }
        match meter.phase() {
            Phase::Complete => None,
            Phase::Output => Some("the stream broke off before its end".to_owned()),
            Phase::Failed | Phase::Preamble => self.matching_error(body).or_else(|| {
                let said = meter.failure().map(|failure| failure.message.clone());
                let said = said.unwrap_or_else(|| classify_error(status, body).message);
                Some(format!("the provider sent no usable stream: {said}"))
            }),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    let whole = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(whole) / 1000.0
}
