//! Parameters in the query of a URL.

use std::borrow::Cow;

use crate::error::CompatError;

/// Returns the first parameter of that name whose value is not empty. Fails if the value is not UTF-8: decoding it anyway
/// would make the same id of different ones.
pub(crate) fn parameter(query: &str, name: &str) -> Result<Option<String>, CompatError> {
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let Some((_, value)) = pairs.find(|(key, value)| !value.is_empty() && decoded(key).as_deref() == Some(name)) else {
        return Ok(None);
    };
    decoded(value).map(|value| Some(value.into_owned())).ok_or_else(|| {
        let hint = format!("write it as encodeURIComponent({name}) does");
        CompatError::invalid(format!("{name} is not UTF-8"), hint)
    })
}

/// Decodes `application/x-www-form-urlencoded`. `None` if the result is not UTF-8.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(text.into());
    }
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded() {
        let value = |query: &str| parameter(query, "id").expect("UTF-8");
        assert_eq!(value("a=1&id=ada&id=bob").as_deref(), Some("ada"));
        assert_eq!(value("id=&id=a+b%2Bc%C3%A9%").as_deref(), Some("a b+cé%"));
        assert_eq!(value("%69d=x").as_deref(), Some("x"));
        assert_eq!(value("id=a=b").as_deref(), Some("a=b"));
        for none in ["", "id", "id=", "ids=x", "&&=x", "%FF=x"] {
            assert_eq!(value(none), None, "{none}");
        }
    }

    #[test]
    fn a_value_that_is_not_utf8_is_refused() {
        for query in ["id=%FF", "id=%ed%a0%bd", "id=a%C3"] {
            assert_eq!(parameter(query, "id").expect_err("is refused").reason, "INVALID_FIELD", "{query}");
        }
        // The value of another parameter does not matter.
        assert_eq!(parameter("name=%FF&id=ada", "id").expect("UTF-8").as_deref(), Some("ada"));
    }
}
