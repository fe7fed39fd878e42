//! A tree of JSON that borrows its texts from the bytes it was read from: a picture in a request is not copied.

use core::fmt;
use std::borrow::Cow;
use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Number;

/// One value, with the words of `serde_json::Value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value<'a> {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

/// An object's members in the order in which they came. Of those with one name, the last counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members<'a>(Vec<Member<'a>>);

type Member<'a> = (Cow<'a, str>, Value<'a>);

/// So few are compared with each other.
const FEW: usize = 16;

impl<'a> Value<'a> {
    /// A member of an object.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.get(name)
    }

    pub fn as_object(&self) -> Option<&Members<'a>> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    pub const fn as_array(&self) -> Option<&Vec<Self>> {
        if let Self::Array(elements) = self { Some(elements) } else { None }
    }

    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self { number.as_i64() } else { None }
    }

    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Number(number) = self { number.as_f64() } else { None }
    }

    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    pub const fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    pub const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// A copy that may be changed and kept.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(flag) => (*flag).into(),
            Self::Number(number) => number.clone().into(),
            Self::String(text) => (&**text).into(),
            Self::Array(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Object(members) => members.to_json().into(),
        }
    }
}

impl<'a> Members<'a> {
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    pub const fn len(&self) -> usize {
        self.0.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> Iter<'_, 'a> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub fn values(&self) -> impl Iterator<Item = &Value<'a>> {
        self.0.iter().map(|(_, value)| value)
    }

    /// A copy that may be changed and kept.
    pub fn to_json(&self) -> serde_json::Map<String, serde_json::Value> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect()
    }

    /// Of members in order, those that count.
    fn of(mut members: Vec<Member<'a>>) -> Self {
        let name = |at: usize| members.get(at).map(|(name, _)| name);
        let differ = || (0..members.len()).all(|at| (0..at).all(|before| name(before) != name(at)));
        if members.len() <= FEW && differ() {
            return Self(members);
        }
        // Many are sorted: an object of a million members is read in time, too.
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by_key(|at| name(*at));
        let pairs = order.iter().zip(order.iter().skip(1));
        let repeated: HashSet<usize> =
            pairs.filter(|(one, next)| name(**one) == name(**next)).map(|(one, _)| *one).collect();
        if !repeated.is_empty() {
            let mut at = 0..;
            members.retain(|_| !at.next().is_some_and(|at| repeated.contains(&at)));
        }
        Self(members)
    }
}

type Iter<'m, 'a> = core::iter::Map<core::slice::Iter<'m, Member<'a>>, fn(&'m Member<'a>) -> (&'m str, &'m Value<'a>)>;

impl<'m, 'a> IntoIterator for &'m Members<'a> {
    type Item = (&'m str, &'m Value<'a>);
    type IntoIter = Iter<'m, 'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, text: &str) -> bool {
        self.as_str() == Some(text)
    }
}

impl From<serde_json::Value> for Value<'_> {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(flag) => Self::Bool(flag),
            serde_json::Value::Number(number) => Self::Number(number),
            serde_json::Value::String(text) => Self::String(Cow::Owned(text)),
            serde_json::Value::Array(elements) => Self::Array(elements.into_iter().map(Into::into).collect()),
            serde_json::Value::Object(members) => Self::Object(Members(
                members.into_iter().map(|(name, value)| (Cow::Owned(name), value.into())).collect(),
            )),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key_seed(Name)? {
            members.push((name, map.next_value()?));
        }
        Ok(Value::Object(Members::of(members)))
    }
}

/// A member's name: `Cow`'s own is always owned.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_json_reads() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551615",
            "0.1",
            "1e300",
            r#""a\nb\u00e9\ud834\udd1e""#,
            "[]",
            "{}",
            r#"[1,[{"a":{"b\n":[null,"c"]}}],"d"]"#,
            r#"{"a":1,"b":2,"a":3}"#,
            r#"{"a":1,"a":2,"a":{"b":0,"c":0,"b":1}}"#,
        ] {
            let own: Value<'_> = serde_json::from_str(text).unwrap();
            let other: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(own.to_json(), other, "{text}");
            let again: Value<'_> = other.clone().into();
            assert_eq!(again.to_json(), other, "{text}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&own.to_string()).unwrap(), other, "{text}");
        }
        for text in ["", "{", "[1,]", "1 2", r#"{"a"}"#, r#""\x""#, &"[".repeat(200)] {
            assert!(serde_json::from_str::<Value<'_>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        for count in [2, FEW, FEW + 1, 50] {
            let members: Vec<String> = (0..count).map(|at| format!(r#""{}":{at}"#, at % 7)).collect();
            let text = format!("{{{}}}", members.join(","));
            let own: Value<'_> = serde_json::from_str(&text).unwrap();
            let other: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(own.to_json(), other, "{text}");
        }
    }

    #[test]
    fn texts_are_borrowed() {
        let text = r#"{"name":"a","escaped":"\n"}"#;
        let value: Value<'_> = serde_json::from_str(text).unwrap();
        assert!(matches!(value.get("name"), Some(Value::String(Cow::Borrowed("a")))));
        assert!(matches!(value.get("escaped"), Some(Value::String(Cow::Owned(_)))));
    }
}
