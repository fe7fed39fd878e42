use core::time::Duration;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use futures_util::FutureExt as _;
use llmio_core::testing::{ManualClock, unpacked};

/// Larger than what may unpack to any multiple of its size.
const LIMIT: usize = 3 << 20;
const ROOM: usize = 2 << 20;
const MODEST: usize = 1 << 20;
const MAX_RATIO: usize = 200;
/// More pauses than the largest body has.
const PAUSES: usize = 100_000;

/// Whatever is sent as a compressed body, it is unpacked within its bounds or refused; and what is packed arrives.
pub fn unpack(data: &[u8]) {
    for encoding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let outcome = undone(encoding, data.to_vec());
        match &outcome {
            Ok(body) => {
                assert!(body.len() <= LIMIT.min(ROOM), "{encoding}: {} bytes", body.len());
                assert!(
                    body.len() <= MODEST || body.len() / MAX_RATIO <= data.len(),
                    "{encoding}: too much of too little"
                );
            }
            Err(status) => assert!([400, 413, 503].contains(status), "{encoding}: {status}"),
        }
        assert_eq!(outcome, undone(encoding, data.to_vec()), "{encoding}: the same bytes, the same end");
    }
    // A mark at the beginning is taken off.
    let expected = data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data);
    for (encoding, packed) in
        [("gzip", gzip(data)), ("x-gzip, gzip", gzip(&gzip(data))), ("deflate", zlib(data)), ("br", brotli(data))]
    {
        assert_eq!(undone(encoding, packed).as_deref(), Ok(expected), "{encoding}");
    }
}

fn undone(encoding: &str, body: Vec<u8>) -> Result<Bytes, u16> {
    let clock = ManualClock::default();
    let mut unpacking = Box::pin(unpacked(&clock, encoding, Bytes::from(body), LIMIT, ROOM));
    for _ in 0..PAUSES {
        if let Some(outcome) = (&mut unpacking).now_or_never() {
            return outcome;
        }
        clock.advance(Duration::from_millis(1));
    }
    panic!("{encoding}: it does not end");
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = ::brotli::CompressorWriter::new(&mut packed, 4096, 1, 16);
    encoder.write_all(data).expect("memory takes it");
    drop(encoder);
    packed
}
