//! Many sessions that exchange envelopes through a proxy, lose their connections at random moments and resume.
//!
//! Every session is a member of two rooms for the whole run, joins and leaves lobbies, sends to one peer and to all, requests
//! receipts, and loses its connection in every way that the proxy supports. The result is the history of all sessions.

mod letters;
mod session;
mod shared;
mod troubles;

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use self::{
    session::Session,
    shared::{Phase, Shared},
};
use crate::{
    dial::Dialer,
    history::{History, RoomPlan, Who},
    proxy::Proxy,
};

/// A run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Sessions, at least 2.
    pub sessions: u32,
    /// Envelopes in total.
    pub messages: u32,
    /// Connections to break in total. There are about two resumes for three of them: a break during a resume costs more than
    /// one connection, a broken call none, and at full speed a connection is often broken twice.
    pub cuts: u32,
    /// Seed for senders, recipients, payloads and failures. Two runs with the same seed have the same plan; the timing of the
    /// network still differs.
    pub seed: u64,
    /// Interval of the server's pings, which bounds how long a dead connection goes unnoticed.
    pub heartbeat: Duration,
}

/// Prints the command that repeats the run.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, messages, cuts, seed, heartbeat } = self;
        write!(f, "MESSAGES={messages} SESSIONS={sessions} CUTS={cuts} SEED={seed} scripts/soak.sh swarm")?;
        write!(f, " --heartbeat-ms {}", heartbeat.as_millis())
    }
}

/// Size, in frames of 1 KiB, of a mailbox that never fills up in a run.
///
/// Senders wait while too much is in transit to a receiver. But acknowledgments may be dropped for as long as it takes to
/// detect a dead connection, and until then the server correctly holds everything that the receiver has received.
pub const ROOMY: u32 = 16_384;

/// Number of members of a session's first and second room.
const ROOMS: [u32; 2] = [5, 10];

/// Number of rooms that sessions join and leave.
const LOBBIES: u32 = 4;

/// A run without progress for this time ends, and missing envelopes count as lost.
const STALL_TIMEOUT: Duration = Duration::from_secs(45);

/// Runs against the server at `upstream`.
///
/// # Errors
///
/// Fails if the proxy cannot be started.
pub async fn run(upstream: SocketAddr, options: Options) -> std::io::Result<History> {
    let proxy = Arc::new(Proxy::start(upstream).await?);
    let shared = Arc::new(Shared::new(options.sessions, plan_rooms(options.sessions)));
    let mut rng = fastrand::Rng::with_seed(options.seed);
    let mut running = JoinSet::new();
    for who in 0..options.sessions {
        let share = |of: u32| of / options.sessions + u32::from(who < of % options.sessions);
        let dialer = Dialer::new(proxy.clone(), who + 1);
        let session = Session::new(
            who,
            shared.clone(),
            dialer,
            rng.fork(),
            share(options.messages),
            share(options.cuts),
            options.heartbeat,
        );
        running.spawn(async move { (who, session.run().await) });
    }
    let conducting = tokio::spawn(conduct(shared.clone()));
    let mut logs = vec![Vec::new(); options.sessions as usize];
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok((who, log)) => logs[who as usize] = log,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    }
    conducting.abort();
    Ok(History { logs, rooms: shared.rooms().to_vec() })
}

/// Returns rooms of five, rooms of ten with members of different rooms of five, and lobbies, which have no residents.
fn plan_rooms(sessions: u32) -> Vec<RoomPlan> {
    let mut rooms = Vec::new();
    for size in ROOMS {
        let count = sessions.div_ceil(size);
        for room in 0..count {
            let residents: Vec<Who> = (0..sessions)
                .filter(|who| if size == ROOMS[0] { who / size == room } else { who % count == room })
                .collect();
            rooms.push(RoomPlan { name: format!("of-{size}-{room}"), residents });
        }
    }
    rooms.extend((0..LOBBIES).map(|lobby| RoomPlan { name: format!("lobby-{lobby}"), residents: Vec::new() }));
    rooms
}

/// Moves all sessions from one phase to the next.
async fn conduct(shared: Arc<Shared>) {
    let mut last = (0, Instant::now());
    while shared.phase() != Phase::Over {
        sleep(Duration::from_millis(20)).await;
        let progress = shared.progress();
        if progress != last.0 {
            last = (progress, Instant::now());
        }
        if last.1.elapsed() > STALL_TIMEOUT {
            shared.enter(Phase::Over);
        } else if shared.all_ready() {
            let next = match shared.phase() {
                Phase::Gather => Phase::Talk,
                Phase::Talk => Phase::Compare,
                Phase::Compare | Phase::Over => Phase::Over,
            };
            shared.enter(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_session_has_two_rooms_and_lobbies_have_no_residents() {
        let rooms = plan_rooms(23);
        for who in 0..23 {
            assert_eq!(rooms.iter().filter(|room| room.residents.contains(&who)).count(), 2, "{who}");
        }
        assert_eq!(rooms.iter().filter(|room| room.residents.is_empty()).count(), LOBBIES as usize);
    }
}
