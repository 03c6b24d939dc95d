//! The names of features on the wire, and the version that brought each.

use crate::v1::Feature;

/// Every feature with its name in `hello.features` and `welcome.features`, and the version since which servers and clients
/// of this repository support it; `None` if they do not yet.
pub const FEATURES: &[(Feature, &str, Option<&str>)] = &[
    (Feature::EnvelopeHints, "envelope_hints", Some("0.2.0")),
    (Feature::Negotiation, "negotiation", None),
    (Feature::RosterParts, "roster_parts", Some("0.2.0")),
    (Feature::TokenExpiring, "token_expiring", Some("0.2.0")),
    (Feature::StoreState, "store_state", None),
];

impl Feature {
    /// Returns the feature's name on the wire; empty for [`Feature::Unspecified`].
    #[must_use]
    pub fn wire_name(self) -> &'static str {
        FEATURES.iter().find(|(feature, ..)| *feature == self).map_or("", |(_, name, _)| name)
    }

    /// Returns the feature with this name on the wire; `None` if this version does not know it.
    #[must_use]
    pub fn from_wire_name(name: &str) -> Option<Self> {
        FEATURES.iter().find(|(_, known, _)| *known == name).map(|(feature, ..)| *feature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_value_of_the_enum_by_its_name() {
        let listed: Vec<i32> = FEATURES.iter().map(|(feature, ..)| *feature as i32).collect();
        let all: Vec<i32> = (1..).take_while(|value| Feature::try_from(*value).is_ok()).collect();
        assert_eq!(listed, all);
        for (feature, name, since) in FEATURES {
            assert_eq!(feature.as_str_name(), format!("FEATURE_{}", name.to_uppercase()));
            assert_eq!((feature.wire_name(), Feature::from_wire_name(name)), (*name, Some(*feature)));
            let is_version = |version: &str| version.split('.').all(|number| number.parse::<u32>().is_ok());
            assert!(since.is_none_or(is_version), "{name}: {since:?}");
        }
        assert_eq!((Feature::Unspecified.wire_name(), Feature::from_wire_name("")), ("", None));
    }

    #[test]
    fn the_comment_of_each_value_names_its_version() {
        let proto = include_str!("../wigwag/v1/feature.proto");
        for (feature, _, since) in FEATURES {
            let (before, _) = proto.split_once(feature.as_str_name()).expect("a value");
            let comment = before.rsplit_once(";\n").expect("a value before it").1;
            let expected = since.map_or("// Not supported yet.".to_owned(), |since| format!("// Since {since}."));
            assert!(comment.contains(&expected), "{}: {comment}", feature.as_str_name());
        }
    }
}
