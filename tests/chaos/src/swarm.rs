//! Many sessions that talk through a proxy, each cut at random moments and resumed.
//!
//! Every session sits in two rooms of its own for the whole run, visits lobbies now and then, sends to one and to all, asks
//! for receipts, and loses its connection in every way the proxy knows. What all of them saw is the history to be judged.

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
    /// Envelopes in all.
    pub messages: u32,
    /// Connections to break in all. A break in the middle of a resume costs more than one connection, a broken call none,
    /// and at full speed a connection is often broken twice: there are two resumes for three of them.
    pub cuts: u32,
    /// Decides who sends what to whom, and what breaks when. Two runs with one seed plan the same; the network's own
    /// timing still differs.
    pub seed: u64,
    /// How often the server pings, which bounds how long a dead connection is believed to live.
    pub heartbeat: Duration,
}

/// The one line that runs it again.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, messages, cuts, seed, heartbeat } = self;
        write!(f, "MESSAGES={messages} SESSIONS={sessions} CUTS={cuts} SEED={seed} scripts/soak.sh swarm")?;
        write!(f, " --heartbeat-ms {}", heartbeat.as_millis())
    }
}

/// Frames of a mailbox that never fills up in a run, whatever breaks; of 1 KiB each.
///
/// Senders leave a receiver alone that has not received what is on its way to it. But acknowledgements may vanish on their
/// way for as long as it takes to notice that a connection is dead, and until then the server holds, rightly, everything
/// the receiver has received in that time.
pub const ROOMY: u32 = 16_384;

/// Members of a session's first room, and of its second.
const ROOMS: [u32; 2] = [5, 10];

/// Rooms that are visited.
const LOBBIES: u32 = 4;

/// A run that makes no progress for so long is over, and what is missing is lost.
const PATIENCE: Duration = Duration::from_secs(45);

/// Runs against the server at `upstream`.
///
/// # Errors
///
/// When the proxy cannot be started.
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

/// Rooms of five, rooms of ten that mix them, and the lobbies, in which nobody stays.
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

/// Leads all sessions from one phase to the next.
async fn conduct(shared: Arc<Shared>) {
    let mut last = (0, Instant::now());
    while shared.phase() != Phase::Over {
        sleep(Duration::from_millis(20)).await;
        let progress = shared.progress();
        if progress != last.0 {
            last = (progress, Instant::now());
        }
        if last.1.elapsed() > PATIENCE {
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
    fn everybody_has_two_rooms_and_nobody_lives_in_a_lobby() {
        let rooms = plan_rooms(23);
        for who in 0..23 {
            assert_eq!(rooms.iter().filter(|room| room.residents.contains(&who)).count(), 2, "{who}");
        }
        assert_eq!(rooms.iter().filter(|room| room.residents.is_empty()).count(), LOBBIES as usize);
    }
}
