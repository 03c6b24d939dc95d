//! Runs a session over a connection, from its welcome to its end.

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

/// Interval at which an idle session checks whether recipients accept more and whether an ack is due.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// Maximum delay of an acknowledgment. Less than what the contract allows.
const ACK_DELAY: Duration = Duration::from_millis(200);
/// Maximum number of frames per call.
const BATCH: usize = 64;
/// Maximum number of frames read at once.
const READS: usize = 64;
/// Number of retries of a failed call before the connection is given up.
const RETRIES: u32 = 3;

type Call = Pin<Box<dyn Future<Output = Result<PushResponse, Status>> + Send>>;

/// The call in flight.
#[derive(Default)]
struct Calling {
    call: Option<Call>,
    failures: u32,
}

impl Session {
    /// Sends and receives over a connection until it ends.
    pub(super) async fn live(&mut self, mut link: Link) -> End {
        let mut phases = self.shared.watch();
        let mut calling = Calling::default();
        let mut received_at = Instant::now();
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
            if now.duration_since(received_at) > self.silence_timeout() {
                return End::Lost;
            }
            if break_at.is_some_and(|at| now >= at) {
                break_at = None;
                self.dialer.wires().iter().for_each(|wire| wire.end(Break::Reset));
            }
            if now.duration_since(acked) > ACK_DELAY {
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
                    received_at = Instant::now();
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
                () = sleep_until(now + CHECK_INTERVAL) => {}
            }
        }
    }

    /// Handles the frames that have already arrived. Returns `false` if the connection can no longer be used.
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

/// Writes all pending frames. Returns `false` if the stream has ended.
fn write(core: &mut Core, up: &tokio::sync::mpsc::Sender<ClientFrame>) -> bool {
    loop {
        match up.try_reserve() {
            Ok(permit) => match core.next_frame() {
                Some(frame) => permit.send(frame),
                None => return true,
            },
            Err(TrySendError::Full(())) => return true,
            Err(TrySendError::Closed(())) => return false,
        }
    }
}

impl Calling {
    /// Starts a call if none is in flight and frames are pending.
    fn begin(&mut self, core: &mut Core, pusher: &Pusher) {
        if self.call.is_some() {
            return;
        }
        let frames: Vec<_> = std::iter::from_fn(|| core.next_frame()).take(BATCH).collect();
        if !frames.is_empty() {
            self.call = Some(Box::pin(Pusher::clone(pusher).push(frames)));
        }
    }

    /// Waits for the response of the call in flight; forever if there is none.
    async fn answer(&mut self) -> Result<PushResponse, Status> {
        match &mut self.call {
            Some(call) => call.await,
            None => std::future::pending().await,
        }
    }

    /// Handles a response. Returns `false` if the connection can no longer be used.
    fn settle(&mut self, session: &mut Session, answer: Result<PushResponse, Status>) -> bool {
        self.call = None;
        match answer {
            Ok(answer) => {
                self.failures = 0;
                let taken = session.core.acknowledged(answer.ack);
                // Frames after the ack are sent again, whether or not they arrived.
                session.core.rewind();
                if let Err(breach) = taken {
                    session.breach(breach.to_string());
                }
                true
            }
            Err(status) => {
                self.failures += 1;
                session.core.rewind();
                // An error of the server is final. After an error of the network the outcome is unknown: send again.
                let verdict = tonic_types::StatusExt::get_details_error_info(&status);
                if let Some(info) = &verdict
                    && !["DETACHED", "SUPERSEDED", "UNKNOWN_SESSION"].contains(&info.reason.as_str())
                {
                    session.breach(format!("a push was refused with {}: {}", info.reason, status.message()));
                }
                verdict.is_none() && self.failures <= RETRIES
            }
        }
    }
}
