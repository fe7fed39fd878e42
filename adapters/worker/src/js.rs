//! What `glue.js` and `relay.js` offer.

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[derive(Clone, Debug)]
    pub(crate) type Exchange;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(request: &JsValue, context: &JsValue) -> Exchange;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn response(this: &Exchange) -> js_sys::Promise;
    #[wasm_bindgen(method, js_name = onLeft)]
    pub(crate) fn on_left(this: &Exchange, number: u32, settle: &js_sys::Function);
    #[wasm_bindgen(method)]
    pub(crate) fn sleep(this: &Exchange, number: u32, settle: &js_sys::Function, millis: f64);
    #[wasm_bindgen(method)]
    pub(crate) fn wake(this: &Exchange, number: u32);
    #[wasm_bindgen(method)]
    pub(crate) fn head(this: &Exchange) -> String;
    #[wasm_bindgen(method)]
    pub(crate) fn source(this: &Exchange) -> JsSource;
    #[wasm_bindgen(method)]
    pub(crate) fn answer(this: &Exchange, head: &str, body: &js_sys::Uint8Array);
    #[wasm_bindgen(method)]
    pub(crate) fn stream(this: &Exchange, head: &str) -> Writer;
    #[wasm_bindgen(method)]
    pub(crate) fn finish(this: &Exchange);
    #[wasm_bindgen(method, js_name = waitUntil)]
    pub(crate) fn wait_until(this: &Exchange, promise: &js_sys::Promise);

    /// Ends a request whose instance is about to end.
    #[wasm_bindgen(method)]
    pub(crate) fn crash(this: &Exchange, head: &str, body: &js_sys::Uint8Array);
    #[wasm_bindgen(js_name = openExchanges)]
    pub(crate) fn open_exchanges() -> Vec<Exchange>;

    /// A `WritableStreamDefaultWriter`.
    #[derive(Debug)]
    pub(crate) type Writer;

    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Writer, chunk: &js_sys::Uint8Array) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Writer) -> js_sys::Promise;
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Writer, reason: &JsValue) -> js_sys::Promise;

    #[derive(Debug)]
    #[wasm_bindgen(js_name = Source)]
    pub(crate) type JsSource;

    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &JsSource, number: u32, settle: &js_sys::Function);
    #[wasm_bindgen(method, getter, js_name = isOver)]
    pub(crate) fn is_over(this: &JsSource) -> bool;
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &JsSource);

    #[derive(Debug)]
    pub(crate) type Call;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(head: &str, body: Option<&js_sys::Uint8Array>, number: u32, settle: &js_sys::Function) -> Call;
    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Call);

    #[wasm_bindgen(js_name = answerHead)]
    pub(crate) fn answer_head(response: &JsValue) -> String;
    #[wasm_bindgen(js_name = sourceOf)]
    pub(crate) fn source_of(response: &JsValue, call: &Call) -> JsSource;

    pub(crate) fn follow(promise: &js_sys::Promise, number: u32, settle: &js_sys::Function);

    pub(crate) fn d1(database: &JsValue, statements: &str, reads: bool) -> js_sys::Promise;
}

#[wasm_bindgen(module = "/src/relay.js")]
extern "C" {
    #[allow(clippy::too_many_arguments, reason = "one crossing instead of eight")]
    pub(crate) fn relay(
        exchange: &Exchange,
        source: &JsSource,
        head: &str,
        ready: &js_sys::Uint8Array,
        idle: f64,
        keep_alive: f64,
        guide: JsValue,
    ) -> js_sys::Promise;
}

#[wasm_bindgen]
extern "C" {
    /// Calls `settle` with the number and `true`, once.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(settle: &js_sys::Function, millis: f64, number: u32, is_fulfilled: bool) -> f64;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(timer: f64);
}

/// The bytes in a JavaScript array of their own.
pub(crate) fn bytes(bytes: &[u8]) -> js_sys::Uint8Array {
    js_sys::Uint8Array::new_from_slice(bytes)
}

/// What a thrown value says.
pub(crate) fn message(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_else(|| "an unknown error of the platform".to_owned())
}
