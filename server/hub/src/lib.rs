//! The core of Wigwag: rooms, sessions, mailboxes and delivery as plain state machines.
//!
//! There is no network, no clock and no codec here. Time is an argument ([`Now`]), payloads are opaque bytes, and random
//! ids and secrets come from the caller. So the same code runs in the server, in property tests and in simulations.
//!
//! # How the parts fit
//!
//! * [`session::SessionState`] is the state of one peer's session: its epochs, its [`mailbox::Mailbox`] of numbered
//!   frames, the rooms it is in and the presence events queued for it. One connection at a time reads from it.
//! * [`room::RoomState`] holds a room's members in join order, with a version that counts every change.
//! * [`Backend`] stores sessions and rooms. [`MemoryBackend`] keeps them in this process; a cluster's backend gives the
//!   same guarantees elsewhere. Transports use only [`Backend`] and [`Attachment`].
//!
//! # What is absent on purpose
//!
//! No protocol buffers and no status codes: the server turns [`error`]s into those. No tasks: the holder of an attachment
//! polls [`Attachment::fetch`] and leaves a waker.

#![forbid(unsafe_code)]

pub mod backend;
#[cfg(feature = "contract")]
pub mod contract;
pub mod encoded;
pub mod error;
pub mod frame;
pub mod id;
pub mod limits;
pub mod mailbox;
pub mod member;
pub mod members;
pub mod memory;
pub mod rate;
pub mod reason;
pub mod room;
pub mod session;
pub mod snapshot;
pub mod time;
pub mod watch;

pub use backend::{Attachment, Backend, Submitted, Uplink};
pub use frame::{Body, Item, RoomEvent};
pub use id::{PeerId, RoomName};
pub use limits::Limits;
pub use memory::MemoryBackend;
pub use reason::Reason;
pub use time::Now;
