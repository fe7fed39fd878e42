use std::fs;
use std::path::{Path, PathBuf};

use llmio_core::dialect::Dialect;
use llmio_core::dialect::hub::Ledger;
use llmio_core::testing::current_file;
use serde_json::Value;

use crate::bench::{self, others};

/// What is asked for by name, so that a generation of models is chosen.
const fn models(to: Dialect) -> &'static [&'static str] {
    match to {
        Dialect::Anthropic => &["claude-sonnet-4-5", "claude-opus-5"],
        Dialect::Gemini => &["gemini-2.5-flash", "gemini-3-pro-preview"],
        _ => &["model"],
    }
}

/// The cases of a dialect whose file ends with `end`.
pub(crate) fn cases(dialect: Dialect, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/dialect").join(dialect.as_str());
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<_> =
        entries.map(|it| it.unwrap().path()).filter(|it| it.to_str().unwrap().ends_with(end)).collect();
    found.sort();
    assert!(!found.is_empty(), "{dialect} has cases of {end}");
    found
}

fn snapshot(case: &Path, to: Dialect, text: &str) {
    let path = case.with_extension(format!("to_{to}.snap"));
    current_file(path.to_str().unwrap(), text);
}

fn told(body: &str, ledger: &Ledger) -> String {
    format!("{body}\n\nledger: {ledger}\n")
}

#[test]
fn requests() {
    for from in Dialect::ALL {
        for case in cases(from, ".request.json") {
            let body: Value = serde_json::from_slice(&fs::read(&case).unwrap()).unwrap();
            for to in others(from) {
                let mut all = String::new();
                for model in models(to) {
                    all += &match bench::request(from, to, model, &body) {
                        Ok((body, ledger)) => told(&serde_json::to_string_pretty(&body).unwrap(), &ledger),
                        Err(refusal) => format!("refused: {refusal}\n"),
                    };
                }
                snapshot(&case, to, &all);
            }
        }
    }
}

#[test]
fn answers() {
    for from in Dialect::ALL {
        for case in cases(from, ".answer.json") {
            let body = fs::read(&case).unwrap();
            for to in others(from) {
                let (answer, ledger) = bench::answer(from, to, &body);
                snapshot(&case, to, &told(&serde_json::to_string_pretty(&answer).unwrap(), &ledger));
            }
        }
    }
}

#[test]
fn streams_however_they_are_cut() {
    for from in Dialect::ALL {
        for case in cases(from, ".stream.sse") {
            let stream = fs::read(&case).unwrap();
            for to in others(from) {
                let (whole, ledger) = bench::stream(from, to, &stream, std::iter::once(&stream[..]));
                snapshot(&case, to, &told(&whole, &ledger));
                let usage = bench::streamed(from, &stream);
                for at in 0..stream.len() {
                    let (before, after) = stream.split_at(at);
                    let (cut, _) = bench::transcoded(from, to, usage, [before, after].into_iter());
                    assert_eq!(cut, whole, "{} cut at {at}", case.display());
                }
                let (bytes, again) = bench::stream(from, to, &stream, stream.chunks(1));
                assert_eq!((bytes, again), (whole, ledger), "{} byte by byte", case.display());
            }
        }
    }
}
