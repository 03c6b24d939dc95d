//! A Rust echo peer: joins a room over gRPC, opens a WebRTC data channel with every other member, and echoes each message,
//! text as text and bytes as bytes.
//!
//! Start a server with `cargo run` in the root of the repository, then here:
//!
//!     cargo run -- ROOM
//!
//! and join the same room (default: `echo`) with a browser. From the environment:
//!
//! - `WIGWAG_URL`: the server. Default: `http://127.0.0.1:8080`.
//! - `WIGWAG_ECHO_ADDRESS`: the address of this machine that is offered to browsers. Default: 127.0.0.1, which only browsers
//!   on the same machine can reach.
//! - `WIGWAG_ECHO_PASSPHRASE`: encrypts all signals, so that the server sees only senders and recipients. All members need
//!   the same passphrase. Default: signals are not encrypted.
//!
//! `echo.rs` is the peer's use of Wigwag; `connection.rs` is one WebRTC connection with [str0m], which does no I/O itself;
//! `backlog.rs` queues messages that a channel does not accept yet.
//!
//! [str0m]: https://docs.rs/str0m

mod backlog;
mod connection;
mod echo;

use std::{
    env,
    error::Error,
    net::{IpAddr, Ipv4Addr},
    process::ExitCode,
};

use wigwag_client::{JoinOptions, Session, seal::RoomSecret};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rust-echo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let room = env::args().nth(1).unwrap_or_else(|| "echo".into());
    let url = env::var("WIGWAG_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".into());
    let address = match env::var("WIGWAG_ECHO_ADDRESS") {
        Ok(address) => address.parse().map_err(|_| "WIGWAG_ECHO_ADDRESS must be an IP address")?,
        Err(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let options = match env::var("WIGWAG_ECHO_PASSPHRASE") {
        Ok(passphrase) => JoinOptions::default().room_secret(RoomSecret::passphrase(passphrase)),
        Err(_) => JoinOptions::default(),
    };
    let session = Session::builder(url).display_name("Echo").connect().await?;
    let served = tokio::select! {
        served = echo::serve(&session, &room, options, address) => served,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    };
    session.close().await;
    Ok(served?)
}
