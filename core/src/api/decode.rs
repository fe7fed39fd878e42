//! Request bodies as clients send them: Claude Code, for one, compresses large ones.
//!
//! A few bytes may unpack to very many, so they are unpacked in slices: each is paid for with room, and others have their
//! turn after it. What unpacks takes memory itself, so few bodies are unpacked at a time.

use core::time::Duration;
use std::io::Read;
use std::task::Poll;

use bytes::{Buf, Bytes};
use http::{HeaderMap, header};

use super::upload::busy;
use crate::dialect::{ErrorKind, GatewayError};
use crate::platform::Clock;
use crate::room::{Reserved, Turn};
use crate::wire::BYTE_ORDER_MARK;

const SLICE: usize = 64 << 10;
/// After so much, what waits for events of the home has its turn, too.
const PAUSE_EVERY: usize = 1 << 20;
const PAUSE: Duration = Duration::from_millis(1);
/// Who waits for a turn looks after a time that doubles up to this: by a timer of its own, because in a Worker a request
/// cannot be woken by another one.
const LONGEST_WAIT: Duration = Duration::from_millis(50);
/// So long at the most, in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// A body that unpacks to more than [`MODEST`] bytes may not be more than so many times as large as it came.
const MAX_RATIO: usize = 200;
const MODEST: usize = 1 << 20;
/// RFC 9659: larger windows are not for content codings.
const ZSTD_WINDOW: u64 = 8 << 20;

/// Undoes a request's `content-encoding`, and takes off a byte order mark; what it unpacks to is bounded by `limit`, and
/// takes `room` while it grows.
pub(crate) async fn decode(
    clock: &dyn Clock,
    headers: &HeaderMap,
    body: Bytes,
    limit: usize,
    room: &mut Reserved,
) -> Result<Bytes, GatewayError> {
    let mut body = body;
    // Encodings are listed in the order in which they were applied.
    let encodings: Vec<_> = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(|encoding| encoding.trim().to_ascii_lowercase())
        .filter(|encoding| !encoding.is_empty() && encoding != "identity")
        .collect();
    if encodings.len() > 2 {
        return Err(GatewayError::new(ErrorKind::UnsupportedMediaType, "the body is encoded more than twice"));
    }
    let _turn = if encodings.is_empty() { None } else { Some(turn(clock, room).await?) };
    for encoding in encodings.iter().rev() {
        let mut unpacked = Unpacked { encoding, packed: body.len(), limit, body: Vec::new(), clock, room };
        // A decoder is large, and of most requests no part.
        Box::pin(unpacked.unpack(&body)).await?;
        let unpacked = Bytes::from(unpacked.body);
        room.shrink(std::mem::replace(&mut body, unpacked).len());
    }
    if body.starts_with(BYTE_ORDER_MARK) {
        body.advance(BYTE_ORDER_MARK.len());
    }
    Ok(body)
}

async fn turn(clock: &dyn Clock, room: &Reserved) -> Result<Turn, GatewayError> {
    let (mut pause, mut waited) = (PAUSE, Duration::ZERO);
    loop {
        if let Some(turn) = room.turn() {
            return Ok(turn);
        }
        if waited >= PATIENCE {
            return Err(busy());
        }
        clock.sleep(pause).await;
        waited += pause;
        pause = (pause * 2).min(LONGEST_WAIT);
    }
}

/// One encoding being undone.
struct Unpacked<'a> {
    encoding: &'a str,
    /// How many bytes came.
    packed: usize,
    limit: usize,
    body: Vec<u8>,
    clock: &'a dyn Clock,
    room: &'a mut Reserved,
}

impl Unpacked<'_> {
    async fn unpack(&mut self, packed: &[u8]) -> Result<(), GatewayError> {
        match self.encoding {
            "gzip" | "x-gzip" => self.read(flate2::read::MultiGzDecoder::new(packed)).await,
            // RFC 9110 means zlib's format; some clients send a bare deflate stream.
            "deflate" if is_zlib(packed) => self.read(flate2::read::ZlibDecoder::new(packed)).await,
            "deflate" => self.read(flate2::read::DeflateDecoder::new(packed)).await,
            "br" => self.read(unbrotli(packed)).await,
            "zstd" => self.unzstd(packed).await,
            encoding => {
                let message =
                    format!("the content-encoding `{encoding}` is not supported; use gzip, deflate, br, zstd or none");
                Err(GatewayError::new(ErrorKind::UnsupportedMediaType, message))
            }
        }
    }

    /// RFC 8878: any number of frames, of which some hold nothing of the content.
    async fn unzstd(&mut self, mut packed: &[u8]) -> Result<(), GatewayError> {
        use ruzstd::decoding::StreamingDecoder;

        loop {
            match skippable_frame(packed) {
                Some(length) => packed = packed.get(length..).ok_or_else(|| self.broken(&"a frame is cut off"))?,
                None => {
                    let decoder = StreamingDecoder::new_with_max_window_size(&mut packed, ZSTD_WINDOW);
                    self.read(decoder.map_err(|error| self.broken(&error))?).await?;
                }
            }
            if packed.is_empty() {
                return Ok(());
            }
            pause(self.clock, 0).await;
        }
    }

    async fn read(&mut self, mut decoder: impl Read + Send) -> Result<(), GatewayError> {
        loop {
            let before = self.body.len();
            let most = (self.limit.saturating_sub(before) + 1).min(SLICE);
            let slice = decoder.by_ref().take(most as u64).read_to_end(&mut self.body);
            let read = slice.map_err(|error| self.broken(&error))?;
            let size = self.body.len();
            if size > self.limit {
                return Err(super::too_large(self.limit));
            }
            if size > MODEST && size / MAX_RATIO > self.packed {
                let message =
                    format!("the body unpacks to more than {MAX_RATIO} times its size; send it less compressed");
                return Err(GatewayError::new(ErrorKind::TooLarge, message).code("request_too_large"));
            }
            if !self.room.grow(read) {
                return Err(busy());
            }
            if read < most {
                return Ok(());
            }
            pause(self.clock, before).await;
        }
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> GatewayError {
        GatewayError::new(ErrorKind::InvalidRequest, format!("the body is not valid {}: {error}", self.encoding))
    }
}

/// Lets others go on, after the slice that follows the first `before` bytes.
async fn pause(clock: &dyn Clock, before: usize) {
    if before / PAUSE_EVERY < (before + SLICE) / PAUSE_EVERY {
        clock.sleep(PAUSE).await;
        return;
    }
    let mut is_paused = false;
    core::future::poll_fn(|cx| {
        if core::mem::replace(&mut is_paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// RFC 7932, whose windows hold 16 MiB at the most: the large ones of its extension, up to 1 GiB, are no HTTP.
fn unbrotli(packed: &[u8]) -> impl Read + Send {
    use brotli_decompressor::{BrotliDecoderParameter, Decompressor};

    let mut decoder = Decompressor::new(packed, 8192);
    let is_set = decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    debug_assert!(is_set, "nothing is read yet");
    decoder
}

fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)) % 31 == 0)
}

/// The length of the skippable frame that the bytes begin with.
fn skippable_frame(packed: &[u8]) -> Option<usize> {
    let (magic, rest) = packed.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    let is_skippable = u32::from_le_bytes(*magic) & 0xffff_fff0 == 0x184d_2a50;
    is_skippable.then(|| (u32::from_le_bytes(*length) as usize).saturating_add(8))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::pin::pin;
    use std::sync::Arc;

    use futures_util::FutureExt;

    use super::*;
    use crate::room::Room;
    use crate::testing::ManualClock;

    fn packed(encoding: &str, body: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        match encoding {
            "gzip" => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            "deflate" => {
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            "bare deflate" => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(body).unwrap();
                encoder.finish().unwrap()
            }
            "zstd" => ruzstd::encoding::compress_to_vec(body, ruzstd::encoding::CompressionLevel::Fastest),
            // `{"model":"m"}` as `brotli` packs it without compression.
            "br" => [&[0x0b, 0x06, 0x80][..], body, &[0x03]].concat(),
            _ => body.to_vec(),
        }
    }

    fn decoded(header: &str, body: Vec<u8>, limit: usize) -> Result<Bytes, u16> {
        decoded_in(&Room::new(1), header, body, limit).0
    }

    /// And how often others had their turn.
    fn decoded_in(room: &Arc<Room>, header: &str, body: Vec<u8>, limit: usize) -> (Result<Bytes, u16>, usize) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, header.parse().unwrap());
        let (clock, mut reserved) = (ManualClock::default(), room.reserve());
        let mut decoding = pin!(decode(&clock, &headers, body.into(), limit, &mut reserved));
        let mut turns = 0;
        loop {
            match decoding.as_mut().now_or_never() {
                Some(decoded) => return (decoded.map_err(|error| error.kind.status()), turns),
                None => turns += 1,
            }
            clock.advance(PAUSE);
        }
    }

    #[test]
    fn others_have_their_turn() {
        let body: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251 * (index / 1009) % 256) as u8).collect();
        for header in ["gzip", "deflate", "zstd"] {
            let (unpacked, turns) = decoded_in(&Room::new(1), header, packed(header, &body), 4 << 20);
            assert!(unpacked.is_ok_and(|it| it == body), "{header}");
            assert_eq!(turns, body.len() / SLICE, "{header}");
        }
        let (_, turns) = decoded_in(&Room::new(1), "gzip", packed("gzip", br#"{"model":"m"}"#), 4 << 20);
        assert_eq!(turns, 0, "a small body costs nothing");
    }

    #[test]
    fn what_unpacks_to_very_much_is_refused() {
        for header in ["gzip", "deflate", "zstd"] {
            let bomb = packed(header, &vec![b' '; 32 << 20]);
            let (refused, turns) = decoded_in(&Room::new(64 << 20), header, bomb, 64 << 20);
            assert_eq!(refused, Err(413), "{header}");
            assert!(turns < 500, "{header}: {turns}");
            let modest = packed(header, &vec![b' '; 1 << 20]);
            assert!(decoded(header, modest, 64 << 20).is_ok(), "{header}");
        }
    }

    #[test]
    fn unpacking_takes_room() {
        let room = Room::new(100_000);
        let mut others = room.reserve();
        assert!(others.grow(50_000));
        let body: Vec<u8> = (0..80_000_u32).map(|index| (index % 251 * (index / 1009) % 256) as u8).collect();
        let (refused, _) = decoded_in(&room, "gzip", packed("gzip", &body), 1 << 20);
        assert_eq!(refused, Err(503));
        drop(others);
        assert!(decoded_in(&room, "gzip", packed("gzip", &body), 1 << 20).0.is_ok());
    }

    #[test]
    fn few_bodies_are_unpacked_at_a_time() {
        let (room, body) = (Room::new(1), packed("gzip", b"{}"));
        let other = room.reserve();
        let held = other.turn();
        assert!(held.is_some() && other.turn().is_none());
        assert_eq!(decoded_in(&room, "gzip", body.clone(), 1000).0, Err(503), "it has waited in vain");
        assert!(decoded_in(&room, "identity", b"{}".to_vec(), 1000).0.is_ok(), "others do not wait");
        drop(held);
        assert!(decoded_in(&room, "gzip", body, 1000).0.is_ok());
        assert!(other.turn().is_some(), "it was given back");
        let server = Room::new(192 << 20).reserve();
        let turns: Vec<_> = (0..5).map(|_| server.turn().is_some()).collect();
        assert_eq!(turns, [true; 5], "each is given back at once");
    }

    #[test]
    fn encodings() {
        let body = br#"{"model":"m"}"#;
        for (header, how) in [
            ("identity", "none"),
            ("gzip", "gzip"),
            ("x-gzip", "gzip"),
            ("GZIP", "gzip"),
            ("deflate", "deflate"),
            ("deflate", "bare deflate"),
            ("zstd", "zstd"),
            ("br", "br"),
        ] {
            assert_eq!(decoded(header, packed(how, body), 1000).as_deref(), Ok(&body[..]), "{header}");
        }
        let zstd = packed("zstd", body);
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
        for frames in [
            [&skippable[..], &zstd].concat(),
            [&zstd[..], &skippable].concat(),
            [&packed("zstd", &body[..5])[..], &skippable, &packed("zstd", &body[5..])].concat(),
        ] {
            assert_eq!(decoded("zstd", frames, 1000).as_deref(), Ok(&body[..]));
        }
        let marked = ["\u{feff}".as_bytes(), body].concat();
        assert_eq!(decoded("Identity", marked.clone(), 1000).as_deref(), Ok(&body[..]));
        assert_eq!(decoded("gzip", packed("gzip", &marked), 1000).as_deref(), Ok(&body[..]));
        assert_eq!(decoded("gzip, deflate", packed("deflate", &packed("gzip", body)), 1000).as_deref(), Ok(&body[..]));
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        let bomb = vec![b' '; 1 << 20];
        for (header, body, status) in [
            ("compress", b"x".to_vec(), 415),
            ("gzip, gzip, gzip", b"x".to_vec(), 415),
            ("gzip", b"not gzip".to_vec(), 400),
            ("zstd", b"not zstd".to_vec(), 400),
            ("br", b"\xff\xff\xff".to_vec(), 400),
            // Nothing, in a window of 1 GiB, which the coding of HTTP does not know (RFC 7932: 16 MiB).
            ("br", b"\x11\xde".to_vec(), 400),
            ("gzip", packed("gzip", &bomb), 413),
            ("zstd", packed("zstd", &bomb), 413),
        ] {
            assert_eq!(decoded(header, body, 1000), Err(status), "{header}");
        }
        let zstd = packed("zstd", br#"{"model":"m"}"#);
        for bad in [
            [&zstd[..], b"junk"].concat(),
            [&zstd[..], b"x"].concat(),
            [&zstd[..], &[0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0], b"short"].concat(),
            zstd[..zstd.len() - 1].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(decoded("zstd", bad.clone(), 1000), Err(400), "{bad:?}");
        }
        let two = [&packed("zstd", &bomb[..600])[..], &packed("zstd", &bomb[..600])].concat();
        assert_eq!(decoded("zstd", two, 1000), Err(413), "the limit is for all frames together");
        let cut = packed("gzip", br#"{"model":"m"}"#);
        assert_eq!(decoded("gzip", cut[..cut.len() - 4].to_vec(), 1000), Err(400));
    }
}
