#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| llmio_fuzz::config(data));
