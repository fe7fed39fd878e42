//! LLMIO on Cloudflare Workers: the platform's traits over `fetch`, D1 and `waitUntil`, and nothing else.
//!
//! Everything that names JavaScript is here; off wasm32 this crate is empty.
#![cfg(target_arch = "wasm32")]

mod background;
mod clock;
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

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Answers a client's request.
#[wasm_bindgen]
pub fn fetch(request: &JsValue, env: JsValue, context: &JsValue) -> js_sys::Promise {
    logging::init();
    exchange::answer(request, env, context)
}
