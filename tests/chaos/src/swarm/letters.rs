//! Payloads of a run's envelopes.

use wigwag_proto::v1::{AppData, Envelope, SessionDescription, app_data::Content, envelope::Payload};

use crate::history::Who;

/// Author and number.
const HEAD: usize = 8;

/// Size in bytes of a small letter, like most signals, and of a large one, like a session description.
const SIZES: [std::ops::Range<usize>; 2] = [HEAD..200, 2_000..8_000];
/// One of this many letters is large.
const LARGE: u32 = 50;

/// Returns the size of the next letter.
pub(super) fn size(rng: &mut fastrand::Rng) -> usize {
    let large = usize::from(rng.u32(..LARGE) == 0);
    rng.usize(SIZES[large].clone())
}

/// Returns a payload that contains its author and number.
pub(super) fn write(author: Who, n: u32, size: usize) -> Payload {
    let mut bytes = vec![0; size.max(HEAD)];
    bytes[..4].copy_from_slice(&author.to_be_bytes());
    bytes[4..HEAD].copy_from_slice(&n.to_be_bytes());
    match n % 4 {
        0 => Payload::Sealed(bytes),
        1 => {
            let sdp = format!("{author} {n} {}", "a".repeat(size));
            Payload::Description(SessionDescription { r#type: "offer".into(), sdp })
        }
        _ => Payload::Message(AppData { content: Some(Content::Binary(bytes)) }),
    }
}

/// Returns author, number and size of a payload of [`write`].
pub(super) fn read(envelope: &Envelope) -> Option<(Who, u32, usize)> {
    let bytes = match envelope.payload.as_ref()? {
        Payload::Sealed(bytes) | Payload::Message(AppData { content: Some(Content::Binary(bytes)) }) => bytes,
        Payload::Description(description) => {
            let mut words = description.sdp.split(' ');
            let (author, n) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
            return Some((author, n, words.next()?.len()));
        }
        _ => return None,
    };
    let (author, rest) = bytes.split_first_chunk()?;
    let (n, _) = rest.split_first_chunk()?;
    Some((u32::from_be_bytes(*author), u32::from_be_bytes(*n), bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written() {
        for n in 1..20 {
            let envelope = Envelope { payload: Some(write(7, n, 100)), ..Envelope::default() };
            assert_eq!(read(&envelope), Some((7, n, 100)));
        }
        assert_eq!(read(&Envelope::default()), None);
    }
}
