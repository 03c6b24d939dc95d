//! What the webhook is told of a client's request.

use std::{fmt, sync::Arc};

/// Fields of a client's request, by their names in lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientHeaders(Arc<[(Box<str>, Box<str>)]>);

/// Largest sum of the bytes of these fields. What does not fit is left out.
const MAX_HEADER_BYTES: usize = 8 * 1024;

impl ClientHeaders {
    /// Takes those of these fields that a request has. `None` if it has none.
    pub fn pick(names: &[String], mut value: impl FnMut(&str) -> Option<String>) -> Option<Self> {
        let mut left = MAX_HEADER_BYTES;
        let mut picked = Vec::new();
        for name in names {
            let Some(value) = value(name.as_str()) else { continue };
            let Some(rest) = left.checked_sub(name.len() + value.len()) else { continue };
            left = rest;
            picked.push((name.as_str().into(), value.into()));
        }
        if picked.is_empty() { None } else { Some(Self(picked.into())) }
    }

    /// Returns the names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl fmt::Debug for ClientHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values may be cookies.
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_much_is_taken_and_values_are_not_shown() {
        let names: Vec<String> = ["cookie", "x-large", "x-small", "x-absent"].map(str::to_owned).into();
        let picked = ClientHeaders::pick(&names, |name| match name {
            "cookie" => Some("id=7".to_owned()),
            "x-large" => Some("l".repeat(MAX_HEADER_BYTES)),
            "x-small" => Some("s".to_owned()),
            _ => None,
        });
        let picked = picked.expect("some");
        assert_eq!(picked.iter().collect::<Vec<_>>(), [("cookie", "id=7"), ("x-small", "s")]);
        assert!(!format!("{picked:?}").contains("id=7"));
        assert_eq!(ClientHeaders::pick(&names, |_| None), None);
    }
}
