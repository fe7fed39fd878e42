//! LLMIO on Cloudflare Workers: the platform's traits over `fetch`, D1 and `waitUntil`, and nothing else.
//!
//! Everything that names JavaScript is here; off wasm32 this crate is empty.
#![cfg(target_arch = "wasm32")]

mod background;
mod clock;
#[cfg(feature = "testing")]
mod contract;
mod crash;
mod d1;
mod entropy;
mod exchange;
mod head;
mod home;
mod http_client;
mod js;
mod logging;
mod relay;
mod settled;
mod source;

use std::cell::Cell;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::future_to_promise;

/// Answers a client's request.
#[wasm_bindgen]
pub fn fetch(request: &JsValue, env: JsValue, context: &JsValue) -> js_sys::Promise {
    prepare();
    exchange::answer(request, env, context)
}

/// The cron trigger: what has to be done now and then.
#[wasm_bindgen]
pub fn scheduled(_event: &JsValue, env: JsValue, _context: &JsValue) -> js_sys::Promise {
    prepare();
    future_to_promise(std::panic::AssertUnwindSafe(async move {
        home::clean_up(&env).await;
        Ok(JsValue::UNDEFINED)
    }))
}

/// Once for each instance of the module: the platform offers no time and no randomness before the first event.
fn prepare() {
    thread_local! {
        static IS_READY: Cell<bool> = const { Cell::new(false) };
    }
    if !IS_READY.replace(true) {
        logging::init();
        crash::init();
    }
}
