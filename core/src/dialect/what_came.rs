use crate::wire::BYTE_ORDER_MARK;

/// Says what a body is that is no answer, by its beginning and length, without a word of it: it may hold anything.
pub fn what_came(start: &[u8], length: u64) -> String {
    let text = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start).trim_ascii_start();
    let kind = match text.first() {
        None => return "an empty body".to_owned(),
        Some(b'{') => "a JSON object",
        Some(b'[') => "a JSON array",
        Some(b'<') if text.starts_with(b"<?xml") => "an XML document",
        Some(b'<') => "a web page",
        _ if EVENT_FIELDS.iter().any(|field| text.starts_with(field)) => "a stream of events",
        _ if text.iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace()) => "binary data",
        _ => "plain text",
    };
    format!("{kind} of {length} bytes")
}

const EVENT_FIELDS: [&[u8]; 3] = [b"data:", b"event:", b":"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_of_it() {
        for (body, expected) in [
            (&b""[..], "an empty body"),
            (b" \n", "an empty body"),
            (b"\n<!DOCTYPE html>", "a web page of 16 bytes"),
            (b"<?xml?>", "an XML document of 7 bytes"),
            (b"\xef\xbb\xbf{}", "a JSON object of 5 bytes"),
            (b"[1]", "a JSON array of 3 bytes"),
            (b"data: {}", "a stream of events of 8 bytes"),
            (b"upstream error\n", "plain text of 15 bytes"),
            ("h\u{e9}".as_bytes(), "plain text of 3 bytes"),
            (b"\x1f\x8b\x08", "binary data of 3 bytes"),
        ] {
            assert_eq!(what_came(body, body.len() as u64), expected);
        }
    }
}
