//! The core of Wigwag: rooms, sessions, mailboxes and delivery as plain state machines.
//!
//! There is no network, no clock and no codec here. Time is an argument ([`Now`]), payloads are opaque bytes, random
//! ids and secrets are handed in. So the same code runs in the server, in property tests and in simulations.
//!
//! # How the parts fit
//!
//! * [`session::SessionState`] is what one peer's session knows: its epochs, its [`mailbox::Mailbox`] of numbered frames, its
//!   seats and what is to be told of their rooms. One connection at a time reads from it.
//! * [`room::RoomState`] is who is in a room, in join order, with a version that counts every change.
//! * [`Backend`] is where sessions and rooms live. [`MemoryBackend`] keeps them in this process; a cluster's backend keeps
//!   the same promises elsewhere. Doors know only [`Backend`] and [`Attachment`].
//!
//! # What is absent on purpose
//!
//! No protocol buffers and no status codes: the server's edge turns [`error`]s into those. No tasks: whoever holds an
//! attachment polls [`Attachment::fetch`] and leaves a waker.

#![forbid(unsafe_code)]

#[macro_use]
mod sabotage;

pub mod backend;
#[cfg(feature = "contract")]
pub mod contract;
pub mod error;
pub mod frame;
pub mod id;
pub mod limits;
pub mod mailbox;
pub mod member;
pub mod memory;
pub mod reason;
pub mod room;
pub mod session;
pub mod time;
pub mod watch;

pub use backend::{Attachment, Backend, Submitted};
pub use frame::{Body, Item, RoomEvent};
pub use id::{PeerId, RoomName};
pub use limits::Limits;
pub use memory::MemoryBackend;
pub use reason::Reason;
pub use time::Now;
