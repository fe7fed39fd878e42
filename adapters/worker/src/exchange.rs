//! One client's request from JavaScript to core and back.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::mem::swap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response};
use js_sys::Promise;
use llmio_core::platform::Body;
use llmio_core::{Answer, RequestContext};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::background::WaitUntil;
use crate::js::{self, Exchange};
use crate::settled::Settled;
use crate::source::SourceBody;
use crate::{head, home, relay};

/// Answers a request. The work goes on when the client has left, so that its record is written.
pub(crate) fn answer(request: &JsValue, env: JsValue, context: &JsValue) -> Promise {
    let exchange = Exchange::new(request, context);
    let response = exchange.response();
    spawn_local(within(exchange.clone(), async move {
        serve(&exchange, env).await;
        exchange.finish();
    }));
    response
}

thread_local! {
    /// The exchange whose work is being done.
    static CURRENT: RefCell<Option<Exchange>> = const { RefCell::new(None) };
}

/// The exchange that the caller works for; `None` in what is no client's request.
pub(crate) fn current() -> Option<Exchange> {
    CURRENT.with_borrow(Clone::clone)
}

/// The future, as work for an exchange.
pub(crate) async fn within<F: Future>(exchange: Exchange, future: F) -> F::Output {
    let mut exchange = Some(exchange);
    let mut future = pin!(future);
    poll_fn(|cx| {
        CURRENT.with_borrow_mut(|current| swap(current, &mut exchange));
        let poll = future.as_mut().poll(cx);
        CURRENT.with_borrow_mut(|current| swap(current, &mut exchange));
        poll
    })
    .await
}

async fn serve(exchange: &Exchange, env: JsValue) {
    let Some(parts) = head::request(&exchange.head()) else {
        return exchange.answer("400", &js::bytes(b"this is no usable HTTP request"));
    };
    #[cfg(feature = "testing")]
    if crate::contract::run(exchange, &parts, &env).await {
        return;
    }
    let remote_addr = address(&parts.headers);
    let gateway = match home::gateway(&env).await {
        Ok(gateway) => gateway,
        Err(error) => return send(exchange, home::refuse(&parts, &error).map(Answer::Body)).await,
    };
    let body = Body::Native(Box::pin(SourceBody::new(exchange.source())));
    let context = RequestContext { remote_addr, ends_at: None, background: Arc::new(WaitUntil::new(exchange.clone())) };
    let handled = Box::pin(gateway.handle(Request::from_parts(parts, body), context));
    let (left, ()) = Settled::when(|number, settle| exchange.on_left(number, settle));
    // The platform does not drop what a client has left; dropping it is what ends the provider's exchange.
    if let Either::Left((answer, _)) = select(handled, left).await {
        send(exchange, answer).await;
    }
}

async fn send(exchange: &Exchange, answer: Response<Answer>) {
    let (parts, answer) = answer.into_parts();
    let head = head::text(parts.status.as_str(), &parts.headers);
    match answer {
        Answer::Body(Body::Whole(bytes)) => exchange.answer(&head, &js::bytes(&bytes)),
        Answer::Body(body) => stream(exchange, &head, body).await,
        Answer::Relay(relay) => relay::send(exchange, &head, *relay).await,
    }
}

/// A body that core makes chunk by chunk.
async fn stream(exchange: &Exchange, head: &str, mut body: Body) {
    let writer = exchange.stream(head);
    while let Some(chunk) = body.next().await {
        let written = match chunk {
            Ok(chunk) => Settled::from(writer.write(&js::bytes(&chunk))).await,
            Err(error) => Settled::from(writer.abort(&error.to_string().into())).await.and(Err(JsValue::NULL)),
        };
        if written.is_err() {
            return;
        }
    }
    let _ = Settled::from(writer.close()).await;
}

/// Cloudflare names the client itself.
fn address(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("cf-connecting-ip")?.to_str().ok()?.to_owned())
}
