//! Request bodies as clients send them: Claude Code, for one, compresses large ones.

use std::io::Read;

use bytes::Bytes;
use http::{HeaderMap, header};

use crate::dialect::{ErrorKind, GatewayError};

/// Undoes a request's `content-encoding`; what it unpacks to is bounded by `limit`.
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
    Ok(body)
}

fn unpack(encoding: &str, body: &[u8], limit: usize) -> Result<Bytes, GatewayError> {
    match encoding {
        "gzip" | "x-gzip" => read(encoding, flate2::read::MultiGzDecoder::new(body), limit),
        // RFC 9110 means zlib's format; some clients send a bare deflate stream.
        "deflate" if is_zlib(body) => read(encoding, flate2::read::ZlibDecoder::new(body), limit),
        "deflate" => read(encoding, flate2::read::DeflateDecoder::new(body), limit),
        "br" => read(encoding, brotli_decompressor::Decompressor::new(body, 8192), limit),
        "zstd" => match ruzstd::decoding::StreamingDecoder::new(body) {
            Ok(decoder) => read(encoding, decoder, limit),
            Err(error) => Err(broken(encoding, &error)),
        },
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

fn read(encoding: &str, decoder: impl Read, limit: usize) -> Result<Bytes, GatewayError> {
    let mut body = Vec::new();
    decoder.take(limit as u64 + 1).read_to_end(&mut body).map_err(|error| broken(encoding, &error))?;
    if body.len() > limit {
        return Err(super::too_large(limit));
    }
    Ok(body.into())
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
        let cut = packed("gzip", br#"{"model":"m"}"#);
        assert_eq!(decoded("gzip", cut[..cut.len() - 4].to_vec(), 1000), Err(400));
    }
}
