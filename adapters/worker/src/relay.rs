use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use js_sys::Uint8Array;
use llmio_core::pipeline::{End, Guide, Relay};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

use crate::js::{self, Exchange};
use crate::settled::Settled;
use crate::source::SourceBody;
use crate::{clock, exchange};

/// Sends a provider's answer natively where it can be, and lives until its end.
pub(crate) async fn send(exchange: &Exchange, head: &str, relay: Relay) {
    let idle = clock::millis(relay.idle());
    let (held, rest, guide) = relay.into_parts();
    let held = join(held);
    let mut source = match rest.map(llmio_core::platform::Body::into_native::<SourceBody>) {
        Some(Ok(source)) => source,
        other => return exchange::send_whole(exchange, head, held, other.and_then(Result::err), guide).await,
    };
    source.release();
    let rewrites = guide.rewrites();
    let guide = RefCell::new(Some(guide));
    let step = Closure::<dyn FnMut(String, JsValue) -> JsValue>::new(move |what: String, data: JsValue| {
        step(&guide, &what, &data).map_or(JsValue::UNDEFINED, |bytes| js::bytes(&bytes).into())
    });
    let relayed =
        js::relay(exchange, source.source(), head, &js::bytes(&held), idle, rewrites, step.as_ref().unchecked_ref());
    if let Err(error) = Settled::from(relayed).await {
        tracing::warn!(error = js::message(&error), "an answer could not be passed on");
    }
}

/// What `relay` of glue.js tells the meter, and what it gets back for the client.
fn step(guide: &RefCell<Option<Guide>>, what: &str, data: &JsValue) -> Option<Bytes> {
    let bytes = || Uint8Array::new(data).to_vec();
    let end = match what {
        "observe" => {
            if let Some(guide) = &mut *guide.borrow_mut() {
                guide.observe(&bytes());
            }
            return None;
        }
        "forward" => return guide.borrow_mut().as_mut().map(|guide| guide.forward(bytes().into())),
        "clean" => End::Clean,
        "stalled" => End::Stalled,
        "broken" => End::Broken(data.as_string().unwrap_or_default()),
        _ => {
            guide.borrow_mut().take();
            return None;
        }
    };
    guide.borrow_mut().take()?.end(&end)
}

fn join(chunks: impl IntoIterator<Item = Bytes>) -> Bytes {
    let mut chunks = chunks.into_iter();
    let first = chunks.next().unwrap_or_default();
    let mut all = BytesMut::new();
    for chunk in chunks {
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&chunk);
    }
    if all.is_empty() { first } else { all.freeze() }
}
