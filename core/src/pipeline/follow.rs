use bytes::Bytes;

use super::ask::Ask;
use super::attempt::{Committed, Patience, Witness, attempt};
use super::call::Call;
use super::end::{End, judge};
use super::failed::Failed;
use super::judgement::Judgement;
use super::meter::joined;
use super::reading::{Arrival, Reading};
use crate::dialect::Usage;
use crate::platform::{Platform, Timestamp};
use crate::record::Outcome;

/// So much of an answer is kept.
const KEPT: usize = 8 << 20;

/// An exchange on the gateway's own behalf, read to its end.
#[derive(Debug)]
pub(crate) struct Seen {
    /// 0 when no answer came.
    pub(crate) status: u16,
    /// The beginning of what came.
    pub(crate) body: Bytes,
    /// When the answer could have been shown to a client.
    pub(crate) first_token_at: Option<Timestamp>,
    /// Why it is no good answer, in words.
    pub(crate) error: Option<String>,
    pub(crate) outcome: Outcome,
    pub(crate) usage: Usage,
    /// In the dialect's own words.
    pub(crate) finish_reason: Option<String>,
    /// The request's body as it was sent.
    pub(crate) sent: Bytes,
}

struct Nobody;

impl Witness for Nobody {
    fn head(&mut self) {}
    fn used(&mut self, _: Usage) {}
}

/// Asks as for a client, judges the same way, and reads the answer to its end.
pub(crate) async fn follow(platform: &Platform, call: &Call, ask: &Ask, patience: Patience<'_>) -> Seen {
    let sent = ask.request(call).map(|request| request.body().to_bytes()).unwrap_or_default();
    let committed = match attempt(platform, call, ask, patience, &mut Nobody).await {
        Ok(committed) => committed,
        Err(failed) => {
            let Failed { judgement, status, body, .. } = failed;
            let (usage, finish_reason) = Default::default();
            let Judgement { outcome, message: error, .. } = judgement;
            return Seen { status, body, first_token_at: None, error, outcome, usage, finish_reason, sent };
        }
    };
    let Committed { head, held, rest, mut meter, .. } = committed;
    let status = head.status.as_u16();
    let first_token_at = Some(platform.clock.now());
    let mut kept = held;
    let mut end = End::Clean;
    if let Some(rest) = rest {
        let mut response = http::Response::new(rest);
        *response.status_mut() = head.status;
        let mut answer = Reading::new(&platform.clock, response, patience.deadline, patience.timeouts.idle());
        let mut size: usize = kept.iter().map(Bytes::len).sum();
        end = loop {
            match answer.next().await {
                Arrival::Chunk => {
                    let chunk = answer.take_newest();
                    meter.push(&chunk);
                    size += chunk.len();
                    if size < KEPT {
                        kept.push(chunk);
                    }
                    if meter.is_over() {
                        break End::Over;
                    }
                }
                Arrival::End => break End::Clean,
                Arrival::Broken(error) => break End::Broken(error.to_string()),
                Arrival::TimeOut => break End::Stalled,
            }
        };
    }
    let Judgement { outcome, message: error, .. } = judge(&mut meter, &end, platform.clock.now());
    let (usage, finish_reason) = meter.told();
    Seen { status, body: joined(&kept), first_token_at, error, outcome, usage, finish_reason, sent }
}
