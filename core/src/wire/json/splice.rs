use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

use super::{InvalidJson, Kind, Scanner};
use crate::platform::Payload;

/// Values to set in a JSON object, by path.
///
/// A path is keys joined by dots; it reaches through objects only. Of two edits of one path the later wins, and an edit
/// below a value that an earlier edit set changes that value.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    edits: Vec<Edit>,
}

#[derive(Clone, Debug)]
struct Edit {
    key: String,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Set(Bytes),
    Inside(Edits),
}

impl Edits {
    /// Sets `path` to `value`, which must be one JSON value.
    pub fn set(&mut self, path: &str, value: impl Into<Bytes>) {
        self.set_keys(path, value.into());
    }

    pub fn set_value(&mut self, path: &str, value: &Value) {
        self.set(path, value.to_string());
    }

    pub fn set_text(&mut self, path: &str, text: &str) {
        self.set_value(path, &Value::from(text));
    }

    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    fn set_keys(&mut self, path: &str, value: Bytes) {
        let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
        let known = self.edits.iter_mut().find(|edit| edit.key == key);
        let Some(rest) = rest else {
            match known {
                Some(edit) => edit.change = Change::Set(value),
                None => self.edits.push(Edit { key: key.to_owned(), change: Change::Set(value) }),
            }
            return;
        };
        match known {
            Some(Edit { change: Change::Inside(inner), .. }) => inner.set_keys(rest, value),
            Some(edit) => {
                let mut inner = Self::default();
                inner.set_keys(rest, value);
                if let Change::Set(base) = &edit.change {
                    let changed = splice(base, &inner).map_or_else(|_| inner.build(), |payload| payload.to_bytes());
                    edit.change = Change::Set(changed);
                }
            }
            None => {
                let mut inner = Self::default();
                inner.set_keys(rest, value);
                self.edits.push(Edit { key: key.to_owned(), change: Change::Inside(inner) });
            }
        }
    }

    /// An object that holds the edits alone.
    fn build(&self) -> Bytes {
        let mut out = BytesMut::from(&b"{"[..]);
        for (index, edit) in self.edits.iter().enumerate() {
            edit.write_member(&mut out, index > 0);
        }
        out.put_u8(b'}');
        out.freeze()
    }
}

impl Edit {
    fn write_member(&self, out: &mut BytesMut, comma: bool) {
        if comma {
            out.put_u8(b',');
        }
        out.extend_from_slice(Value::from(self.key.as_str()).to_string().as_bytes());
        out.put_u8(b':');
        out.extend_from_slice(&self.change.value());
    }
}

impl Change {
    fn value(&self) -> Bytes {
        match self {
            Self::Set(value) => value.clone(),
            Self::Inside(inner) => inner.build(),
        }
    }
}

/// Sets values in the JSON object `body` and leaves every other byte as it is.
///
/// An existing value is replaced where it stands, at every occurrence of a repeated key; a missing one is added at the
/// end of the innermost object that exists, and objects that are missing on the way are made. Something else in the
/// way, such as null, is replaced by an object. The result shares the bytes of `body`.
pub fn splice(body: &Bytes, edits: &Edits) -> Result<Payload, InvalidJson> {
    let mut scanner = Scanner::new(body);
    if scanner.peek()? != Kind::Object {
        return Err(scanner.error("expected a JSON object"));
    }
    let mut splicer = Splicer { body, copied: 0, out: Payload::default() };
    splicer.object(&mut scanner, edits)?;
    scanner.end()?;
    splicer.out.push(body.slice(splicer.copied..));
    Ok(splicer.out)
}

struct Splicer<'a> {
    body: &'a Bytes,
    /// What lies before this offset is in `out` or replaced.
    copied: usize,
    out: Payload,
}

impl Splicer<'_> {
    fn object(&mut self, scanner: &mut Scanner<'_>, edits: &Edits) -> Result<(), InvalidJson> {
        let mut seen = vec![false; edits.edits.len()];
        // Additions go right behind the last member, or behind the brace of an empty object.
        let mut insert_at = scanner.offset() + 1;
        let mut empty = true;
        scanner.each_member::<InvalidJson>(|scanner, key| {
            empty = false;
            let found = edits.edits.iter().zip(&mut seen).find(|(edit, _)| key.is(&edit.key));
            match found {
                None => scanner.skip()?,
                Some((edit, seen)) => {
                    *seen = true;
                    match &edit.change {
                        Change::Inside(inner) if scanner.peek()? == Kind::Object => self.object(scanner, inner)?,
                        change => {
                            let start = scanner.offset();
                            let old = scanner.raw()?;
                            let new = change.value();
                            if old != new {
                                self.replace(start, scanner.offset(), new);
                            }
                        }
                    }
                }
            }
            insert_at = scanner.offset();
            Ok(())
        })?;
        let mut added = BytesMut::new();
        for (edit, _) in edits.edits.iter().zip(seen).filter(|(_, seen)| !seen) {
            let comma = !empty || !added.is_empty();
            edit.write_member(&mut added, comma);
        }
        if !added.is_empty() {
            self.replace(insert_at, insert_at, added.freeze());
        }
        Ok(())
    }

    fn replace(&mut self, start: usize, end: usize, new: Bytes) {
        self.out.push(self.body.slice(self.copied..start));
        self.out.push(new);
        self.copied = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Body, edits, expected result.
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

    fn check(body: &str, edits: &[(&str, &str)], expected: &str) {
        let mut set = Edits::default();
        for (path, value) in edits {
            set.set(path, (*value).to_owned());
        }
        let spliced = splice(&Bytes::from(body.to_owned()), &set).unwrap().to_bytes();
        assert_eq!(std::str::from_utf8(&spliced).unwrap(), expected, "{body} with {edits:?}");
    }

    #[test]
    fn rows() {
        let model = ("model", "\"m\"");
        let usage = ("stream_options.include_usage", "true");
        let rows: &[Row<'_>] = &[
            (r#"{"model":"a"}"#, &[], r#"{"model":"a"}"#),
            (r#"{"model":"a"}"#, &[model], r#"{"model":"m"}"#),
            (
                " {\n \"x\" : [1, 2 ] ,\n \"model\" : \"a\" }\n",
                &[model],
                " {\n \"x\" : [1, 2 ] ,\n \"model\" : \"m\" }\n",
            ),
            (r#"{"model":"a","model":"b"}"#, &[model], r#"{"model":"m","model":"m"}"#),
            (r#"{"mod\u0065l":"a"}"#, &[model], r#"{"mod\u0065l":"m"}"#),
            ("{}", &[model], r#"{"model":"m"}"#),
            ("{ }", &[model], r#"{"model":"m" }"#),
            ("{\"a\":1\n}", &[model], "{\"a\":1,\"model\":\"m\"\n}"),
            ("{}", &[model, usage], r#"{"model":"m","stream_options":{"include_usage":true}}"#),
            (r#"{"stream_options":null,"a":1}"#, &[usage], r#"{"stream_options":{"include_usage":true},"a":1}"#),
            (r#"{"stream_options":{}}"#, &[usage], r#"{"stream_options":{"include_usage":true}}"#),
            (
                r#"{"stream_options":{"include_obfuscation":false}}"#,
                &[usage],
                r#"{"stream_options":{"include_obfuscation":false,"include_usage":true}}"#,
            ),
            (
                r#"{"stream_options":{"include_usage":false},"model":"a"}"#,
                &[usage, model],
                r#"{"stream_options":{"include_usage":true},"model":"m"}"#,
            ),
            (r#"{"a":{"b":{"c":1}}}"#, &[("a.b.c", "2"), ("a.d", "3")], r#"{"a":{"b":{"c":2},"d":3}}"#),
            (r#"{"a":1}"#, &[("a", "2"), ("a", "3")], r#"{"a":3}"#),
            (r#"{"a":1}"#, &[("a", r#"{"x":1}"#), ("a.y", "2")], r#"{"a":{"x":1,"y":2}}"#),
            (r#"{"a":1}"#, &[("a.y", "2"), ("a", "5")], r#"{"a":5}"#),
            (r#"{"x":{"model":"a"},"k\"":1}"#, &[model], r#"{"x":{"model":"a"},"k\"":1,"model":"m"}"#),
            (r#"{"a":1}"#, &[("we\"ird", "1")], r#"{"a":1,"we\"ird":1}"#),
        ];
        for (body, edits, expected) in rows {
            check(body, edits, expected);
        }
    }

    #[test]
    fn what_does_not_change_is_shared() {
        let body = Bytes::from(format!(r#"{{"big":"{}","model":"a"}}"#, "x".repeat(100)));
        let mut edits = Edits::default();
        edits.set_text("model", "b");
        let payload = splice(&body, &edits).unwrap();
        assert_eq!(payload.parts().len(), 3);
        assert_eq!(payload.parts()[0].as_ptr(), body.as_ptr());
        edits.set_text("model", "a");
        assert_eq!(splice(&body, &edits).unwrap().parts().len(), 1, "an equal value is no change");
    }

    #[test]
    fn other_than_an_object_is_refused() {
        for body in ["", "[]", "\"a\"", "{\"a\":1", "{} {}", "{\"a\" 1}"] {
            assert!(splice(&Bytes::from(body), &Edits::default()).is_err(), "{body}");
        }
    }
}
