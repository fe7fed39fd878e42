use std::mem::take;

use bytes::{Bytes, BytesMut};
use llmio_core::dialect::Remainder;
use llmio_core::pipeline::{End, Guide, Last, Relay};
use llmio_core::platform::Body;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::clock;
use crate::js::{self, Exchange};
use crate::settled::Settled;
use crate::source::SourceBody;

/// Sends a provider's answer, and lives until its end.
pub(crate) async fn send(exchange: &Exchange, head: &str, relay: Relay) {
    let pace = relay.pace();
    let (ready, rest, guide) = relay.into_parts();
    let ready = join(ready);
    let mut source = match rest.map(Body::into_native::<SourceBody>) {
        Some(Ok(source)) => source,
        other => {
            debug_assert!(other.is_none(), "every provider's body is the platform's");
            return send_whole(exchange, head, ready, guide).await;
        }
    };
    source.release();
    let keep_alive = pace.keep_alive.map(clock::millis).unwrap_or_default();
    let (idle, guide) = (clock::millis(pace.idle), JsValue::from(RelayGuide(guide)));
    let relayed = js::relay(exchange, source.source(), head, &js::bytes(&ready), idle, keep_alive, guide);
    if let Err(error) = Settled::from(relayed).await {
        tracing::warn!(error = js::message(&error), "an answer could not be passed on");
    }
}

/// An answer of which nothing is left to come.
async fn send_whole(exchange: &Exchange, head: &str, ready: Bytes, mut guide: Guide) {
    match guide.end(&End::Clean) {
        Last::Bytes(last) => exchange.answer(head, &js::bytes(&join([ready, last]))),
        Last::Broken(cause) => {
            let writer = exchange.stream(head);
            if Settled::from(writer.write(&js::bytes(&ready))).await.is_ok() {
                let _ = Settled::from(writer.abort(&cause.into())).await;
            }
        }
    }
}

/// The guide of an answer, for relay.js. Freed before its end, it records that the client left.
#[derive(Debug)]
#[wasm_bindgen]
pub struct RelayGuide(Guide);

#[wasm_bindgen]
impl RelayGuide {
    /// What the client gets now; `undefined` where that is the chunk itself.
    pub fn pass(&mut self, chunk: Vec<u8>) -> Option<Vec<u8>> {
        let chunk = Bytes::from(chunk);
        let came = (chunk.as_ptr(), chunk.len());
        let passed = self.0.pass(chunk);
        ((passed.as_ptr(), passed.len()) != came).then(|| passed.into())
    }

    /// What is still to come: 0 nothing, 1 little, 2 events.
    pub fn remainder(&self) -> u8 {
        match self.0.remainder() {
            Remainder::Nothing => 0,
            Remainder::Little => 1,
            Remainder::Events => 2,
        }
    }

    pub fn filler(&self) -> Option<Vec<u8>> {
        self.0.filler().map(<[u8]>::to_vec)
    }

    /// What the client gets last; throws what broke its answer where it must not end well.
    pub fn end(mut self, how: &str, cause: String) -> Result<Vec<u8>, JsValue> {
        let end = match how {
            "clean" => End::Clean,
            "over" => End::Over,
            "stalled" => End::Stalled,
            _ => End::Broken(cause),
        };
        match self.0.end(&end) {
            Last::Bytes(last) => Ok(last.into()),
            Last::Broken(cause) => Err(cause.into()),
        }
    }
}

fn join(chunks: impl IntoIterator<Item = Bytes>) -> Bytes {
    let mut chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
    let mut first = chunks.next().unwrap_or_default();
    let mut all = BytesMut::new();
    for chunk in chunks {
        all.extend_from_slice(&take(&mut first));
        all.extend_from_slice(&chunk);
    }
    if all.is_empty() { first } else { all.freeze() }
}
