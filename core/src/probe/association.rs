use core::time::Duration;
use std::sync::Arc;

use http::HeaderMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::excerpt;
use super::question::{TestKind, calls_tool, question};
use crate::config::snapshot::{Candidate, Upstream};
use crate::config::{Association, Invalid, Model, Pattern, Provider};
use crate::dialect::{Dialect, RequestHead, StreamForm};
use crate::pipeline::{Ask, Call, Patience, follow};
use crate::platform::{Platform, Timestamp};
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
    platform: &Platform,
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
    let upstream = Upstream::compile(provider.clone()).map_err(unusable)?;
    let candidate = Arc::new(Candidate::compile(association.clone(), Arc::new(upstream)).map_err(unusable)?);
    let call = call(&candidate, &asked, kind);
    let provider_model = Ask::model(&call, &candidate).to_owned();
    let ask = Ask::new(&call, Arc::clone(&candidate)).bare();

    let started = platform.clock.now();
    let deadline = started.plus(model.timeouts.total());
    let patience = Patience { timeouts: &model.timeouts, deadline, others_left: false };
    let seen = follow(platform, &call, &ask, patience).await;
    let since = |at: Timestamp| milliseconds(at.since(started));
    let lacks_call = kind == TestKind::ToolCall && !calls_tool(ask.dialect, &seen.body);
    let missing = lacks_call.then(|| "the model answered without calling the tool".to_owned());
    let said = seen.error.map(|error| match seen.status {
        0 | 200..=299 => error,
        status => format!("the provider answered {status}: {error}"),
    });
    let mut report = TestReport {
        ok: false,
        provider_model,
        status: (seen.status > 0).then_some(seen.status),
        first_token_ms: seen.first_token_at.filter(|_| call.stream).map(since),
        total_ms: since(platform.clock.now()),
        error: said.or(missing).map(|error| candidate.redactor.text(error)),
        excerpt: excerpt(&candidate.redactor.bytes(seen.body)),
    };
    report.ok = report.error.is_none();
    Ok(report)
}

/// What a client would send.
fn call(candidate: &Candidate, model: &str, kind: TestKind) -> Call {
    let dialect = candidate.upstream.kind.dialect();
    let stream = kind == TestKind::Stream;
    Call {
        dialect,
        operation: Operation::Generate,
        headers: HeaderMap::new(),
        query: (stream && dialect == Dialect::Gemini).then(|| "alt=sse".to_owned()),
        body: question(dialect, model, kind),
        head: RequestHead { model: Some(model.to_owned()), stream, ..RequestHead::default() },
        model: model.to_owned(),
        stream,
        form: StreamForm::Sse,
        conversation: None,
    }
}

fn milliseconds(duration: Duration) -> f64 {
    let whole = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    f64::from(whole) / 1000.0
}
