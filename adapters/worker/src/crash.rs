//! A panic ends the instance of the module, and with it every request that it was handling: WebAssembly does not unwind
//! here. They are answered before it ends; worker-build's shim makes a new instance for the next event.

use std::panic;

use http::StatusCode;
use llmio_core::platform::Body;

use crate::js::{self, Exchange};
use crate::{head, home};

pub(crate) fn init() {
    let log = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        log(info);
        for exchange in js::open_exchanges() {
            answer(&exchange);
        }
    }));
}

fn answer(exchange: &Exchange) {
    let Some(request) = head::request(&exchange.head()) else { return };
    let (parts, body) = home::crashed(&request).into_parts();
    debug_assert_eq!(parts.status, StatusCode::INTERNAL_SERVER_ERROR);
    if let Body::Whole(bytes) = body {
        exchange.crash(&head::text(parts.status.as_str(), &parts.headers), &js::bytes(&bytes));
    }
}
