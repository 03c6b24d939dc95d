//! `wigwag rooms watch`: a stream of changes.

use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use wigwag_proto::v1::{WatchRoomsRequest, WatchRoomsResponse, watch_rooms_response::Event};

use crate::{
    duration::{unix_ms, utc},
    exit::Exit,
    failure::Failure,
    members::{role, state},
    metadata::metadata_text,
    output::Output,
    printable::printable,
    remote,
    target::Target,
};

/// First delay before watching again; doubles up to [`MAX_DELAY`].
const MIN_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Name of the only room to watch; it need not exist yet (default: all rooms)
    room: Option<String>,
    /// End when the rooms that exist have been shown
    #[arg(long)]
    snapshot: bool,
    /// End with an error when the server ends the watch, rather than watch again
    #[arg(long)]
    once: bool,
}

/// Shows events until the program is interrupted. When the server ends the watch, it watches again, from new snapshots on.
pub(super) async fn run(arguments: &WatchArgs, target: &Target, output: Output) -> Result<Exit, Failure> {
    let mut delay = MIN_DELAY;
    let mut has_watched = false;
    loop {
        let began = Instant::now();
        let failure = match watch(arguments, target, output, &mut has_watched).await {
            Ok(exit) => return Ok(exit),
            Err(failure) => failure,
        };
        // A server that was never reached is an error of the command, one that went away comes back.
        if arguments.once || !has_watched || !matches!(failure.exit, Exit::TryLater | Exit::Unreachable) {
            return Err(failure);
        }
        if began.elapsed() > MAX_DELAY {
            delay = MIN_DELAY;
        }
        output.note(&format!("{}; watching again in {} ms", failure.message, delay.as_millis()));
        sleep(delay).await;
        delay = MAX_DELAY.min(delay * 2);
    }
}

async fn watch(
    arguments: &WatchArgs,
    target: &Target,
    output: Output,
    has_watched: &mut bool,
) -> Result<Exit, Failure> {
    let request = WatchRoomsRequest { room: arguments.room.clone().unwrap_or_default(), features: Vec::new() };
    let mut events = remote::rooms(target).await?.watch_rooms(request).await?.into_inner();
    while let Some(event) = events.message().await? {
        *has_watched = true;
        let is_synced = matches!(event.event, Some(Event::Synced(_)));
        let is_ping = matches!(event.event, Some(Event::Ping(_)) | None);
        if is_synced && arguments.snapshot {
            return Ok(Exit::Done);
        }
        if !is_ping {
            output.show_next(&event, || line(&event))?;
        }
    }
    Err(Status::new(Code::Unavailable, "the server ended the watch").into())
}

/// Writes an event as one line: when, which room, what.
fn line(event: &WatchRoomsResponse) -> String {
    let (room, what) = match &event.event {
        Some(Event::Snapshot(snapshot)) => {
            let room = snapshot.room_info.clone().unwrap_or_default();
            let members: Vec<_> =
                snapshot.members.iter().map(|member| named(&member.display_name, &member.peer_id)).collect();
            let who = if members.is_empty() { String::new() } else { format!(": {}", members.join(", ")) };
            (room.room, format!("exists, {} members{who}", room.member_count))
        }
        Some(Event::Synced(_)) => ("-".to_owned(), "all rooms shown; changes follow".to_owned()),
        Some(Event::RoomCreated(created)) => (created.room_info.clone().unwrap_or_default().room, "created".to_owned()),
        Some(Event::RoomUpdated(updated)) => {
            let room = updated.room_info.clone().unwrap_or_default();
            let metadata = metadata_text(&room.metadata);
            let owner = if room.owner.is_empty() { "none" } else { &room.owner };
            (updated.room.clone(), format!("changed: owner {owner}, limit {}, {metadata}", room.max_members))
        }
        Some(Event::RoomEnded(ended)) => (ended.room.clone(), format!("ended ({})", ended.reason)),
        Some(Event::MemberJoined(joined)) => {
            let member = joined.member.clone().unwrap_or_default();
            (joined.room.clone(), format!("{} joined", named(&member.display_name, &member.peer_id)))
        }
        Some(Event::MemberUpdated(updated)) => {
            let member = updated.member.clone().unwrap_or_default();
            let who = named(&member.display_name, &member.peer_id);
            (updated.room.clone(), format!("{who} changed: {}, {}", role(&member), state(&member)))
        }
        Some(Event::MemberLeft(left)) => (left.room.clone(), format!("{} left ({})", left.peer_id, left.reason)),
        Some(Event::Ping(_)) | None => ("-".to_owned(), "ping".to_owned()),
    };
    let what = what.trim_end_matches([' ', ',']);
    format!("{}  {}  {}", utc(unix_ms()), printable(&room), printable(what))
}

fn named(name: &str, peer_id: &str) -> String {
    if name.is_empty() { peer_id.to_owned() } else { format!("{name} ({peer_id})") }
}
