//! Encodes header blocks without a dynamic table (RFC 7541, section 6).

use super::table;

/// Appends a dynamic table size update to zero (RFC 7541, section 6.3).
///
/// After a peer has lowered SETTINGS_HEADER_TABLE_SIZE (4096 at first), the first block after the acknowledgment must begin
/// with an update (RFC 7541, section 4.2), even if the encoder does not use the table. Zero is valid for any setting.
pub(crate) fn put_empty_table(out: &mut Vec<u8>) {
    out.push(0x20);
}

/// Appends `:status`, which comes before all other fields of a response (RFC 9113, section 8.3).
///
/// `status` has three digits (RFC 9110, section 15); of a larger number only the last three are sent.
pub(crate) fn put_status(status: u16, out: &mut Vec<u8>) {
    let indexed = match status {
        200 => 8,
        204 => 9,
        206 => 10,
        304 => 11,
        400 => 12,
        404 => 13,
        500 => 14,
        _ => {
            let digit = |power: u16| b'0' + (status / power % 10) as u8;
            out.extend_from_slice(&[0x08, 3, digit(100), digit(10), digit(1)]);
            return;
        }
    };
    out.push(0x80 | indexed);
}

/// Appends a field; `name` must be in lower case (RFC 9113, section 8.2).
///
/// A `sensitive` field is never indexed, so that intermediaries do not add it to a table either (RFC 7541, section 7.1.3).
pub(crate) fn put_field(name: &[u8], value: &[u8], sensitive: bool, out: &mut Vec<u8>) {
    let index = table::static_name(name);
    if !sensitive && let Some(index) = index.and_then(|index| table::static_field(index, value)) {
        put_integer(0x80, 0x7f, index, out);
        return;
    }
    put_integer(if sensitive { 0x10 } else { 0x00 }, 0x0f, index.unwrap_or(0), out);
    if index.is_none() {
        put_string(name, out);
    }
    put_string(value, out);
}

/// Appends a string without Huffman coding (RFC 7541, section 5.2): the strings are short.
fn put_string(text: &[u8], out: &mut Vec<u8>) {
    put_integer(0x00, 0x7f, text.len(), out);
    out.extend_from_slice(text);
}

/// Appends an integer (RFC 7541, section 5.1): in the bits `mask` of the first byte, whose other bits are `bits`, and in as
/// many more bytes as it needs.
fn put_integer(bits: u8, mask: u8, value: usize, out: &mut Vec<u8>) {
    let Some(mut rest) = value.checked_sub(usize::from(mask)) else {
        out.push(bits | value as u8);
        return;
    };
    out.push(bits | mask);
    while rest >= 0x80 {
        out.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.push(rest as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str, sensitive: bool) -> Vec<u8> {
        let mut out = Vec::new();
        put_field(name.as_bytes(), value.as_bytes(), sensitive, &mut out);
        out
    }

    fn integer(bits: u8, mask: u8, value: usize) -> Vec<u8> {
        let mut out = Vec::new();
        put_integer(bits, mask, value, &mut out);
        out
    }

    /// RFC 7541, appendix C.1, and the values on both sides of each change in length.
    #[test]
    fn integers() {
        assert_eq!(integer(0x00, 0x1f, 10), [10]);
        assert_eq!(integer(0x00, 0x1f, 1337), [31, 154, 10]);
        assert_eq!(integer(0x00, 0xff, 42), [42]);
        assert_eq!(integer(0xe0, 0x1f, 30), [0xfe]);
        assert_eq!(integer(0xe0, 0x1f, 31), [0xff, 0]);
        assert_eq!(integer(0x80, 0x7f, 127 + 127), [0xff, 127]);
        assert_eq!(integer(0x80, 0x7f, 127 + 128), [0xff, 0x80, 1]);
        assert_eq!(integer(0x00, 0x0f, 15 + (1 << 14)), [0x0f, 0x80, 0x80, 1]);
    }

    #[test]
    fn statuses() {
        for (status, wanted) in [
            (200, &[0x88][..]),
            (204, &[0x89]),
            (206, &[0x8a]),
            (304, &[0x8b]),
            (400, &[0x8c]),
            (404, &[0x8d]),
            (500, &[0x8e]),
            (101, b"\x08\x03101"),
            (302, b"\x08\x03302"),
            (999, b"\x08\x03999"),
            (u16::MAX, b"\x08\x03535"),
        ] {
            let mut out = Vec::new();
            put_status(status, &mut out);
            assert_eq!(out, wanted, "{status}");
        }
    }

    /// RFC 7541, appendix C.2.2 to C.2.4.
    #[test]
    fn rfc_7541_c2_examples() {
        assert_eq!(field(":path", "/sample/path", false), b"\x04\x0c/sample/path");
        assert_eq!(field("password", "secret", true), b"\x10\x08password\x06secret");
        assert_eq!(field(":method", "GET", false), [0x82]);
    }

    #[test]
    fn fields_use_the_static_table() {
        assert_eq!(field(":path", "/index.html", false), [0x85]);
        assert_eq!(field("accept-encoding", "gzip, deflate", false), [0x90]);
        assert_eq!(field("accept-encoding", "gzip", false), b"\x0f\x01\x04gzip");
        assert_eq!(field("content-type", "application/grpc", false), b"\x0f\x10\x10application/grpc");
        assert_eq!(field("grpc-status", "0", false), b"\x00\x0bgrpc-status\x010");
        assert_eq!(field("", "", false), [0, 0, 0]);
    }

    #[test]
    fn sensitive_field_is_never_indexed() {
        assert_eq!(field(":method", "GET", true), b"\x12\x03GET");
        assert_eq!(field("authorization", "", true), [0x1f, 0x08, 0]);
        assert_eq!(field("set-cookie", "a=b", true), b"\x1f\x28\x03a=b");
    }

    #[test]
    fn long_value_has_a_length_of_several_bytes() {
        let out = field("x", &"v".repeat(300), false);
        assert_eq!(out.get(..6), Some(&b"\x00\x01x\x7f\xad\x01"[..]));
        assert_eq!(out.len(), 306);
    }
}
