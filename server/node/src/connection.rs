//! One connection: frames in, frames out, whatever carries them.
//!
//! A connection is a stream of server frames that polls its own input: no task and no queue stands between a client's frame
//! and its effect. Doors give it an input and write what comes out.

mod apply;
mod input;
mod rate_limit;
mod timers;
mod wake_flags;

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wigwag_hub::{
    Attachment, Item, Now, Reason, Submitted,
    error::DetachReason,
    session::{Fetched, SessionKind},
};
use wigwag_poll::ShortQueue;
use wigwag_proto::v1::{self as pb, server_frame::Body as Pb};

pub use self::apply::{Applier, FrameOutcome, NameCache, duplicate_users, peer_id, room_name};
pub use self::{input::Input, rate_limit::RateLimit};
use self::{
    timers::Timers,
    wake_flags::{WakeFlags, source},
};
use crate::{
    auth::Caller,
    error::ApiError,
    frame::{OutFrame, RawBody, RawClientFrame, TRANSPORT_LIMIT},
    node::{Node, Opened, Registration},
};

/// Client frames applied in one go before what they caused is written.
const INPUTS_PER_POLL: usize = 64;

/// Bytes fetched from the session in one go.
pub const FETCH_BYTES: usize = 16 * 1024;

thread_local! {
    /// What a connection fetched, on its way into frames. One for each thread: it is empty between two uses.
    static FETCHED: RefCell<Vec<Item>> = const { RefCell::new(Vec::new()) };
}

/// A connection over an input. Ends with `None` after `bye`, with a fault otherwise.
pub struct Connection<I> {
    node: Node,
    caller: Caller,
    /// Ends what carries this connection, where nothing else can: its client does not read.
    abort: Option<CancellationToken>,
    input: Option<I>,
    stage: Stage,
    out: ShortQueue<OutFrame>,
    timers: Timers,
    rate_limit: RateLimit<Input>,
    /// The moment of the present turn: reading the clock for every frame would cost more than a millisecond is worth.
    now: Now,
    /// Rung by the session, the input and the clock.
    wakes: WakeFlags,
    /// Where to look, a set of [`on`]: what rang, and where there may be more although nothing has.
    due: u64,
    /// Sees to it that this ends although its client does not read. From the welcome on.
    registration: Option<Registration>,
}

enum Stage {
    /// Waiting for the first frame.
    Fresh,
    /// Waiting for the backend to open the session; the first frame, if it was no hello, is applied then.
    Opening(Opening, Option<Input>),
    /// Attached.
    Live(Live),
    /// Over: what is queued is still written.
    Over(Option<ApiError>),
    /// Nothing more.
    Done,
}

type Opening = Pin<Box<dyn Future<Output = Result<Opened, ApiError>> + Send>>;

struct Live {
    applier: Applier,
    names: NameCache,
    resumable: bool,
    /// A client frame whose effect is under way. Nothing else is read until it is done.
    applying: Option<Pin<Box<dyn Future<Output = FrameOutcome> + Send>>>,
}

impl Live {
    fn attachment(&self) -> &Arc<dyn Attachment> {
        &self.applier.attachment
    }
}

impl<I> Connection<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    /// A connection that waits for its first frame.
    pub fn new(node: Node, caller: Caller, abort: Option<CancellationToken>, input: I) -> Self {
        let timers = Timers::new(Instant::now() + node.session().hello_timeout());
        Self {
            now: node.now(),
            node,
            caller,
            abort,
            input: Some(input),
            stage: Stage::Fresh,
            out: ShortQueue::default(),
            timers,
            rate_limit: RateLimit::default(),
            wakes: WakeFlags::new(),
            due: 0,
            registration: None,
        }
    }

    /// A connection that begins with this hello.
    pub fn with_hello(
        node: Node,
        caller: Caller,
        abort: Option<CancellationToken>,
        input: I,
        hello: pb::Hello,
    ) -> Self {
        let mut connection = Self::new(node, caller, abort, input);
        connection.open(hello, None);
        connection
    }

    fn open(&mut self, hello: pb::Hello, first: Option<Input>) {
        let (node, caller) = (self.node.clone(), self.caller.clone());
        let opening = async move { node.open(&caller, hello).await };
        self.stage = Stage::Opening(Box::pin(opening), first);
    }

    fn welcome(&mut self, opened: Opened, first: Option<Input>) {
        let Opened { attachment, welcome, applied } = opened;
        let resumable = attachment.kind() != SessionKind::Live;
        let mut frame = OutFrame::unnumbered(Pb::Welcome(welcome));
        frame.ack = applied;
        self.out.push_back(frame);
        self.timers.attached(applied, Instant::now(), self.node.session().heartbeat());
        self.due = source::ALL;
        self.registration = Some(self.node.register_connection(attachment.clone(), self.abort.clone()));
        let applier = Applier { node: self.node.clone(), caller: self.caller.clone(), attachment };
        self.stage = Stage::Live(Live { applier, names: NameCache::default(), resumable, applying: None });
        if self.node.draining() {
            // The others have been told; this one came back in the meantime.
            self.out.push_back(OutFrame::go_away(0));
        }
        if let Some(first) = first {
            self.take(first);
        }
    }

    /// Handles one frame of the client. It may be under way afterwards.
    fn take(&mut self, input: Input) {
        let Stage::Live(live) = &mut self.stage else {
            match input {
                Input::Frame(RawClientFrame { seq: 0, body: Some(RawBody::Hello(hello)), .. }) => {
                    self.open(*hello, None)
                }
                Input::Frame(RawClientFrame { body: Some(RawBody::Hello(_)), .. }) => {
                    self.fail(ApiError::invalid("seq", "of a hello must be 0: it is outside the numbering"));
                }
                Input::Malformed => self.fail(malformed()),
                // It may have been meant as a hello, and a session in its place would be another one.
                Input::Broken(error) | Input::Refused(_, error) => self.fail(error),
                Input::Oversize => self.fail(oversize()),
                other => self.open(pb::Hello::default(), Some(other)),
            }
            return;
        };
        let frame = match input {
            Input::Frame(frame) => frame,
            Input::Malformed => return self.fail(malformed()),
            Input::Broken(error) => return self.fail(error),
            Input::Oversize => {
                live.attachment().close(self.node.now(), Reason::ConnectionLost);
                return self.fail(oversize());
            }
            Input::TooLarge(seq) => {
                let (applier, error) = (live.applier.clone(), ApiError::too_large(self.node.session().max_frame_bytes));
                live.applying = Some(Box::pin(async move { applier.refuse(seq, error).await }));
                return;
            }
            Input::Refused(seq, error) => {
                let applier = live.applier.clone();
                live.applying = Some(Box::pin(async move { applier.refuse(seq, error).await }));
                return;
            }
        };
        let now = self.now;
        live.attachment().record_activity(now);
        if frame.ack != 0
            && let Err(written) = live.attachment().ack(now, frame.ack)
        {
            let why = format!("ack {} is for a frame that was never sent: {written} is the last one", frame.ack);
            return self.fail(ApiError::protocol(why));
        }
        let seq = frame.seq;
        match frame.body {
            // The one kind of frame that must cost nothing but itself.
            Some(RawBody::Envelope(bytes)) => {
                self.timers.took(bytes.len());
                match live.applier.submit(now, seq, &bytes, &mut live.names) {
                    Ok(Submitted::Done(Ok(()))) => {}
                    Ok(submitted) => {
                        let applier = live.applier.clone();
                        live.applying =
                            Some(Box::pin(async move { applier.conclude(seq, submitted.wait().await).await }));
                    }
                    Err(error) => {
                        let applier = live.applier.clone();
                        live.applying = Some(Box::pin(async move { applier.refuse(seq, error).await }));
                    }
                }
            }
            Some(RawBody::Pong(_)) => {}
            None if seq == 0 && (live.resumable || frame.ack != 0) => {}
            body => {
                let applier = live.applier.clone();
                live.applying = Some(Box::pin(async move { applier.apply(seq, body).await }));
            }
        }
    }

    fn handle_outcome(&mut self, outcome: FrameOutcome) {
        match outcome {
            FrameOutcome::Applied => {}
            FrameOutcome::Bye => self.stage = Stage::Over(None),
            FrameOutcome::Gap { expected, got } => self.fail(ApiError::gap(expected, got)),
            FrameOutcome::Fatal(error) => self.fail(error),
            FrameOutcome::Detached(cut) => self.cut(cut),
        }
    }

    /// Ends the connection with a fatal error; a resumable session waits for its client.
    fn fail(&mut self, error: ApiError) {
        if let Stage::Live(live) = &self.stage {
            live.attachment().detach(self.node.now(), DetachReason::ConnectionLost);
        }
        self.out.push_back(error.to_fatal());
        self.stage = Stage::Over(Some(error));
    }

    /// Ends the connection because its attachment is over.
    fn cut(&mut self, cut: DetachReason) {
        let Stage::Live(live) = &self.stage else { return };
        if let DetachReason::Ended(reason) = cut {
            live.attachment().close(self.node.now(), reason);
        }
        tracing::info!(peer.id = %live.attachment().peer(), epoch = live.attachment().epoch(), ?cut, "connection cut");
        if cut == DetachReason::Ended(Reason::Left) {
            // The bye came another way, by Push.
            self.stage = Stage::Over(None);
            return;
        }
        let error = ApiError::from(cut);
        self.out.push_back(match cut {
            DetachReason::Ended(Reason::Draining) => OutFrame::go_away(error.retry_after_ms),
            _ => error.to_fatal(),
        });
        self.stage = Stage::Over(Some(error));
    }

    /// The client will send nothing more.
    fn input_ended(&mut self, broken: bool) {
        self.input = None;
        match &self.stage {
            Stage::Live(live) if live.resumable || broken => {
                live.attachment().detach(self.node.now(), DetachReason::ConnectionLost);
                self.stage = Stage::Over(None);
            }
            // It goes on listening, like grpcurl after its last message.
            Stage::Live(_) | Stage::Opening(..) => {}
            Stage::Fresh | Stage::Over(_) | Stage::Done => self.stage = Stage::Over(None),
        }
    }

    /// Reads what the client sent.
    fn poll_input(&mut self, cx: &mut Context<'_>) {
        for _ in 0..INPUTS_PER_POLL {
            if let Stage::Live(Live { applying: Some(applying), .. }) = &mut self.stage {
                let Poll::Ready(outcome) = applying.as_mut().poll(cx) else { return };
                if let Stage::Live(live) = &mut self.stage {
                    live.applying = None;
                }
                self.handle_outcome(outcome);
            }
            if let Stage::Opening(opening, first) = &mut self.stage {
                let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return };
                let first = first.take();
                match opened {
                    Ok(opened) => self.welcome(opened, first),
                    Err(error) => self.fail(error),
                }
                continue;
            }
            if matches!(self.stage, Stage::Over(_) | Stage::Done) {
                return;
            }
            if let Stage::Live(live) = &self.stage {
                match self.rate_limit.poll(cx, &self.node, &**live.attachment()) {
                    Poll::Ready(Ok(None)) => {}
                    Poll::Ready(Ok(Some(held))) => {
                        self.take(held);
                        continue;
                    }
                    Poll::Ready(Err(cut)) => {
                        live.attachment().detach(self.node.now(), cut);
                        self.cut(cut);
                        return;
                    }
                    Poll::Pending => return,
                }
            }
            let Some(input) = &mut self.input else { return };
            match Pin::new(input).poll_next(cx) {
                Poll::Ready(Some(Some(input))) => match &self.stage {
                    Stage::Live(live) => {
                        if let Some(input) = self.rate_limit.admit(self.now, &**live.attachment(), input) {
                            self.take(input);
                        }
                    }
                    _ => self.take(input),
                },
                Poll::Ready(Some(None)) => self.input_ended(true),
                Poll::Ready(None) => self.input_ended(false),
                Poll::Pending => {
                    self.rate_limit.caught_up();
                    return;
                }
            }
        }
        // Others want their turn, and there may be more.
        self.due |= source::INPUT;
    }

    /// Looks where there is something to look at.
    fn turn(&mut self) {
        let now = Instant::now();
        self.now = self.node.at(now);
        if self.due & source::INPUT != 0 {
            self.due &= !source::INPUT;
            let waker = self.wakes.lend_for_input();
            self.poll_input(&mut Context::from_waker(&waker));
            self.wakes.give_back(waker);
            // What was applied has to be acknowledged some time.
            if let Stage::Live(live) = &self.stage
                && live.resumable
                && self.timers.applied(live.attachment().applied(), now)
            {
                self.due |= source::TIME;
            }
            // The answer goes with this turn's frames.
            self.due |= self.wakes.take_only(source::SESSION);
        }
        if self.due & source::SESSION != 0 {
            self.due &= !source::SESSION;
            self.poll_session();
        }
    }

    /// Takes what the session holds for this connection.
    fn poll_session(&mut self) {
        let Stage::Live(live) = &self.stage else { return };
        let attachment = live.attachment();
        let fetched = FETCHED.with_borrow_mut(|items| {
            let fetched = attachment.fetch(self.now, self.wakes.for_session(), FETCH_BYTES, items);
            self.out.reserve(items.len());
            for item in items.drain(..) {
                self.out.push_back(OutFrame::from_item(item, attachment.peer()));
            }
            fetched
        });
        match fetched {
            Fetched::More => self.due |= source::SESSION,
            Fetched::Idle => {}
            Fetched::Detached(cut) => self.cut(cut),
        }
    }

    /// Pings, acknowledges, gives up. `true` when anything was queued.
    fn poll_time(&mut self) -> bool {
        let applied = match &self.stage {
            Stage::Live(live) if live.resumable => live.attachment().applied(),
            // While it opens its client is not late: the hello is there. The clock is set again with the welcome.
            Stage::Opening(..) | Stage::Over(_) | Stage::Done => return false,
            _ => 0,
        };
        let waker = self.wakes.for_time();
        let Some(due) = self.timers.poll(&mut Context::from_waker(&waker), applied) else { return false };
        match &self.stage {
            Stage::Fresh => self.fail(ApiError::hello_timeout()),
            Stage::Live(live) => {
                if due.ping {
                    let silent_ms = self.node.now().mono_ms.saturating_sub(live.attachment().last_activity_ms());
                    // Two pings went unanswered when the third is due.
                    if live.resumable && silent_ms > u64::from(self.node.session().heartbeat_ms) * 5 / 2 {
                        live.attachment().detach(self.node.now(), DetachReason::HeartbeatTimeout);
                        self.cut(DetachReason::HeartbeatTimeout);
                        return true;
                    }
                    self.out.push_back(OutFrame::unnumbered(Pb::Ping(pb::Ping {})));
                } else if due.ack {
                    self.out.push_back(OutFrame::ack(applied));
                }
            }
            Stage::Opening(..) | Stage::Over(_) | Stage::Done => {}
        }
        true
    }
}

impl<I> Stream for Connection<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    type Item = Result<OutFrame, ApiError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let mut looked = false;
        loop {
            if let Some(mut frame) = this.out.pop_front() {
                if let Stage::Live(Live { resumable: true, applier, .. }) = &this.stage {
                    frame.ack = frame.ack.max(applier.attachment.applied());
                    this.timers.acked(frame.ack);
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            if let Stage::Over(error) = &mut this.stage {
                let error = error.take();
                this.stage = Stage::Done;
                return Poll::Ready(error.map(Err));
            }
            if matches!(this.stage, Stage::Done) {
                return Poll::Ready(None);
            }
            // Once: what rings during a turn has woken the task, which comes back when others have had theirs.
            if !looked {
                looked = true;
                this.due |= this.wakes.take(cx);
            }
            if this.due & (source::INPUT | source::SESSION) != 0 {
                this.turn();
            } else if this.due & source::TIME == 0 || !this.poll_time() {
                this.due = 0;
                return Poll::Pending;
            }
        }
    }
}

impl<I> Drop for Connection<I> {
    fn drop(&mut self) {
        if let Stage::Live(live) = &self.stage {
            let attachment = live.attachment();
            attachment.detach(self.node.now(), DetachReason::ConnectionLost);
            tracing::info!(peer.id = %attachment.peer(), epoch = attachment.epoch(), "connection lost");
        }
    }
}

fn malformed() -> ApiError {
    ApiError::protocol("the bytes are no frame of this API: use the generated code of proto/wigwag/v1")
}

fn oversize() -> ApiError {
    let mut error = ApiError::too_large(TRANSPORT_LIMIT).advice(pb::Advice::Rejoin);
    error.message = "the message is over the transport's limit of 1 MiB; the session is over".into();
    error
}

#[cfg(test)]
mod tests;
