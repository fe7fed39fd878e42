use std::cell::RefCell;

use llmio_core::platform::Entropy;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// Asked for at once, for many requests; `crypto.getRandomValues` gives at most 65,536.
const AT_ONCE: usize = 1024;

thread_local! {
    /// Random bytes; each is given once, from the end.
    static STOCK: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug)]
pub(crate) struct JsEntropy;

impl Entropy for JsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        STOCK.with_borrow_mut(|stock| {
            for chunk in bytes.chunks_mut(AT_ONCE) {
                if stock.len() < chunk.len() {
                    stock.resize(AT_ONCE, 0);
                    get_random_values(stock);
                }
                chunk.copy_from_slice(&stock.split_off(stock.len() - chunk.len()));
            }
        });
    }
}
