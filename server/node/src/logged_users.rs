//! User ids in the log.

use std::{fmt, sync::Arc};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How user ids appear in the log.
#[derive(Clone, Default)]
pub enum LoggedUsers {
    /// As they are.
    #[default]
    Plain,
    /// As a keyed hash: the same for the same user and key, and of no use without the key.
    Pseudonymous(Arc<[u8]>),
    /// Not at all.
    Off,
}

impl LoggedUsers {
    /// Returns what the log may hold of a user id.
    pub fn show(&self, user: &str) -> Option<String> {
        match self {
            Self::Plain => Some(user.to_owned()),
            Self::Off => None,
            Self::Pseudonymous(key) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is good");
                mac.update(user.as_bytes());
                let digest = mac.finalize().into_bytes();
                Some(digest.iter().take(8).fold("user-".to_owned(), |text, byte| format!("{text}{byte:02x}")))
            }
        }
    }
}

impl fmt::Debug for LoggedUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Pseudonymous(_) => "Pseudonymous(…)",
            Self::Off => "Off",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_is_of_one_key() {
        let keyed = |key: &[u8]| LoggedUsers::Pseudonymous(key.into());
        let shown = keyed(b"one").show("ada").expect("shown");
        assert_eq!(keyed(b"one").show("ada"), Some(shown.clone()));
        assert!(shown.starts_with("user-") && shown.len() == 21 && !shown.contains("ada"), "{shown}");
        assert_ne!(keyed(b"two").show("ada"), Some(shown.clone()));
        assert_ne!(keyed(b"one").show("bob"), Some(shown));
        assert_eq!(LoggedUsers::Plain.show("ada").as_deref(), Some("ada"));
        assert_eq!(LoggedUsers::Off.show("ada"), None);
        assert!(!format!("{:?}", keyed(b"secret")).contains("115"));
    }
}
