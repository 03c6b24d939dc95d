//! Protobuf JSON (the ProtoJSON mapping) for every message, as serde's `Serialize` and `Deserialize`.
//!
//! Unknown fields are ignored, `null` means a field's default, and enum values are read by name or number. A value of the
//! wrong type, an unknown enum name, and a field or oneof that is set twice are errors.

#[allow(clippy::all, unused_qualifications, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/wigwag.v1.serde.rs"]
mod generated;

use std::{fmt, marker::PhantomData};

use prost_types::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A timestamp as ProtoJSON writes it: RFC 3339 in UTC with a `Z`, and 0, 3, 6 or 9 digits of the second.
struct Canonical(Timestamp);

/// 9999-12-31T23:59:59Z and 0001-01-01T00:00:00Z: the years that RFC 3339 can write.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Serialize for Canonical {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Canonical {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Canonical;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-11-20T17:00:00Z\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Canonical, E> {
                let parsed = text.parse().ok().filter(|time: &Timestamp| SECONDS.contains(&time.seconds));
                parsed.map(Canonical).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// An integer as ProtoJSON allows to write it: a number or a text, with a fraction or an exponent as long as its value
/// is an integer. `7`, `7.0`, `0.7e1` and `"7"` are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integer<T>(pub T);

/// 2 to the power of 64: no integer field holds more.
const TWO_TO_64: f64 = 18_446_744_073_709_551_616.0;

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<T>(PhantomData<T>);

        impl<T: TryFrom<i128>> Number<T> {
            fn integer<E: de::Error>(self, value: i128, unexpected: de::Unexpected<'_>) -> Result<Integer<T>, E> {
                T::try_from(value).map(Integer).map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn float<E: de::Error>(self, value: f64, unexpected: de::Unexpected<'_>) -> Result<Integer<T>, E> {
                if value.fract() != 0.0 || value.abs() > TWO_TO_64 {
                    return Err(E::invalid_value(unexpected, &self));
                }
                // Exact: an integer within these bounds.
                #[allow(clippy::cast_possible_truncation)]
                self.integer(value as i128, unexpected)
            }
        }

        impl<T: TryFrom<i128>> de::Visitor<'_> for Number<T> {
            type Value = Integer<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer within the range of its type")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Integer<T>, E> {
                self.integer(value.into(), de::Unexpected::Unsigned(value))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Integer<T>, E> {
                self.integer(value.into(), de::Unexpected::Signed(value))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Integer<T>, E> {
                self.float(value, de::Unexpected::Float(value))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Integer<T>, E> {
                let unexpected = de::Unexpected::Str(text);
                match text.parse::<i128>() {
                    Ok(value) => self.integer(value, unexpected),
                    // NaN and infinity have no integral value and are refused with the rest.
                    Err(_) => self.float(text.parse().unwrap_or(f64::NAN), unexpected),
                }
            }
        }

        deserializer.deserialize_any(Number(PhantomData))
    }
}
