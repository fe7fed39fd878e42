use llmio_core::platform::Entropy;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// `crypto.getRandomValues` gives at most so many bytes at once.
const AT_ONCE: usize = 65_536;

#[derive(Debug)]
pub(crate) struct JsEntropy;

impl Entropy for JsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.chunks_mut(AT_ONCE).for_each(get_random_values);
    }
}
