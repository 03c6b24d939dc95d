//! End-to-end encryption of what peers send each other (feature `seal`).
//!
//! With a [`RoomSecret`] on its [`Builder`](crate::Builder::room_secret) or on a
//! [join](crate::JoinOptions::room_secret), a session seals everything it sends there and opens what comes; the server
//! sees who sends how much to whom, and nothing else. What cannot be opened is an event,
//! [`Event::Unopened`](crate::Event::Unopened), never a silent drop.
//!
//! ```no_run
//! # async fn example() -> Result<(), wigwag_client::Error> {
//! use wigwag_client::{JoinOptions, Payload, Session, seal::RoomSecret};
//!
//! let session = Session::connect("http://localhost:8080").await?;
//! let secret = RoomSecret::passphrase("correct horse battery staple");
//! let room = session.join_with("demo", JoinOptions::default().room_secret(secret)).await?;
//! room.broadcast(Payload::Text("for those who know the passphrase".into())).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The format is that of all clients, and so are its limits: `clients/SEALING.md` has both, byte by byte. In short:
//! AES-256-GCM under a key per sender, derived from the secret and the room's name; room, sender, receiver and a
//! counter are bound. Members trust each other, there is no forward secrecy, and sizes, rhythm and names stay
//! visible. Passphrases cost 600,000 iterations of PBKDF2, a fraction of a second on a thread of their own. Without
//! optimization that is ten seconds: `[profile.dev.package.sha2] opt-level = 3` makes two of them.
//!
//! [`RoomKeys`], [`Sealer`] and [`Opener`] are what a session uses, for those who have no session: a backend that
//! sends into sealed rooms.

mod keys;
mod opener;
mod sealer;
mod secret;
#[cfg(test)]
mod vectors;

pub use self::{keys::RoomKeys, opener::Opener, sealer::Sealer, secret::RoomSecret};

/// Bound into every key and every envelope: what this format is called.
const LABEL: &[u8] = b"wigwag/seal/v1";
/// The first byte of everything sealed in this format.
const VERSION: u8 = 1;

/// Where the parts of a sealed payload are.
mod layout {
    use std::ops::Range;

    pub(super) const KEY_ID: Range<usize> = 1..9;
    pub(super) const COUNTER: Range<usize> = 9..17;
    pub(super) const HEAD: Range<usize> = 0..17;
    pub(super) const NONCE: Range<usize> = 17..29;
    pub(super) const CIPHERTEXT: usize = 29;
    pub(super) const TAG: usize = 16;
}

/// What the cipher binds beside the content.
fn associated_data(head: &[u8], room: &str, from: &str, to: &str) -> Vec<u8> {
    let mut data = Vec::with_capacity(LABEL.len() + head.len() + 6 + room.len() + from.len() + to.len());
    data.extend_from_slice(LABEL);
    data.extend_from_slice(head);
    for text in [room, from, to] {
        data.extend(with_length(text));
    }
    data
}

/// A text behind its length in two bytes. Names and ids are far below 64 KiB; longer ones, which no server has, would
/// only fail to open.
fn with_length(text: &str) -> impl Iterator<Item = u8> + '_ {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    length.to_be_bytes().into_iter().chain(text.bytes())
}
