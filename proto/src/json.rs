//! Protobuf JSON (the ProtoJSON mapping) for every message, as serde's `Serialize` and `Deserialize`.
//!
//! Unknown fields are ignored, `null` means a field's default, and enum values are read by name or number. A value of the
//! wrong type, an unknown enum name, and a field or oneof that is set twice are errors.

#[allow(clippy::all, unused_qualifications, clippy::use_self)]
#[rustfmt::skip]
#[path = "generated/wigwag.v1.serde.rs"]
mod generated;

use std::fmt;

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
