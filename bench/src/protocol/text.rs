//! Reads single fields out of JSON without a parser.

use memchr::memmem;

/// Returns the string after `key`, which includes its quotes and colon. A string with escapes is cut at the first one.
pub(super) fn string<'a>(message: &'a [u8], key: &str) -> Option<&'a str> {
    let start = memmem::find(message, key.as_bytes())? + key.len();
    let rest = message[start..].strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    std::str::from_utf8(&rest[..end]).ok()
}

/// Returns the number after `key`, which includes its quotes and colon. 0 if the key is missing.
pub(super) fn number(message: &[u8], key: &str) -> u32 {
    let Some(start) = memmem::find(message, key.as_bytes()) else { return 0 };
    let digits = message[start + key.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found() {
        let message = br#"{"seq":12,"welcome":{"peerId":"abc","epoch":1}}"#;
        assert_eq!(string(message, r#""peerId":"#), Some("abc"));
        assert_eq!(string(message, r#""none":"#), None);
        assert_eq!((number(message, r#""seq":"#), number(message, r#""ack":"#)), (12, 0));
    }
}
