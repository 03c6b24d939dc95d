//! A backend beside a signaling server: it creates rooms, watches who comes and goes, tells the members, and shows
//! some people the door. It is no member of any room: it speaks to `RoomService`, with code generated from the protos.
//!
//!     cargo run -p backend-rooms -- http://127.0.0.1:8080 lobby stage
//!
//! `BANNED=Mallory,Eve` bans whoever comes under these names, `SEATS=2` limits each room. Without authentication a server
//! answers `RoomService` to its own machine only. Ctrl-C ends the rooms.

#![forbid(unsafe_code)]

mod keeper;

use std::{process::ExitCode, time::Duration};

use tokio::{signal::ctrl_c, time::sleep};
use tonic::transport::Endpoint;
use wigwag_proto::v1::room_service_client::RoomServiceClient;

use crate::keeper::{Ended, Keeper};

/// The first pause before watching again; it doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080".into());
    let mut rooms: Vec<String> = arguments.collect();
    if rooms.is_empty() {
        rooms.push("lobby".into());
    }
    let banned = std::env::var("BANNED").unwrap_or_default();
    let banned = banned.split(',').map(str::to_owned).filter(|name| !name.is_empty()).collect();
    let seats = std::env::var("SEATS").ok().and_then(|seats| seats.parse().ok()).unwrap_or(0);

    let endpoint = match Endpoint::from_shared(url) {
        Ok(endpoint) => endpoint.connect_timeout(Duration::from_secs(5)),
        Err(_) => return fail("that is no URL: give one like http://127.0.0.1:8080"),
    };
    let mut keeper = Keeper::new(RoomServiceClient::new(endpoint.connect_lazy()), rooms, banned, seats);
    let outcome = tokio::select! {
        outcome = keep(&mut keeper) => outcome,
        pressed = ctrl_c() => pressed.map_err(|error| error.to_string()),
    };
    keeper.end().await;
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Keeps the rooms, and begins again whenever the watch breaks: a server that was restarted knows nothing of them.
async fn keep(keeper: &mut Keeper) -> Result<(), String> {
    let mut pause = SHORTEST;
    loop {
        let Ended { status, was_good, for_good } = keeper.keep().await;
        if for_good {
            return Err(status);
        }
        if was_good {
            pause = SHORTEST;
        }
        println!("{status}; watching again in {} ms", pause.as_millis());
        sleep(pause).await;
        pause = LONGEST.min(pause * 2);
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
