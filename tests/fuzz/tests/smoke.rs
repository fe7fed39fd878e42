//! Each target over its seeds and a number of mutations of them, always the same.

use std::panic::catch_unwind;
use std::path::Path;

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

const MUTATIONS: usize = 500;
const LONGEST: usize = 4096;
/// What JSON and streams of events are made of.
const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0061",
    "\\ud83d",
    "0",
    "-1.5e3",
    "18446744073709551615",
    "true",
    "null",
    " ",
    "\n",
    "\r",
    "\r\n",
    "data: ",
    "event: ",
    "\n\n",
    "\u{feff}",
    "é",
];

#[test]
fn json() {
    run("json", llmio_fuzz::json);
}

#[test]
fn sse() {
    run("sse", llmio_fuzz::sse);
}

#[test]
fn meters() {
    run("meters", llmio_fuzz::meters);
}

#[test]
fn usage() {
    run("usage", llmio_fuzz::usage);
}

#[test]
fn hrana() {
    run("hrana", llmio_fuzz::hrana);
}

#[test]
fn codecs() {
    run("codecs", llmio_fuzz::codecs);
}

#[test]
fn config() {
    run("config", llmio_fuzz::config);
}

#[test]
fn unpack() {
    run("unpack", llmio_fuzz::unpack);
}

fn run(name: &str, target: fn(&[u8])) {
    let seeds = seeds(name);
    let mut rng = SmallRng::seed_from_u64(1);
    let mutations = (0..MUTATIONS).map(|_| {
        let seed = &seeds[rng.random_range(0..seeds.len())];
        let other = &seeds[rng.random_range(0..seeds.len())];
        mutated(seed, other, &mut rng)
    });
    for input in seeds.iter().cloned().chain(mutations) {
        assert!(catch_unwind(|| target(&input)).is_ok(), "{name} fails for b\"{}\"", input.escape_ascii());
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
    let mut files: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).chain([Vec::new()]).collect()
}

fn mutated(seed: &[u8], other: &[u8], rng: &mut SmallRng) -> Vec<u8> {
    let mut input = seed.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=input.len());
        let end = rng.random_range(at..=input.len().min(at + 16));
        match rng.random_range(0..6) {
            0 => drop(input.drain(at..end)),
            1 => {
                let copy = input[at..end].repeat(rng.random_range(1..200));
                input.splice(at..at, copy).for_each(drop);
            }
            2 => drop(input.splice(at..at, WORDS[rng.random_range(0..WORDS.len())].bytes())),
            3 => drop(input.splice(at..end, [rng.random()])),
            4 => input.truncate(at),
            _ => drop(input.splice(at.., other[other.len().min(at)..].iter().copied())),
        }
    }
    input.truncate(LONGEST);
    input
}
