//! Envelopes of a run: what they hold, and how they are read again.

use wigwag_proto::v1::{AppData, Envelope, SessionDescription, app_data::Content, envelope::Payload};

use crate::history::Who;

/// Author and number.
const HEAD: usize = 8;

/// Bytes of a small letter, as most signals are, and of a large one, as session descriptions are.
const SIZES: [std::ops::Range<usize>; 2] = [HEAD..200, 2_000..8_000];
/// One in so many is large.
const LARGE: u32 = 50;

/// The size of the next letter.
pub(super) fn size(rng: &mut fastrand::Rng) -> usize {
    let large = usize::from(rng.u32(..LARGE) == 0);
    rng.usize(SIZES[large].clone())
}

/// A payload that says who wrote it and which of the author's it is.
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

/// What [`write`] wrote: author, number, size.
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
    fn what_is_written_can_be_read() {
        for n in 1..20 {
            let envelope = Envelope { payload: Some(write(7, n, 100)), ..Envelope::default() };
            assert_eq!(read(&envelope), Some((7, n, 100)));
        }
        assert_eq!(read(&Envelope::default()), None);
    }
}
