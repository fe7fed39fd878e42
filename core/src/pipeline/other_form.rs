//! An answer that comes streamed and is wanted whole, or the other way round.

use bytes::Bytes;

use super::ask::Ask;
use super::attempt::{Committed, TRANSLATED_ANSWER, Witness, error_in_200, matching_error};
use super::call::Call;
use super::failed::Failed;
use super::judgement::Judgement;
use super::meter::Meter;
use super::reading::{Arrival, Reading};
use super::relay::SOON;
use crate::dialect::hub::Ledger;
use crate::dialect::{AnswerMeter, Phase, Remainder, StreamForm, StreamMeter, classify_error, gather, spread};
use crate::record::Operation;

/// Some write white space while they think.
const BLANKS: usize = 1 << 16;

/// In which form an answer comes, as far as its head and its first bytes say. An answer that says nothing of it comes as it
/// was asked for.
pub(super) async fn comes_as_stream(ask: &Ask, answer: &mut Reading) -> bool {
    // A stream may be an array, too.
    if ask.operation != Operation::Generate || ask.stream && ask.form != StreamForm::Sse {
        return ask.stream;
    }
    let kind = answer.head.headers.get(http::header::CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let is = |name: &[u8]| kind.get(..name.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(name));
    if is(b"text/event-stream") {
        return true;
    }
    if !ask.stream || !is(b"application/json") {
        return ask.stream;
    }
    // Some call their streams so.
    answer.peek(BLANKS).await != Some(b'{')
}

/// Reads a stream to its end, and gives the one answer that its events make.
pub(super) async fn gathered(ask: &Ask, mut answer: Reading, witness: &mut dyn Witness) -> Result<Committed, Failed> {
    let made = make_whole(ask, &mut answer, witness).await;
    let (whole, stream) = made.map_err(|judgement| fails(judgement, &answer))?;
    let mut meter = Box::new(AnswerMeter::new(ask.dialect, ask.operation));
    meter.push(&whole);
    if let Some(problem) = &meter.summary().problem {
        let judgement = Judgement::unusable(&format!("the provider's events make no answer: {problem}"));
        return Err(fails(judgement, &answer));
    }
    let mut lost = Ledger::default();
    let whole = match &ask.translation {
        None => whole,
        Some(translation) => {
            let told = translation.answer(&whole, &stream.usage(), &mut lost);
            told.map_err(|error| fails(Judgement::unusable(&error), &answer))?
        }
    };
    let (head, ..) = answer.into_parts();
    Ok(Committed { head, held: vec![whole], rest: None, meter: Meter::Answer(meter), lost, is_turned: true })
}

async fn make_whole(
    ask: &Ask,
    answer: &mut Reading,
    witness: &mut dyn Witness,
) -> Result<(Bytes, StreamMeter), Judgement> {
    let mut meter = StreamMeter::new(ask.dialect, StreamForm::Sse);
    loop {
        match answer.next().await {
            Arrival::Chunk => meter.push(answer.newest()),
            Arrival::End => {
                meter.finish();
                break;
            }
            Arrival::Broken(_) | Arrival::TimeOut if meter.phase() == Phase::Complete => break,
            Arrival::Broken(error) => return Err(Judgement::cut(&error.to_string())),
            Arrival::TimeOut => return Err(Judgement::timeout("the provider's answer was not complete in time")),
        }
        witness.used(meter.usage());
        if answer.held_bytes > TRANSLATED_ANSWER {
            return Err(Judgement::unusable("the provider's stream is too long to be one answer"));
        }
        match meter.remainder() {
            _ if meter.phase() == Phase::Failed => break,
            Remainder::Nothing => break,
            Remainder::Little => answer.hurry(SOON),
            Remainder::Events => {}
        }
    }
    if let Some(sample) = matching_error(ask.upstream(), answer) {
        return Err(Judgement::matched(sample));
    }
    match meter.phase() {
        Phase::Complete => {}
        Phase::Failed => {
            return Err(match meter.failure() {
                Some(error) => Judgement::of_error(error, answer.now()),
                None => Judgement::unusable("the provider's stream is unreadable"),
            });
        }
        Phase::Preamble | Phase::Output => {
            return Err(Judgement::unusable("the provider ended the stream without completing its answer"));
        }
    }
    let whole = gather(ask.dialect, &answer.text());
    let whole = whole.map_err(|unfit| Judgement::unusable(&format!("the provider {unfit}")))?;
    Ok((whole.into(), meter))
}

/// Reads a whole answer to its end, and gives the events that it would have come in.
pub(super) async fn spread_out(call: &Call, ask: &Ask, mut answer: Reading) -> Result<Committed, Failed> {
    let made = make_stream(call, ask, &mut answer).await;
    let (stream, form) = made.map_err(|judgement| fails(judgement, &answer))?;
    let mut meter = Box::new(StreamMeter::new(ask.dialect, form));
    meter.push(&stream);
    let (head, ..) = answer.into_parts();
    let lost = Ledger::default();
    Ok(Committed { head, held: vec![stream], rest: None, meter: Meter::Stream(meter), lost, is_turned: true })
}

async fn make_stream(call: &Call, ask: &Ask, answer: &mut Reading) -> Result<(Bytes, StreamForm), Judgement> {
    let mut meter = AnswerMeter::new(ask.dialect, ask.operation);
    loop {
        match answer.next().await {
            Arrival::Chunk => meter.push(answer.newest()),
            Arrival::End => break,
            Arrival::Broken(error) => return Err(Judgement::cut(&error.to_string())),
            Arrival::TimeOut => return Err(Judgement::timeout("the provider's answer was not complete in time")),
        }
        if answer.held_bytes > TRANSLATED_ANSWER {
            return Err(Judgement::unusable("the provider's answer is too long to be streamed"));
        }
    }
    if let Some(sample) = matching_error(ask.upstream(), answer) {
        return Err(Judgement::matched(sample));
    }
    let text = answer.text();
    let summary = meter.summary();
    if summary.error.is_some() || summary.problem.is_some() {
        let error = classify_error(answer.status(), &text);
        return Err(error_in_200(&error, answer.now(), "the provider answered a streaming request without a stream"));
    }
    if !ask.translates && call.form == StreamForm::JsonArray {
        return Ok(([&b"["[..], &text, &b"]"[..]].concat().into(), call.form));
    }
    let stream = spread(ask.dialect, &text);
    let stream = stream.ok_or_else(|| Judgement::unusable("the provider's answer cannot be streamed"))?;
    Ok((stream.into(), StreamForm::Sse))
}

fn fails(judgement: Judgement, answer: &Reading) -> Failed {
    Failed::new(answer.status().as_u16(), judgement).with_body(answer.text())
}
