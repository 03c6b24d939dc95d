//! The part of the protobuf wire format that frames need.

/// One field's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Number(u32),
    Bytes(&'a [u8]),
}

/// The fields of a message in their order. Ends at the first field that cannot be read.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u32, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = varint(&mut self.0)?;
        let value = varint(&mut self.0)?;
        match key & 7 {
            0 => Some((key >> 3, Field::Number(value))),
            2 => {
                let (bytes, rest) = self.0.split_at_checked(value as usize)?;
                self.0 = rest;
                Some((key >> 3, Field::Bytes(bytes)))
            }
            _ => None,
        }
    }
}

/// Returns the text in this field, if it is present.
pub(super) fn text(message: &[u8], number: u32) -> Option<&str> {
    Fields(message).find_map(|(found, field)| match field {
        Field::Bytes(bytes) if found == number => std::str::from_utf8(bytes).ok(),
        _ => None,
    })
}

/// Appends a number, unless it is 0.
pub(super) fn put_number(field: u32, number: u32, out: &mut Vec<u8>) {
    if number != 0 {
        put_varint(field << 3, out);
        put_varint(number, out);
    }
}

/// Appends key and length of a field of bytes.
pub(super) fn put_head(field: u32, len: usize, out: &mut Vec<u8>) {
    put_varint(field << 3 | 2, out);
    put_varint(u32::try_from(len).unwrap_or(u32::MAX), out);
}

/// Appends a field of bytes.
pub(super) fn put_bytes(field: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_head(field, bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Appends a field of text.
pub(super) fn put_text(field: u32, text: &str, out: &mut Vec<u8>) {
    put_bytes(field, text.as_bytes(), out);
}

fn put_varint(mut value: u32, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn varint(bytes: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            // The numbers that are read fit; the value of a larger one does not matter.
            return Some(u32::try_from(value).unwrap_or(u32::MAX));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_as_they_were_put() {
        let mut out = Vec::new();
        put_number(1, 300, &mut out);
        put_number(2, 0, &mut out);
        put_text(4, "abc", &mut out);
        let fields: Vec<_> = Fields(&out).collect();
        assert_eq!(fields, [(1, Field::Number(300)), (4, Field::Bytes(b"abc"))]);
        assert_eq!(text(&out, 4), Some("abc"));
    }
}
