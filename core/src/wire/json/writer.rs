use serde::Serialize;

/// Writes JSON text value by value, in the order of the calls; commas are its own business.
///
/// What is written may stand behind a line such as `data: `: a comma is set only behind a value.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// What was written since it was last taken.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Bytes that are no JSON: the lines around an event's data.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// How much was written.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Takes back what was written behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    pub fn key(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.out.push(b':');
        self
    }

    pub fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'{');
        fill(self);
        self.close(b'}');
    }

    pub fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.open(b'[');
        fill(self);
        self.close(b']');
    }

    pub fn open(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
    }

    pub fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    pub fn text(&mut self, text: &str) {
        self.pieces(&[text]);
    }

    /// One text, of its pieces.
    pub fn pieces(&mut self, pieces: &[&str]) {
        self.comma();
        self.out.push(b'"');
        for piece in pieces {
            escape(piece.as_bytes(), &mut self.out);
        }
        self.out.push(b'"');
    }

    /// One text, of several with `separator` between them.
    pub fn joined(&mut self, texts: &[&str], separator: &str) {
        let pieces: Vec<&str> = texts.iter().flat_map(|text| [separator, *text]).skip(1).collect();
        self.pieces(&pieces);
    }

    /// A value of either kind of tree.
    pub fn value(&mut self, value: &impl Serialize) {
        self.serialize(value);
    }

    pub fn number(&mut self, number: u64) {
        self.serialize(&number);
    }

    pub fn flag(&mut self, flag: bool) {
        self.raw(if flag { "true" } else { "false" });
    }

    pub fn null(&mut self) {
        self.raw("null");
    }

    /// One value that is JSON already.
    pub fn raw(&mut self, json: &str) {
        self.comma();
        self.out.extend_from_slice(json.as_bytes());
    }

    pub fn text_member(&mut self, name: &str, text: &str) {
        self.key(name).text(text);
    }

    pub fn number_member(&mut self, name: &str, number: u64) {
        self.key(name).number(number);
    }

    /// A place in a text, or how many there are of something.
    pub fn place_member(&mut self, name: &str, place: usize) {
        self.key(name).serialize(&place);
    }

    fn serialize(&mut self, value: &(impl Serialize + ?Sized)) {
        self.comma();
        if serde_json::to_writer(&mut self.out, value).is_err() {
            // Neither a vector nor a text or tree of JSON can fail.
        }
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':' | b' ' | b'\n')) {
            self.out.push(b',');
        }
    }
}

/// So many bytes are looked at together. A prompt is long, and little of it must be escaped.
const BLOCK: usize = 32;

/// Writes what stands between a text's quotes.
fn escape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let (plain, behind) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = behind.split_first() else { return };
        rest = behind;
        let short = match byte {
            b'"' | b'\\' => *byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            control => {
                out.extend_from_slice(format!("\\u{control:04x}").as_bytes());
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
}

/// How many bytes stand as they are.
fn plain(text: &[u8]) -> usize {
    let is_special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    // Without an early end within a block, its bytes are compared at once.
    let is_plain = |block: &&[u8]| !block.iter().fold(false, |any, byte| any | is_special(byte));
    let blocks = text.chunks_exact(BLOCK).take_while(is_plain).count() * BLOCK;
    let rest = text.get(blocks..).unwrap_or_default();
    blocks + rest.iter().position(is_special).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_order() {
        let mut writer = Writer::default();
        writer.bytes(b"data: ");
        writer.object(|it| {
            it.text_member("b", "\"x\"\n");
            it.key("a").array(|it| {
                it.number(1);
                it.null();
                it.object(|_| {});
                it.array(|it| it.flag(true));
                it.raw("1.50");
            });
            it.key("v").value(&serde_json::json!({"z": 1, "a": [2.5]}));
        });
        writer.bytes(b"\n\n");
        let text = String::from_utf8(writer.into_bytes()).unwrap();
        assert_eq!(
            text,
            "data: {\"b\":\"\\\"x\\\"\\n\",\"a\":[1,null,{},[true],1.50],\"v\":{\"z\":1,\"a\":[2.5]}}\n\n"
        );
    }

    #[test]
    fn texts_are_escaped_wherever_it_stands() {
        let long = "x".repeat(3 * BLOCK);
        let special = (0..=0x7f_u8).map(|byte| char::from(byte).to_string());
        for special in special.chain(["é".to_owned(), "𝄞\u{2028}".to_owned(), "\\\"\n\n".to_owned()]) {
            for at in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK] {
                let (before, behind) = long.split_at(at);
                let text = format!("{before}{special}{behind}");
                let mut writer = Writer::default();
                writer.pieces(&[before, &special, behind]);
                writer.text(&text);
                let expected = serde_json::to_string(&text).unwrap();
                assert_eq!(String::from_utf8(writer.into_bytes()).unwrap(), format!("{expected},{expected}"));
            }
        }
    }

    #[test]
    fn several_texts_are_one() {
        let written = |texts: &[&str]| {
            let mut writer = Writer::default();
            writer.joined(texts, "\n");
            String::from_utf8(writer.into_bytes()).unwrap()
        };
        assert_eq!([&[][..], &["a"], &["a", "", "b"]].map(written), [r#""""#, r#""a""#, r#""a\n\nb""#]);
    }

    #[test]
    fn what_was_taken_back_leaves_no_comma() {
        let mut writer = Writer::default();
        writer.array(|it| {
            it.number(1);
            let len = it.len();
            it.object(|it| it.text_member("a", "b"));
            it.truncate(len);
            it.number(2);
        });
        assert_eq!(writer.into_bytes(), b"[1,2]");
    }
}
