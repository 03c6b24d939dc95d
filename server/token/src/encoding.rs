//! The binary form of [`SessionClaims`].
//!
//! A version byte, then fields in a fixed order: numbers as LEB128, text as its length and its bytes, what is optional after
//! a byte 0 or 1. Equal claims have equal bytes. A later version may be stored beside this one, and must be able to read it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::claims::SessionClaims;
use crate::grants::{DuplicateUsers, Grants, MAX_ROOM_PATTERNS};
use crate::permissions::Permissions;
use crate::room_pattern::RoomPattern;

const VERSION: u8 = 1;

impl SessionClaims {
    /// Encodes the claims.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let grants = &self.grants;
        let mut out = vec![VERSION, grants.can.bits()];
        put_number(&mut out, grants.rooms.len() as u64);
        for pattern in &grants.rooms {
            put_text(&mut out, pattern.as_str());
        }
        put_option(&mut out, grants.max_members, |out, max| put_number(out, max.into()));
        out.push(match grants.duplicate_users {
            None => 0,
            Some(DuplicateUsers::Allow) => 1,
            Some(DuplicateUsers::Reject) => 2,
            Some(DuplicateUsers::Replace) => 3,
        });
        put_number(&mut out, grants.metadata.len() as u64);
        for (key, value) in &grants.metadata {
            put_text(&mut out, key);
            put_text(&mut out, value);
        }
        put_text(&mut out, &self.namespace);
        put_option(&mut out, self.id.as_deref(), put_text);
        put_option(&mut out, self.issued_at_ms, put_number);
        put_option(&mut out, self.issuer.as_deref(), put_text);
        out
    }

    /// Decodes what [`Self::encode`] returned.
    ///
    /// # Errors
    ///
    /// If the bytes are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return Err(DecodeError);
        }
        let can = Permissions::from_bits(reader.byte()?);
        let count = reader.number()?;
        if count > MAX_ROOM_PATTERNS as u64 {
            return Err(DecodeError);
        }
        let rooms = (0..count).map(|_| RoomPattern::parse(reader.text()?).map_err(|_| DecodeError));
        let rooms = rooms.collect::<Result<_, _>>()?;
        let max_members = reader.option(Reader::number)?.map(u32::try_from).transpose().map_err(|_| DecodeError)?;
        let duplicate_users = match reader.byte()? {
            0 => None,
            1 => Some(DuplicateUsers::Allow),
            2 => Some(DuplicateUsers::Reject),
            3 => Some(DuplicateUsers::Replace),
            _ => return Err(DecodeError),
        };
        let mut metadata = BTreeMap::new();
        for _ in 0..reader.number()? {
            let (key, value) = (reader.text()?, reader.text()?);
            if metadata.last_key_value().is_some_and(|(last, _): (&String, _)| last.as_str() >= key) {
                return Err(DecodeError);
            }
            metadata.insert(key.to_owned(), value.to_owned());
        }
        let claims = Self {
            namespace: reader.text()?.into(),
            id: reader.option(Reader::text)?.map(Arc::from),
            issued_at_ms: reader.option(Reader::number)?,
            issuer: reader.option(Reader::text)?.map(Arc::from),
            grants: Grants { rooms, can, max_members, duplicate_users, metadata },
        };
        if reader.0.is_empty() { Ok(claims) } else { Err(DecodeError) }
    }
}

/// The bytes are not encoded [`SessionClaims`], or those of a version that this one does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the encoding of a session's claims, or one of a later version")]
pub struct DecodeError;

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<T>, put: impl FnOnce(&mut Vec<u8>, T)) {
    out.push(value.is_some().into());
    if let Some(value) = value {
        put(out, value);
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (first, rest) = self.0.split_first().ok_or(DecodeError)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // Neither bits that do not fit nor a needless last byte: one number has one form.
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                return Err(DecodeError);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError)
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| DecodeError)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(DecodeError)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| DecodeError)
    }

    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<Option<T>, DecodeError> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(DecodeError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> SessionClaims {
        SessionClaims {
            id: Some("id".into()),
            issued_at_ms: Some(1_800_000_000_123),
            issuer: Some("https://issuer.example".into()),
            namespace: "ns".into(),
            grants: Grants {
                rooms: ["a*", "b"].map(|text| RoomPattern::parse(text).expect("a pattern")).into(),
                can: Permissions::JOIN | Permissions::ADMIN,
                max_members: Some(u32::MAX),
                duplicate_users: Some(DuplicateUsers::Replace),
                metadata: BTreeMap::from([("k".into(), "v".repeat(300))]),
            },
        }
    }

    #[test]
    fn decoding_returns_what_was_encoded() {
        for claims in [SessionClaims::default(), full()] {
            assert_eq!(SessionClaims::decode(&claims.encode()), Ok(claims));
        }
    }

    #[test]
    fn the_encoding_is_stable() {
        let mut claims = full();
        claims.grants.metadata = BTreeMap::from([("k".into(), "v".into())]);
        let bytes = b"\x01\x81\x02\x02a*\x01b\x01\xff\xff\xff\xff\x0f\x03\x01\x01k\x01v\x02ns\x01\x02id\x01\xfb\xa0\xf1\xc2\xb14\x01\x16https://issuer.example";
        assert_eq!(claims.encode(), bytes.to_vec());
    }

    #[test]
    fn whatever_is_cut_or_extended_is_refused() {
        let bytes = full().encode();
        for length in 0..bytes.len() {
            assert_eq!(SessionClaims::decode(&bytes[..length]), Err(DecodeError), "{length}");
        }
        assert_eq!(SessionClaims::decode(&[&bytes[..], &[0]].concat()), Err(DecodeError));
    }

    #[test]
    fn other_bytes_are_decoded_to_what_they_encode_or_refused() {
        let bytes = full().encode();
        for at in 0..bytes.len() {
            for byte in 0..=u8::MAX {
                let mut changed = bytes.clone();
                changed[at] = byte;
                if let Ok(claims) = SessionClaims::decode(&changed) {
                    assert_eq!(claims.encode(), changed);
                }
            }
        }
    }
}
