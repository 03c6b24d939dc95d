//! A session on a connection, from its welcome to its end.

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    sync::mpsc::error::TrySendError,
    time::{Instant, sleep_until},
};
use tonic::Status;
use wigwag_proto::v1::{ClientFrame, PushResponse};

use super::{
    super::troubles::{AT_THE_LATEST_MS, Trouble},
    End, Session,
};
use crate::{
    core::Core,
    dial::{Link, Pusher, Up},
    proxy::Break,
};

/// How often a session looks around when nothing happens: whether others have room again, whether an ack is due.
const LOOK: Duration = Duration::from_millis(20);
/// An acknowledgement waits no longer for a frame to ride on. Less than the 500 ms of the contract.
const ACK: Duration = Duration::from_millis(200);
/// Frames of one call.
const BATCH: usize = 64;
/// Frames read in one go.
const READS: usize = 64;
/// A call that failed is tried again so often before the connection is given up.
const RETRIES: u32 = 3;

type Call = Pin<Box<dyn Future<Output = Result<PushResponse, Status>> + Send>>;

/// A call under way.
#[derive(Default)]
struct Calling {
    call: Option<Call>,
    failures: u32,
}

impl Session {
    /// Talks over a connection until it ends.
    pub(super) async fn live(&mut self, mut link: Link) -> End {
        let mut phases = self.shared.watch();
        let mut calling = Calling::default();
        let mut heard = Instant::now();
        let mut acked = Instant::now();
        let mut break_at = None;
        loop {
            if *phases.borrow_and_update() == super::Phase::Over {
                return End::Over;
            }
            self.act();
            match self.trouble() {
                Some(Trouble::Abandon) => return End::Lost,
                Some(Trouble::TakeOver) => return End::LeftBehind(Box::new(link)),
                Some(trouble) if trouble.is_impatient() => {
                    break_at = Some(Instant::now() + Duration::from_millis(AT_THE_LATEST_MS));
                }
                _ => {}
            }
            let now = Instant::now();
            if now.duration_since(heard) > self.patience() {
                return End::Lost;
            }
            if break_at.is_some_and(|at| now >= at) {
                break_at = None;
                self.dialer.wires().iter().for_each(|wire| wire.end(Break::Reset));
            }
            if now.duration_since(acked) > ACK {
                acked = now;
                self.core.ack_now();
            }
            match &link.up {
                Up::Stream(up) => {
                    if !write(&mut self.core, up) {
                        return End::Lost;
                    }
                }
                Up::Calls(pusher) => calling.begin(&mut self.core, pusher),
            }
            tokio::select! {
                frame = link.down.message() => {
                    let Ok(Some(frame)) = frame else { return End::Lost };
                    heard = Instant::now();
                    if !self.take(frame) || !self.read_on(&mut link) {
                        return End::Lost;
                    }
                }
                answer = calling.answer() => {
                    if !calling.settle(self, answer) {
                        return End::Lost;
                    }
                }
                _ = phases.changed() => {}
                () = sleep_until(now + LOOK) => {}
            }
        }
    }

    /// Takes what has come already. `false` when the connection is of no use any more.
    fn read_on(&mut self, link: &mut Link) -> bool {
        for _ in 0..READS {
            match link.down.message().now_or_never() {
                None => return true,
                Some(Ok(Some(frame))) => {
                    if !self.take(frame) {
                        return false;
                    }
                }
                Some(_) => return false,
            }
        }
        true
    }
}

/// Writes what there is to write. `false` when the stream is over.
fn write(core: &mut Core, up: &tokio::sync::mpsc::Sender<ClientFrame>) -> bool {
    loop {
        match up.try_reserve() {
            Ok(place) => match core.next_frame() {
                Some(frame) => place.send(frame),
                None => return true,
            },
            Err(TrySendError::Full(())) => return true,
            Err(TrySendError::Closed(())) => return false,
        }
    }
}

impl Calling {
    /// Begins a call when none is under way and there is something to say.
    fn begin(&mut self, core: &mut Core, pusher: &Pusher) {
        if self.call.is_some() {
            return;
        }
        let frames: Vec<_> = std::iter::from_fn(|| core.next_frame()).take(BATCH).collect();
        if !frames.is_empty() {
            self.call = Some(Box::pin(Pusher::clone(pusher).push(frames)));
        }
    }

    /// The answer of the call under way; never, when there is none.
    async fn answer(&mut self) -> Result<PushResponse, Status> {
        match &mut self.call {
            Some(call) => call.await,
            None => std::future::pending().await,
        }
    }

    /// `false` when the connection is of no use any more.
    fn settle(&mut self, session: &mut Session, answer: Result<PushResponse, Status>) -> bool {
        self.call = None;
        match answer {
            Ok(answer) => {
                self.failures = 0;
                let taken = session.core.acknowledged(answer.ack);
                // What lies behind is sent again from there: exact, whatever became of it.
                session.core.rewind();
                if let Err(breach) = taken {
                    session.breach(breach.to_string());
                }
                true
            }
            Err(status) => {
                self.failures += 1;
                session.core.rewind();
                // What the server says is final; what the network did is not known, and the same is sent again.
                let verdict = tonic_types::StatusExt::get_details_error_info(&status);
                if let Some(info) = &verdict
                    && !["DETACHED", "SUPERSEDED", "UNKNOWN_SESSION"].contains(&info.reason.as_str())
                {
                    session.breach(format!("a push that is refused with {}: {}", info.reason, status.message()));
                }
                verdict.is_none() && self.failures <= RETRIES
            }
        }
    }
}
