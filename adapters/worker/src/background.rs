use std::fmt;

use llmio_core::platform::{Background, BoxFuture};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;
use worker::send::SendWrapper;

use crate::exchange::within;
use crate::js::Exchange;

/// `waitUntil` of the request at hand.
pub(crate) struct WaitUntil(SendWrapper<Exchange>);

impl WaitUntil {
    pub(crate) fn new(exchange: Exchange) -> Self {
        Self(SendWrapper::new(exchange))
    }
}

impl Background for WaitUntil {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let exchange = (*self.0).clone();
        let promise = future_to_promise(std::panic::AssertUnwindSafe(async move {
            within(exchange, task).await;
            Ok(JsValue::UNDEFINED)
        }));
        self.0.wait_until(&promise);
    }
}

impl fmt::Debug for WaitUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WaitUntil")
    }
}
