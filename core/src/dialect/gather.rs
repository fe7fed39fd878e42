//! Streamed or whole: a provider's events as the one answer that they make, and one answer as events. Both stay within the
//! dialect, and lose nothing that either form has.

use serde_json::{Map, Value};

use super::Dialect;
use crate::wire::json::Writer;
use crate::wire::sse::Decoder;
use crate::wire::{Event, Frame};

/// Why a stream's events make no answer, as what the provider did.
pub type Unfit = &'static str;

/// Adds an event of a stream to the whole answer, which begins as an empty object.
pub(super) type Gather = fn(&mut Map<String, Value>, Map<String, Value>) -> Result<(), Unfit>;

const UNREADABLE: Unfit = "sent a stream that is unreadable";

/// The answer that a stream makes whose end has come.
pub fn gather(dialect: Dialect, stream: &[u8]) -> Result<Vec<u8>, Unfit> {
    let row = dialect.row();
    let mut whole = Map::new();
    let mut so_far = Ok(());
    let mut take = |frame: Frame<'_>| {
        if so_far.is_err() {
            return;
        }
        so_far = match frame {
            Frame::Whole(Event { data, .. }) => match data.trim_ascii() {
                b"" => Ok(()),
                end if end.starts_with(b"[DONE]") => Ok(()),
                event => match serde_json::from_slice(event) {
                    Ok(Value::Object(event)) => (row.gather)(&mut whole, event),
                    // Nothing that says anything.
                    Ok(_) => Ok(()),
                    Err(_) => Err(UNREADABLE),
                },
            },
            Frame::Piece(_) | Frame::EndOfPieces { .. } => Err(UNREADABLE),
        };
    };
    let mut framing = Decoder::new(stream.len());
    framing.push(stream, &mut take);
    framing.finish(&mut take);
    so_far?;
    (row.gathered)(&mut whole);
    if whole.is_empty() {
        Err("sent a stream without an answer")
    } else {
        Ok(Value::Object(whole).to_string().into_bytes())
    }
}

/// The events that a whole answer would have come in. `None` when it is no JSON object.
pub fn spread(dialect: Dialect, answer: &[u8]) -> Option<Vec<u8>> {
    let answer: Map<String, Value> =
        serde_json::from_slice(answer.strip_prefix(crate::wire::BYTE_ORDER_MARK).unwrap_or(answer)).ok()?;
    let mut out = Events::default();
    (dialect.row().spread)(&answer, &mut out);
    Some(out.0.into_bytes())
}

/// Server-sent events as they are written.
#[derive(Debug, Default)]
pub(super) struct Events(Writer);

impl Events {
    /// An event without a name.
    pub(super) fn data(&mut self, data: &Value) {
        self.0.bytes(b"data: ");
        self.0.value(data);
        self.0.bytes(b"\n\n");
    }

    /// An event whose name is also its member `type`.
    pub(super) fn named(&mut self, name: &str, mut data: Map<String, Value>) {
        data.shift_insert(0, "type".to_owned(), name.into());
        self.0.bytes(b"event: ");
        self.0.bytes(name.as_bytes());
        self.0.bytes(b"\n");
        self.data(&Value::Object(data));
    }

    pub(super) fn raw(&mut self, text: &str) {
        self.0.bytes(text.as_bytes());
    }
}

/// How many blocks, choices or calls one answer may have. Nobody says so much at once.
pub(super) const MOST: usize = 1024;
pub(super) const TOO_MANY: Unfit = "sent a stream with too many parts for one answer";

/// The object in an array at `index`, which is made with those before it.
pub(super) fn element(array: &mut Value, index: usize) -> Result<&mut Map<String, Value>, Unfit> {
    if index >= MOST {
        return Err(TOO_MANY);
    }
    if !array.is_array() {
        *array = Value::Array(Vec::new());
    }
    let elements = array.as_array_mut().ok_or(UNREADABLE)?;
    while elements.len() <= index {
        elements.push(Value::Object(Map::new()));
    }
    elements.get_mut(index).and_then(Value::as_object_mut).ok_or(UNREADABLE)
}

/// The index that a member names, or else 0.
pub(super) fn index(value: &Value, name: &str) -> usize {
    value.get(name).and_then(Value::as_u64).and_then(|it| usize::try_from(it).ok()).unwrap_or(0)
}

/// Adds a report of usage: figures that a later one names are replaced, but a report of zeros alone says nothing.
pub(super) fn report(whole: &mut Map<String, Value>, name: &str, report: Option<Value>) {
    let Some(Value::Object(report)) = report else { return };
    let known = whole.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let says = report.values().any(|figure| figure.as_f64().is_some_and(|it| it > 0.0));
    if let Some(known) = known.as_object_mut().filter(|known| says || known.is_empty()) {
        set_all(known, report);
    }
}

/// Sets the members of `more` in `all`; nulls set nothing that is there.
pub(super) fn set_all(all: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        if !value.is_null() || !all.contains_key(&name) {
            all.insert(name, value);
        }
    }
}
