//! A backend that manages rooms: it creates them, watches members join and leave, bans members by name and notifies the
//! others. It is not a member of any room: it calls `RoomService`, with code generated from the protos.
//!
//!     cargo run -p backend-rooms -- http://127.0.0.1:8080 lobby stage
//!
//! `BANNED=Mallory,Eve` bans members with these names, `MAX_MEMBERS=2` limits each room. Without authentication a server
//! serves `RoomService` only to callers on its own machine. Ctrl-C ends the rooms.

#![forbid(unsafe_code)]

mod keeper;

use std::{process::ExitCode, time::Duration};

use tokio::{signal::ctrl_c, time::sleep};
use tonic::transport::Endpoint;
use wigwag_proto::v1::room_service_client::RoomServiceClient;

use crate::keeper::{Ended, Keeper};

/// First delay before watching again; doubles up to [`MAX_DELAY`].
const MIN_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

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
    let max_members = std::env::var("MAX_MEMBERS").ok().and_then(|number| number.parse().ok()).unwrap_or(0);

    let endpoint = match Endpoint::from_shared(url) {
        Ok(endpoint) => endpoint.connect_timeout(Duration::from_secs(5)),
        Err(_) => return fail("the first argument is not a URL: pass one like http://127.0.0.1:8080"),
    };
    let mut keeper = Keeper::new(RoomServiceClient::new(endpoint.connect_lazy()), rooms, banned, max_members);
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

/// Keeps the rooms in place. Starts over whenever the watch ends, since a restarted server has lost them.
async fn keep(keeper: &mut Keeper) -> Result<(), String> {
    let mut delay = MIN_DELAY;
    loop {
        let Ended { status, had_events, is_permanent } = keeper.keep().await;
        if is_permanent {
            return Err(status);
        }
        if had_events {
            delay = MIN_DELAY;
        }
        println!("{status}; watching again in {} ms", delay.as_millis());
        sleep(delay).await;
        delay = MAX_DELAY.min(delay * 2);
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::FAILURE
}
