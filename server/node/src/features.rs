//! The features that clients name in their hello, and those of this server.

use wigwag_proto::v1::Feature;

use crate::error::ApiError;

/// The features of this server, in the order of their numbers.
const SUPPORTED: &[Feature] = &[Feature::EnvelopeHints, Feature::RosterParts, Feature::TokenExpiring];

/// The most names in a hello.
const MAX_NAMES: usize = 32;
/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// The features in use on a connection: those that its client named and this server supports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// A bit for each feature's number.
    bits: u64,
    /// Whether the client named any, known or not: it knows the fields that came with features.
    negotiates: bool,
}

impl Features {
    /// Reads the field `field`, in which a client names its features. Names that this server does not know are ignored.
    ///
    /// # Errors
    ///
    /// INVALID_FIELD if there are more than 32 names, or one is not 1 to 64 bytes long.
    pub fn parse(field: &'static str, names: &[String]) -> Result<Self, ApiError> {
        if names.len() > MAX_NAMES {
            let why = format!("has {} names: use at most {MAX_NAMES}", names.len());
            return Err(ApiError::invalid(field, why));
        }
        let mut bits = 0;
        for name in names {
            if name.is_empty() || name.len() > MAX_NAME_BYTES {
                let why = format!("has a name of {} bytes: use 1 to {MAX_NAME_BYTES}", name.len());
                return Err(ApiError::invalid(field, why));
            }
            if let Some(feature) = Feature::from_wire_name(name).filter(|feature| SUPPORTED.contains(feature)) {
                bits |= bit(feature);
            }
        }
        Ok(Self { bits, negotiates: !names.is_empty() })
    }

    /// Returns whether both ends support the feature.
    pub fn has(self, feature: Feature) -> bool {
        self.bits & bit(feature) != 0
    }

    /// Returns whether the client named any feature. One that does not is of version 0.1.0 and gets nothing that was added
    /// later.
    pub fn negotiates(self) -> bool {
        self.negotiates
    }

    /// Returns `welcome.features`: all features of this server, if the client named any.
    pub(crate) fn answer(self) -> Vec<String> {
        let names = || SUPPORTED.iter().map(|feature| feature.wire_name().to_owned()).collect();
        if self.negotiates { names() } else { Vec::new() }
    }
}

fn bit(feature: Feature) -> u64 {
    1 << feature as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(names: &[&str]) -> Result<Features, ApiError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Features::parse("hello.features", &names)
    }

    #[test]
    fn a_feature_is_in_use_if_both_ends_named_it() {
        let features = parse(&["of_a_newer_version", "envelope_hints"]).expect("valid");
        assert!(features.has(Feature::EnvelopeHints) && features.negotiates());
        assert!(!features.has(Feature::RosterParts));
        assert_eq!(features.answer(), ["envelope_hints", "roster_parts", "token_expiring"]);
        let others = parse(&["of_a_newer_version"]).expect("valid");
        assert!(!others.has(Feature::EnvelopeHints) && others.negotiates());
        assert_eq!(others.answer(), ["envelope_hints", "roster_parts", "token_expiring"]);
    }

    #[test]
    fn a_client_that_names_none_gets_none() {
        let features = parse(&[]).expect("valid");
        assert_eq!((features, features.answer()), (Features::default(), Vec::new()));
    }

    #[test]
    fn names_are_bounded_in_number_and_length() {
        let name = "x".repeat(MAX_NAME_BYTES);
        assert!(parse(&vec![name.as_str(); MAX_NAMES]).is_ok());
        for (names, number) in [
            (vec!["a"; MAX_NAMES + 1], "33"),
            (vec!["x".repeat(MAX_NAME_BYTES + 1).as_str()], "65"),
            (vec!["envelope_hints", ""], " 0 "),
        ] {
            let error = parse(&names).expect_err("too much");
            assert_eq!((error.reason, error.metadata[0].1.as_str()), ("INVALID_FIELD", "hello.features"));
            assert!(error.message.contains(number), "{}", error.message);
        }
    }

    #[test]
    fn every_number_has_a_bit_and_this_server_supports_what_the_table_says() {
        assert!(wigwag_proto::FEATURES.iter().all(|(feature, ..)| (*feature as u32) < u64::BITS));
        let listed = wigwag_proto::FEATURES.iter().filter(|(.., since)| since.is_some()).map(|(feature, ..)| *feature);
        assert_eq!(listed.collect::<Vec<_>>(), SUPPORTED);
    }
}
