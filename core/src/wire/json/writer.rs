use serde::Serialize;
use serde_json::Value;

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
        self.serialize(text);
    }

    pub fn value(&mut self, value: &Value) {
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
}
