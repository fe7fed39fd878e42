//! The types of the configuration out of a [`Node`], by serde.

use std::fmt::{self, Display};
use std::slice::Iter;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::node::{Content, Key, Node, Scalar};
use super::problem::Problem;
use super::scalar::Value;
use crate::config::without_values;

/// Problems name the line that they are on, and never repeat a text that may be a secret in the wrong place.
pub(super) fn decode<'de, T: Deserialize<'de>>(node: &'de Node) -> Result<T, Problem> {
    let decoded = T::deserialize(node).map_err(|error| error.at(node.line));
    decoded.map_err(|error| Problem::new(error.line, "", without_values(&error.message)))
}

#[derive(Debug)]
pub(super) struct Error {
    /// 0 until it is known.
    line: u64,
    message: String,
}

impl Error {
    /// On `line`, unless it is on one inside already.
    fn at(mut self, line: u64) -> Self {
        if self.line == 0 {
            self.line = line;
        }
        self
    }
}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self { line: 0, message: message.to_string() }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

fn expected<T>(what: impl Display) -> Result<T, Error> {
    Err(de::Error::custom(format_args!("expected {what}")))
}

impl Node {
    fn scalar(&self) -> Result<&Scalar, Error> {
        match &self.content {
            Content::Scalar(scalar) => Ok(scalar),
            Content::Sequence(_) => expected("a single value, not a list"),
            Content::Mapping(_) => expected("a single value, not a mapping"),
        }
    }

    fn text(&self) -> Result<&str, Error> {
        let scalar = self.scalar()?;
        if scalar.is_null() { expected("a text: write \"\" for an empty one") } else { Ok(&scalar.text) }
    }
}

macro_rules! integers {
    ($($deserialize:ident $visit:ident $integer:ident)*) => {
        $(fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.scalar()?.integer() {
                Some(value) => visitor.$visit(value),
                None => expected(format_args!("a whole number from {} to {}", $integer::MIN, $integer::MAX)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let scalar = match &self.content {
            Content::Scalar(scalar) => scalar,
            Content::Sequence(items) => return visitor.visit_seq(Items(items.iter())),
            Content::Mapping(entries) => return visitor.visit_map(Entries { rest: entries.iter(), value: None }),
        };
        match scalar.value() {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Unsigned(value) => visitor.visit_u64(value),
            Value::Signed(value) => visitor.visit_i64(value),
            Value::Float(value) if !value.is_finite() => expected("a number that JSON can hold"),
            Value::Float(value) => visitor.visit_f64(value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
        }
    }

    integers! {
        deserialize_i64 visit_i64 i64
        deserialize_u16 visit_u16 u16
        deserialize_u32 visit_u32 u32
        deserialize_u64 visit_u64 u64
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scalar()?.float() {
            Some(value) => visitor.visit_f64(value),
            None => expected("a number"),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.scalar()?.bool() {
            Some(value) => visitor.visit_bool(value),
            None => expected("true or false"),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.content {
            Content::Scalar(scalar) if scalar.is_null() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        BorrowedStrDeserializer::new(self.text()?).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.content {
            Content::Sequence(items) => visitor.visit_seq(Items(items.iter())),
            _ => expected("a list"),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.content {
            Content::Mapping(entries) => visitor.visit_map(Entries { rest: entries.iter(), value: None }),
            _ => expected("a mapping"),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// What [`super::text::Text`] asks for: the text and its line.
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_seq(Located { text: Some(self.text()?), line: self.line })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i8 i16 i32 i128 u8 u128 f32 char bytes byte_buf unit unit_struct tuple identifier }
}

struct Items<'de>(Iter<'de, Node>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.0.next() else { return Ok(None) };
        seed.deserialize(item).map(Some).map_err(|error| error.at(item.line))
    }
}

struct Entries<'de> {
    rest: Iter<'de, (Key, Node)>,
    value: Option<&'de Node>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        let name = BorrowedStrDeserializer::new(&key.name);
        seed.deserialize(name).map(Some).map_err(|error: Error| error.at(key.line))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let Some(value) = self.value.take() else { return expected("a name before a value") };
        seed.deserialize(value).map_err(|error| error.at(value.line))
    }
}

struct Located<'de> {
    text: Option<&'de str>,
    line: u64,
}

impl<'de> SeqAccess<'de> for Located<'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        match self.text.take() {
            Some(text) => seed.deserialize(BorrowedStrDeserializer::new(text)).map(Some),
            None => seed.deserialize(self.line.into_deserializer()).map(Some),
        }
    }
}
