//! The entry point of the fuzz target for headers of the PROXY protocol.

use super::{BINARY_HEAD, MAX_BINARY, Malformed, Proxied, ProxyHeader, Step};

/// Arbitrary bytes: in pieces of any size they yield the same header, which is no longer than the protocol allows, and nothing
/// after it is taken.
///
/// # Panics
///
/// When one of these does not hold.
#[cfg_attr(not(feature = "fuzzing"), allow(unreachable_pub, reason = "the fuzz target is not built"))]
pub fn header(bytes: &[u8]) {
    let whole = read(bytes, usize::MAX);
    assert_eq!(read(bytes, 1), whole);
    assert_eq!(read(bytes, 7), whole);
    if let Some((Ok(_), taken)) = whole {
        // What follows a header does not matter.
        assert_eq!(read(&bytes[..taken], usize::MAX), whole);
    }
}

/// Reads a header in pieces of at most `piece` bytes. Returns it with its length; `None` if it is not complete.
pub(super) fn read(bytes: &[u8], piece: usize) -> Option<(Result<Proxied, ()>, usize)> {
    let (mut header, mut taken) = (ProxyHeader::default(), 0);
    loop {
        match header.step() {
            Ok(Step::Done(proxied)) => return Some((Ok(proxied), taken)),
            // Where it is found to be malformed depends on the pieces.
            Err(Malformed) => return Some((Err(()), 0)),
            Ok(Step::Read(wanted)) => {
                assert!(wanted > 0 && taken + wanted <= BINARY_HEAD + MAX_BINARY, "{wanted} after {taken}");
                let next = &bytes[taken..bytes.len().min(taken + wanted.min(piece))];
                if next.is_empty() {
                    return None;
                }
                header.add(next);
                taken += next.len();
            }
        }
    }
}
