//! JSON in which no object has two members of the same name.
//!
//! Parsers disagree about which of them counts (RFC 8259 section 4), so that a signer and a verifier could read two different
//! tokens from the same bytes (RFC 7515 section 4, RFC 7519 section 4).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The members of an object.
pub(crate) type Object = BTreeMap<String, Json>;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Self>),
    Object(Object),
}

/// Parses an object. Fails with what is wrong, without a part of the text.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Object, &'static str> {
    match serde_json::from_slice(bytes) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err("is not a JSON object"),
        Err(error) if error.to_string().starts_with(DUPLICATE) => Err("has two members of the same name"),
        Err(_) => Err("is not JSON"),
    }
}

const DUPLICATE: &str = "duplicate member";

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        #[expect(clippy::cast_precision_loss, reason = "numbers of tokens are below 2^53 or refused for their size")]
        Ok(Json::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        #[expect(clippy::cast_precision_loss, reason = "numbers of tokens are below 2^53 or refused for their size")]
        Ok(Json::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Object::new();
        while let Some((name, value)) = map.next_entry()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom(DUPLICATE));
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_same_name_are_refused_at_every_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"b":[{"c":{"a":1,"a":2}}]}"#] {
            assert_eq!(parse_object(text.as_bytes()), Err("has two members of the same name"), "{text}");
        }
        assert!(parse_object(br#"{"a":{"a":1},"A":2}"#).is_ok());
    }

    #[test]
    fn only_one_whole_object_is_accepted() {
        for text in ["", "[]", "null", "{} {}", "{}x", "\u{feff}{}", "{\"a\":1e999}", "{'a':1}", "{\"a\":NaN}"] {
            assert!(parse_object(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse_object("{\"a\":".repeat(5_000).as_bytes()).is_err());
        assert!(parse_object(b" {}\n").is_ok());
    }
}
