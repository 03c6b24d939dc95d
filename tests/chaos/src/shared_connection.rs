//! One HTTP/2 connection that good and bad streams share, as behind a proxy: the good ones must not notice.
//!
//! Pairs of good streams exchange numbered envelopes both ways, while bad streams of each [`Kind`] come and go on the same
//! connection. The same pairs on a second server, which nothing disturbs, are the control.

mod attackers;
mod client;
mod victims;

use std::{fmt, io, net::SocketAddr, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use self::{client::Client, victims::Victims};

pub use self::attackers::Kind;

/// A run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long.
    pub duration: Duration,
    /// Pairs of good streams.
    pub pairs: usize,
    /// Bad streams of each kind at a time.
    pub attackers: usize,
    /// The kinds of bad streams.
    pub kinds: Vec<Kind>,
    /// How often to call `watch`.
    pub watch_interval: Duration,
}

/// Results of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The good streams beside the bad ones.
    pub victims: Measured,
    /// The good streams of the control.
    pub control: Measured,
    /// Bad streams that were opened.
    pub attacks: u64,
    /// Bad streams that the server reset or ended.
    pub ended: u64,
}

/// What good streams have measured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Envelopes that came back.
    pub round_trips: usize,
    /// Streams that ended, and envelopes that did not come back, or not in order.
    pub lost: usize,
    /// The 99th percentile of a round trip.
    pub p99: Duration,
}

/// Runs against the server at `addr` and, as the control, the one at `control`. Calls `watch` now and then with the time
/// since the start and what was measured so far.
///
/// # Errors
///
/// Fails if a server cannot be reached, or does not accept the good streams.
pub async fn run(
    addr: SocketAddr,
    control: SocketAddr,
    options: &Options,
    mut watch: impl FnMut(Duration, Measured),
) -> io::Result<Outcome> {
    let (shared, undisturbed) = (Client::connect(addr).await?, Client::connect(control).await?);
    let victims = Victims::start(&shared, options.pairs).await?;
    let control = Victims::start(&undisturbed, options.pairs).await?;
    let (mut running, counts) = (JoinSet::new(), attackers::Counts::default());
    for &kind in &options.kinds {
        for number in 0..options.attackers {
            running.spawn(attackers::attack(kind, number, addr, shared.clone(), counts.clone()));
        }
    }
    let began = Instant::now();
    while let Some(left) = options.duration.checked_sub(began.elapsed()).filter(|left| !left.is_zero()) {
        sleep(left.min(options.watch_interval)).await;
        watch(began.elapsed(), victims.measured());
    }
    victims.stop();
    control.stop();
    let (victims, control) = (victims.finish().await, control.finish().await);
    running.abort_all();
    let (attacks, ended) = counts.get();
    Ok(Outcome { victims, control, attacks, ended })
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { round_trips, lost, p99 } = self;
        write!(f, "{round_trips} round trips, {lost} lost, p99 {:.1} ms", p99.as_secs_f64() * 1e3)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { victims, control, attacks, ended } = self;
        write!(f, "good streams: {victims}; control: {control}; {attacks} bad streams, {ended} ended by the server")
    }
}
