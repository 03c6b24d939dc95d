//! Rust client for the Wigwag WebRTC signaling server.
//!
//! Peers that want a peer-to-peer connection meet in a room, exchange session descriptions and ICE candidates
//! through the server, and then talk to each other directly. This crate carries the signals; it does not include a
//! WebRTC stack.
//!
//! ```no_run
//! # async fn example() -> Result<(), wigwag_client::Error> {
//! use wigwag_client::{Event, Payload, Session};
//!
//! let session = Session::builder("http://localhost:8080").display_name("Ada").connect().await?;
//! let room = session.join("demo").await?;
//! room.broadcast(Payload::Text("hello".into())).await?;
//!
//! let mut events = room.events();
//! while let Some(event) = events.next().await {
//!     match event {
//!         Event::MemberJoined { member, .. } => println!("{} joined", member.display_name),
//!         Event::Envelope { from: Some(from), payload, .. } => println!("{from}: {payload:?}"),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! A [`Session`] survives lost connections. Within its grace period (30 s unless [`Builder::grace`] asks for more) the
//! client reconnects and resumes it. Then everything one peer sent another arrives in order, exactly once; the other
//! peers did not see the session leave; and every join and leave that happened meanwhile is reported once. If the session
//! cannot be resumed, the application receives [`Event::Reset`], and every request that was waiting fails with the reason
//! `RESET`. No loss goes unreported.
//!
//! # How it is built
//!
//! A state machine without I/O numbers, keeps and acknowledges frames; one task per session drives it over a gRPC stream;
//! [`Session`] and [`Room`] are cheap handles to that task. All queues are bounded: an application that does not read its
//! events makes the server wait, and one that sends faster than the server accepts has to wait.
//!
//! # Features
//!
//! - `tls`: `https` URLs, with rustls on ring and the certificate authorities of the operating system.
//! - `tls-webpki-roots`: the same, with Mozilla's certificate authorities built in.
//! - `seal`: end-to-end encryption of what peers send each other, see the module `seal`.
//!
//! None is enabled by default.

#![forbid(unsafe_code)]

mod builder;
mod core;
mod driver;
mod error;
mod event;
mod grpc;
mod member;
mod membership;
mod payload;
mod receipt;
mod room;
mod room_info;
#[cfg(feature = "seal")]
pub mod seal;
#[cfg(feature = "seal")]
mod sealing;
#[cfg(not(feature = "seal"))]
#[path = "unsealed.rs"]
mod sealing;
mod server_info;
mod session;
mod session_state;
mod transport;

pub use crate::{
    builder::Builder,
    error::{Code, Error, reason},
    event::{EnvelopeId, Event, Events},
    member::{Member, PeerId, Presence, Role},
    payload::{IceCandidate, Payload, SdpType, SessionDescription},
    receipt::{Outcome, PendingReceipt, Receipt},
    room::Room,
    room_info::{DuplicateUsers, JoinOptions, NewRoom, RoomInfo},
    server_info::{IceServer, IceServers, Limits},
    session::Session,
    session_state::SessionState,
};

// Compiles the example of the README with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
