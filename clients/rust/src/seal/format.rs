//! The layout of sealed payloads, and what their authentication covers.

/// The name of this format, bound into every key and every envelope.
pub(super) const LABEL: &[u8] = b"wigwag/seal/v1";
/// The first byte of every payload sealed in this format.
pub(super) const VERSION: u8 = 1;

/// Offsets of the parts of a sealed payload.
pub(super) mod layout {
    use std::ops::Range;

    pub(crate) const KEY_ID: Range<usize> = 1..9;
    pub(crate) const COUNTER: Range<usize> = 9..17;
    pub(crate) const HEAD: Range<usize> = 0..17;
    pub(crate) const NONCE: Range<usize> = 17..29;
    pub(crate) const CIPHERTEXT: usize = 29;
    pub(crate) const TAG: usize = 16;
}

/// Returns the additional authenticated data; `head` is bytes 0 to 16 of the sealed payload.
pub(super) fn associated_data(head: &[u8], room: &str, from: &str, to: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(LABEL.len() + head.len() + 6 + room.len() + from.len() + to.len());
    data.extend_from_slice(LABEL);
    data.extend_from_slice(head);
    for text in [room, from, to] {
        data.extend(with_length(text));
    }
    data
}

/// Prefixes a text with its length in two bytes. Names and ids are far below 64 KiB; a longer one, which no server
/// allows, would only fail to open.
pub(super) fn with_length(text: &str) -> impl Iterator<Item = u8> + '_ {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    length.to_be_bytes().into_iter().chain(text.bytes())
}
