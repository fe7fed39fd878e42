//! Request bodies as clients send them: Claude Code, for one, compresses large ones.

use std::io::Read;

use bytes::{Buf, Bytes};
use http::{HeaderMap, header};

use crate::dialect::{ErrorKind, GatewayError};
use crate::wire::BYTE_ORDER_MARK;

/// Undoes a request's `content-encoding`, and takes off a byte order mark; what it unpacks to is bounded by `limit`.
pub(super) fn decode(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, GatewayError> {
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
    for encoding in encodings.iter().rev() {
        body = unpack(encoding, &body, limit)?;
    }
    if body.starts_with(BYTE_ORDER_MARK) {
        body.advance(BYTE_ORDER_MARK.len());
    }
    Ok(body)
}

fn unpack(encoding: &str, body: &[u8], limit: usize) -> Result<Bytes, GatewayError> {
    match encoding {
        "gzip" | "x-gzip" => read(encoding, flate2::read::MultiGzDecoder::new(body), limit),
        // RFC 9110 means zlib's format; some clients send a bare deflate stream.
        "deflate" if is_zlib(body) => read(encoding, flate2::read::ZlibDecoder::new(body), limit),
        "deflate" => read(encoding, flate2::read::DeflateDecoder::new(body), limit),
        "br" => read(encoding, brotli_decompressor::Decompressor::new(body, 8192), limit),
        "zstd" => unzstd(encoding, body, limit),
        _ => {
            let message =
                format!("the content-encoding `{encoding}` is not supported; use gzip, deflate, br, zstd or none");
            Err(GatewayError::new(ErrorKind::UnsupportedMediaType, message))
        }
    }
}

fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)) % 31 == 0)
}

/// RFC 8878: any number of frames, of which some hold nothing of the content.
fn unzstd(encoding: &str, mut packed: &[u8], limit: usize) -> Result<Bytes, GatewayError> {
    let mut body = Vec::new();
    loop {
        match skippable_frame(packed) {
            Some(length) => packed = packed.get(length..).ok_or_else(|| broken(encoding, &"a frame is cut off"))?,
            None => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(&mut packed);
                read_into(&mut body, encoding, decoder.map_err(|error| broken(encoding, &error))?, limit)?;
            }
        }
        if packed.is_empty() {
            return Ok(body.into());
        }
    }
}

/// The length of the skippable frame that the bytes begin with.
fn skippable_frame(packed: &[u8]) -> Option<usize> {
    let (magic, rest) = packed.split_first_chunk()?;
    let (length, _) = rest.split_first_chunk()?;
    let is_skippable = u32::from_le_bytes(*magic) & 0xffff_fff0 == 0x184d_2a50;
    is_skippable.then(|| (u32::from_le_bytes(*length) as usize).saturating_add(8))
}

fn read(encoding: &str, decoder: impl Read, limit: usize) -> Result<Bytes, GatewayError> {
    let mut body = Vec::new();
    read_into(&mut body, encoding, decoder, limit)?;
    Ok(body.into())
}

fn read_into(body: &mut Vec<u8>, encoding: &str, decoder: impl Read, limit: usize) -> Result<(), GatewayError> {
    let room = limit.saturating_sub(body.len()) as u64 + 1;
    decoder.take(room).read_to_end(body).map_err(|error| broken(encoding, &error))?;
    if body.len() > limit { Err(super::too_large(limit)) } else { Ok(()) }
}

fn broken(encoding: &str, error: &dyn std::fmt::Display) -> GatewayError {
    GatewayError::new(ErrorKind::InvalidRequest, format!("the body is not valid {encoding}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

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
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, header.parse().unwrap());
        decode(&headers, body.into(), limit).map_err(|error| error.kind.status())
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
