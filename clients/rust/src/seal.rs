//! End-to-end encryption of what peers send each other (feature `seal`).
//!
//! With a [`RoomSecret`] given to its [`Builder`](crate::Builder::room_secret) or to a
//! [join](crate::JoinOptions::room_secret), a session seals everything it sends there and opens everything it receives;
//! the server sees only who sends how much to whom. An envelope that cannot be opened is reported as
//! [`Event::Unopened`](crate::Event::Unopened), never dropped silently.
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
//! All clients share one format; `clients/SEALING.md` specifies it byte by byte, with its limits. In short: AES-256-GCM
//! with one key per sender, derived from the secret and the room's name; room, sender, receiver and a counter are
//! authenticated. Members trust each other, there is no forward secrecy, and sizes, timing and names stay visible.
//! A passphrase costs 600,000 iterations of PBKDF2, a fraction of a second on a blocking thread. An unoptimized build
//! takes ten seconds; `[profile.dev.package.sha2] opt-level = 3` reduces that to two.
//!
//! [`RoomKeys`], [`Sealer`] and [`Opener`] are what a session uses. They are public for programs without a session, such
//! as a backend that sends into sealed rooms.

mod format;
mod keys;
mod opener;
mod sealer;
mod secret;
#[cfg(test)]
mod vectors;

pub use self::{keys::RoomKeys, opener::Opener, sealer::Sealer, secret::RoomSecret};
