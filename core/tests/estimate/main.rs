//! How far the estimate of a request's tokens is from what a tokenizer counts, on texts of our own: a table for
//! `docs/dialects.md`.

use llmio_core::dialect::Dialect;
use llmio_core::dialect::hub::{Ledger, estimate};
use llmio_core::testing::current_file;
use serde_json::json;
use tiktoken_rs::CoreBPE;

const TEXTS: [(&str, &str); 6] = [
    ("English", include_str!("texts/english.txt")),
    ("Chinese", include_str!("texts/chinese.txt")),
    ("Rust", include_str!("texts/rust.txt")),
    ("TypeScript", include_str!("texts/typescript.txt")),
    ("JSON", include_str!("texts/json.txt")),
    ("JSON, indented", include_str!("texts/json_indented.txt")),
];
/// An estimate that is further off than this is none.
const BOUND: f64 = 0.35;

fn estimated(text: &str) -> u64 {
    let body = json!({"model": "m", "messages": [{"role": "user", "content": text}]}).into();
    let request = (Dialect::OpenAiChat.codec().decode_request)(&body, &mut Ledger::default()).unwrap();
    estimate(&request)
}

#[test]
fn how_far_off() {
    let tokenizers: [(&str, CoreBPE); 2] =
        [("o200k_base", tiktoken_rs::o200k_base().unwrap()), ("cl100k_base", tiktoken_rs::cl100k_base().unwrap())];
    let mut table = "| text | characters | estimate | `o200k_base` | off by | `cl100k_base` | off by |\n|---|---|---|---|---|---|---|\n".to_owned();
    for (name, text) in TEXTS {
        let estimate = estimated(text);
        table += &format!("| {name} | {} | {estimate}", text.chars().count());
        for (tokenizer, bpe) in &tokenizers {
            let count = bpe.encode_ordinary(text).len();
            let off = estimate as f64 / count as f64 - 1.0;
            assert!(off.abs() < BOUND, "{name} by {tokenizer}: {estimate} for {count}");
            table += &format!(" | {count} | {:+.0} %", off * 100.0);
        }
        table += " |\n";
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dialects.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once("<!-- the estimate").unwrap();
    let (mark, rest) = rest.split_once("-->").unwrap();
    let (_, behind) = rest.split_once("<!-- end -->").unwrap();
    current_file(path, &format!("{before}<!-- the estimate{mark}-->\n\n{table}\n<!-- end -->{behind}"));
}
