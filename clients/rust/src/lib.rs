//! Rust client for the Wigwag WebRTC signaling server.
//!
//! Peers that want a peer-to-peer connection meet in a room, exchange session descriptions and ICE candidates
//! through the server, and then talk to each other directly. This crate carries the signals; it brings no WebRTC stack.
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
//! A [`Session`] survives lost connections. Within its grace period (30 s unless [`Builder::grace`] asks for more) it
//! comes back by itself, and then: what one peer sent another arrives in order, once, and completely; nobody saw the
//! session leave; members that came and went meanwhile are told once each. If the session cannot be resumed, the
//! application hears [`Event::Reset`] and every request that was waiting fails with the reason `RESET`. Nothing is lost
//! in silence.
//!
//! # How it is built
//!
//! A pure state machine counts, holds and acknowledges frames; one task per session drives it over a gRPC stream;
//! [`Session`] and [`Room`] are cheap handles to that task. All queues are bounded: an application that does not read its
//! events makes the server wait, and one that sends faster than the server takes waits itself.
//!
//! # Features
//!
//! - `tls`: `https` URLs, with rustls on ring and the certificate authorities of the operating system.
//! - `tls-webpki-roots`: the same with the certificate authorities Mozilla trusts, built in.
//! - `seal`: end-to-end encryption of what peers send each other; the module `seal`.
//!
//! None is on by default.

#![forbid(unsafe_code)]

mod builder;
mod core;
mod driver;
mod error;
mod event;
mod grpc;
mod member;
mod payload;
mod receipt;
mod room;
mod room_info;
#[cfg(feature = "seal")]
pub mod seal;
mod server_info;
mod session;

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
    session::{Session, SessionState},
};

// Compiles the example of the README with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
