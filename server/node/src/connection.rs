//! One client connection: client frames in, server frames out, independent of the transport.
//!
//! A [`Connection`] is a stream of server frames that polls its own input, so a client's frame takes effect without
//! passing through another task or queue. A transport supplies the input and writes the frames that the stream yields.

mod apply;
mod ice_renewal;
mod input;
mod out_queue;
mod rate_limit;
mod timers;
mod token_expiry;
mod under_way;
mod wake_flags;
mod write_activity;
mod written_marks;

use std::{
    cell::RefCell,
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use futures_core::Stream;
use tokio::{task::yield_now, time::Instant};
use wigwag_hub::{
    Attachment, Body, Item, Now, Reason, Submitted,
    error::DetachReason,
    session::{Fetched, SessionKind},
};
use wigwag_poll::SendProgress;
use wigwag_proto::v1::{self as pb, Feature, server_frame::Body as Pb};

pub use self::apply::{Applier, FrameOutcome, NameCache, duplicate_users, peer_id, room_name};
pub use self::token_expiry::{Due, TokenExpiry};
use self::{
    ice_renewal::IceRenewal,
    out_queue::OutQueue,
    timers::Timers,
    under_way::{Concluded, UnderWay},
    wake_flags::{WakeFlags, source},
    write_activity::Written,
};
pub use self::{
    input::Input,
    rate_limit::{RateLimit, is_free},
    write_activity::WriteActivity,
    written_marks::WrittenMarks,
};
use crate::{
    auth::{Caller, Identity},
    error::ApiError,
    frame::{self, OutFrame, RawBody, RawClientFrame, TRANSPORT_LIMIT},
    ice::IceUser,
    node::{Abort, Node, Opened, Registration},
};

/// Client frames applied in one poll before the frames they caused are written and other tasks run.
const INPUTS_PER_POLL: usize = 64;

/// Replies that may wait for a client that does not read while more of its frames are applied. With more, its frames wait
/// until it reads: the replies to them would fill its mailbox.
const MAX_UNREAD_REPLIES: usize = 64;

/// Bytes fetched from a session's mailbox at a time.
pub const FETCH_BYTES: usize = 16 * 1024;

thread_local! {
    /// Items fetched from a mailbox, on their way into frames. One buffer per thread, since it is empty between two
    /// uses.
    static FETCHED: RefCell<Vec<Item>> = const { RefCell::new(Vec::new()) };
}

/// A stream of server frames over an input of client frames.
///
/// Ends without an error after `bye` and when the input ends; otherwise with the error that ended it, which precedes it
/// as a fatal frame.
pub struct Connection<I> {
    node: Node,
    /// The client, until it has a session.
    caller: Option<Box<Caller>>,
    /// How it reaches the server, for the log.
    transport: &'static str,
    abort: Option<Abort>,
    input: Option<I>,
    state: State,
    out: OutQueue,
    timers: Timers,
    rate_limit: RateLimit<Input>,
    /// The time of the current poll: read once per poll rather than once per frame, because a millisecond is precise
    /// enough.
    now: Now,
    /// Woken by the session, the input and the timers.
    wakes: WakeFlags,
    /// The sources to poll, a set of [`source`]: those that were woken, and those that stopped early and may have more.
    ready: u64,
    /// Client frames that may be applied before other tasks run.
    inputs_left: usize,
    /// What the task that ends connections of clients that do not read sees of this one.
    activity: Arc<WriteActivity>,
    /// Ensures that the connection ends even if its client does not read. Set with the welcome.
    registration: Option<Registration>,
    /// What was written, in a live session. A resumable one acknowledges instead.
    written: Option<Arc<Written>>,
    /// Replies to the client's frames that may not be fetched yet.
    replies: usize,
    /// The number of the last numbered frame that was yielded, in a live session, and the last number that was recorded.
    yielded: u32,
    recorded: u32,
}

enum State {
    /// Waiting for the first frame.
    AwaitingHello,
    /// Waiting for the backend to open the session. A first frame that was not a hello is applied afterwards.
    Opening(OpenFuture, Option<Input>),
    /// Attached to a session.
    Attached(Attached),
    /// The queued frames are written, then the stream ends with this error.
    Closing(Option<ApiError>),
    /// The stream has ended.
    Closed,
}

type OpenFuture = Pin<Box<dyn Future<Output = Result<Opened, ApiError>> + Send>>;

struct Attached {
    attachment: Arc<dyn Attachment>,
    applier: Applier,
    names: NameCache,
    resumable: bool,
    /// The client frames that are being applied.
    under_way: UnderWay,
    /// The number of what the session may do, as [`Applier::caller`] has it.
    grants_version: u32,
    /// When the session's token expires; `None` without authentication.
    expiry: Option<Box<TokenExpiry>>,
    /// When the client gets new ICE servers; `None` if the credentials that it has do not expire.
    ice_renewal: Option<Box<IceRenewal>>,
}

impl Attached {
    /// Takes over what the session may do if that has changed, by a frame here or by a call. Returns whether it has.
    fn follow_grants(&mut self, now: Now) -> bool {
        let version = self.attachment.grants_version();
        if version == self.grants_version {
            return false;
        }
        self.grants_version = version;
        if let Some(identity) = Identity::from_stored(&self.attachment.grants()) {
            if let Some(expiry) = &mut self.expiry {
                expiry.set(identity.expires_at_ms, now);
            }
            self.applier.caller.identity = Some(Arc::new(identity));
        }
        true
    }
}

impl<I> Connection<I>
where
    I: Stream<Item = Option<Input>> + Unpin,
{
    /// Creates a connection that waits for its first frame, for at most the hello timeout of the node's configuration.
    pub fn new(node: Node, caller: Caller, abort: Option<Abort>, input: I) -> Self {
        let timers = Timers::new(Instant::now() + node.session().hello_timeout());
        let wakes = WakeFlags::new();
        Self {
            now: node.now(),
            node,
            transport: caller.transport,
            caller: Some(Box::new(caller)),
            abort,
            input: Some(input),
            state: State::AwaitingHello,
            out: OutQueue::default(),
            timers,
            rate_limit: RateLimit::default(),
            activity: WriteActivity::new(wakes.set().clone()),
            wakes,
            ready: 0,
            inputs_left: INPUTS_PER_POLL,
            registration: None,
            written: None,
            replies: 0,
            yielded: 0,
            recorded: 0,
        }
    }

    /// Creates a connection whose first frame is this hello.
    pub fn with_hello(node: Node, caller: Caller, abort: Option<Abort>, input: I, hello: pb::Hello) -> Self {
        let mut connection = Self::new(node, caller, abort, input);
        connection.open(hello, None);
        connection
    }

    /// Notes that the frames are written as protobuf JSON, so that parts of rosters are measured in it.
    #[must_use]
    pub fn in_json(mut self) -> Self {
        self.out.format.json = true;
        self
    }

    fn open(&mut self, hello: pb::Hello, first: Option<Input>) {
        let (node, caller) = (self.node.clone(), self.caller.clone().unwrap_or_default());
        let opening = async move { node.open(&caller, hello).await };
        self.state = State::Opening(Box::pin(opening), first);
    }

    fn welcome(&mut self, opened: Opened, first: Option<Input>) {
        let Opened { attachment, welcome, applied, features, identity, grants_version } = opened;
        self.out.format.parts = features.has(Feature::RosterParts);
        let resumable = attachment.kind() != SessionKind::Live;
        let ice_renewal = welcome.ice_expires_at.as_ref().map(|at| {
            let user = IceUser::of(identity.as_deref(), attachment.peer().as_str());
            Box::new(IceRenewal::new(self.node.clone(), user, frame::unix_ms(at), self.node.now()))
        });
        let mut frame = OutFrame::unnumbered(Pb::Welcome(welcome));
        frame.ack = applied;
        self.out.push_back(frame);
        self.timers.start_heartbeats(applied, Instant::now(), self.node.session().heartbeat());
        self.ready = source::ALL;
        let activity = self.activity.clone();
        self.registration = Some(self.node.register_connection(attachment.clone(), self.abort.take(), activity));
        if !resumable {
            let written = Arc::new(Written::default());
            attachment.track_written(written.clone());
            self.written = Some(written);
        }
        let expiry = identity.as_ref().map(|identity| {
            Box::new(TokenExpiry::new(identity.expires_at_ms, features.has(Feature::TokenExpiring), self.node.now()))
        });
        // What the webhook was told at the connect is not needed any more.
        let caller = Caller { identity, token: None, headers: None, ..*self.caller.take().unwrap_or_default() };
        let applier = Applier { node: self.node.clone(), caller, uplink: attachment.clone() };
        self.state = State::Attached(Attached {
            grants_version,
            attachment,
            applier,
            names: NameCache::default(),
            resumable,
            under_way: UnderWay::default(),
            expiry,
            ice_renewal,
        });
        if self.node.draining() {
            // The sessions that existed when the drain began have received theirs.
            self.out.push_back(OutFrame::go_away(
                self.node.drain_left_ms(),
                resumable && self.node.sessions_outlive_it(),
                "",
            ));
        }
        if let Some(first) = first {
            self.handle_input(first);
        }
    }

    /// Handles one input of the client. Its effect may still be pending afterwards, in [`Attached::under_way`].
    fn handle_input(&mut self, input: Input) {
        let State::Attached(attached) = &mut self.state else {
            match input {
                Input::Frame(RawClientFrame { seq: 0, body: Some(RawBody::Hello(hello)), .. }) => {
                    self.open(*hello, None)
                }
                Input::Frame(RawClientFrame { body: Some(RawBody::Hello(_)), .. }) => {
                    self.fail(ApiError::invalid("seq", "of a hello must be 0: a hello is not numbered"));
                }
                Input::Malformed => self.fail(malformed()),
                // It may have been meant as a hello: a session opened without it would not be the one requested.
                Input::Broken(error) | Input::Refused(_, error) => self.fail(error),
                Input::Oversize => self.fail(oversize()),
                other => self.open(pb::Hello::default(), Some(other)),
            }
            return;
        };
        if attached.follow_grants(self.now) {
            self.ready |= source::TIMERS;
        }
        // Not left to the timer, which is not polled while a client that reads slowly has more to read.
        if attached.applier.has_expired(self.now) {
            return self.fail(token_expired());
        }
        // All but envelopes that are accepted, acknowledgments, pongs and reports, which take it back below.
        self.replies += 1;
        let frame = match input {
            Input::Frame(frame) => frame,
            Input::Malformed => return self.fail(malformed()),
            Input::Broken(error) => return self.fail(error),
            Input::Oversize => {
                attached.attachment.close(self.node.now(), Reason::ConnectionLost).forget();
                return self.fail(oversize());
            }
            Input::TooLarge(seq, _) => {
                let (applier, error) =
                    (attached.applier.clone(), ApiError::too_large(self.node.session().max_frame_bytes));
                attached.under_way.push_last(async move { applier.refuse(seq, error).await });
                return;
            }
            Input::Refused(seq, error) => {
                let applier = attached.applier.clone();
                attached.under_way.push_last(async move { applier.refuse(seq, error).await });
                return;
            }
        };
        let now = self.now;
        if let Err(written) = attached.attachment.ack(now, frame.ack) {
            let why =
                format!("ack {} is beyond the last frame sent, {written}: acknowledge received frames only", frame.ack);
            return self.fail(ApiError::protocol(why));
        }
        let seq = frame.seq;
        match frame.body {
            // The hot path: an envelope that the backend accepts at once is applied without allocating a future.
            Some(RawBody::Envelope(bytes)) => {
                self.timers.received_envelope(bytes.len());
                match attached.applier.submit(now, seq, &bytes, &mut attached.names) {
                    Ok(Submitted::Done(Ok(()))) if attached.under_way.is_empty() => self.replies -= 1,
                    Ok(submitted) => {
                        let applier = attached.applier.clone();
                        attached
                            .under_way
                            .push_envelope(async move { applier.conclude_envelope(seq, &bytes, submitted).await });
                    }
                    Err(error) => {
                        let applier = attached.applier.clone();
                        attached.under_way.push_envelope(async move { applier.refuse(seq, error).await });
                    }
                }
            }
            Some(RawBody::Pong(_)) => self.replies -= 1,
            Some(RawBody::Report(_)) if seq == 0 => self.replies -= 1,
            None if seq == 0 && (attached.resumable || frame.ack != 0) => self.replies -= 1,
            body => {
                let applier = attached.applier.clone();
                attached.under_way.push_last(async move { applier.apply(seq, body).await });
            }
        }
    }

    fn handle_outcome(&mut self, outcome: FrameOutcome) {
        match outcome {
            FrameOutcome::Applied => {}
            FrameOutcome::Bye => self.state = State::Closing(None),
            FrameOutcome::Gap { expected, got } => self.fail(ApiError::gap(expected, got)),
            FrameOutcome::Fatal(error) => self.fail(error),
            FrameOutcome::Detached(reason) => self.end_detached(reason),
        }
    }

    /// Ends the connection with a fatal error; a resumable session waits for its client.
    fn fail(&mut self, error: ApiError) {
        let (transport, reason) = (self.transport, error.reason);
        if let State::Attached(attached) = &self.state {
            let attachment = &attached.attachment;
            let (namespace, peer) = (attached.applier.caller.logged_namespace(), attachment.peer().as_str());
            tracing::debug!(namespace, peer.id = peer, transport, reason, "connection closed with an error");
            attachment.detach(self.node.now(), DetachReason::ConnectionLost).forget();
        } else {
            tracing::debug!(transport, reason, "connection refused");
        }
        self.out.push_back(error.to_fatal());
        self.state = State::Closing(Some(error));
    }

    /// Ends the connection because its attachment has ended.
    fn end_detached(&mut self, reason: DetachReason) {
        let State::Attached(attached) = &self.state else { return };
        if let DetachReason::Ended(ended) = reason {
            attached.attachment.close(self.node.now(), ended).forget();
        }
        let attachment = &attached.attachment;
        let (peer, epoch) = (attachment.peer().as_str(), attachment.epoch());
        let namespace = attached.applier.caller.logged_namespace();
        tracing::debug!(namespace, peer.id = peer, epoch, reason = reason.as_str(), "connection closed");
        if reason == DetachReason::Ended(Reason::Left) {
            // The client sent its bye with a Push call.
            self.state = State::Closing(None);
            return;
        }
        let error = ApiError::from(reason);
        self.out.push_back(match reason {
            DetachReason::Ended(Reason::Draining) => OutFrame::go_away(error.retry_after_ms, false, ""),
            _ => error.to_fatal(),
        });
        self.state = State::Closing(Some(error));
    }

    /// Handles the end of the input: `broken` if the transport failed, else the client closed its side.
    fn input_ended(&mut self, broken: bool) {
        self.input = None;
        match &self.state {
            State::Attached(attached) if attached.resumable || broken => {
                attached.attachment.detach(self.node.now(), DetachReason::ConnectionLost).forget();
                self.state = State::Closing(None);
            }
            // A client that is not resumable may half-close and keep listening, as grpcurl does after its last message.
            State::Attached(_) | State::Opening(..) => {}
            State::AwaitingHello | State::Closing(_) | State::Closed => self.state = State::Closing(None),
        }
    }

    /// Ends the input once the frames that are under way are concluded.
    fn end_input(&mut self, broken: bool) {
        match &mut self.state {
            State::Attached(attached) if !attached.under_way.is_empty() => attached.under_way.end_input(broken),
            _ => self.input_ended(broken),
        }
    }

    /// Reads the client's frames and applies them.
    fn poll_input(&mut self, cx: &mut Context<'_>) {
        while self.inputs_left > 0 {
            self.inputs_left -= 1;
            if let State::Attached(Attached { under_way, .. }) = &mut self.state {
                match under_way.poll(cx) {
                    Poll::Ready(None) => {}
                    Poll::Ready(Some(Concluded::Frame(outcome))) => {
                        self.handle_outcome(outcome);
                        continue;
                    }
                    Poll::Ready(Some(Concluded::Input { broken })) => {
                        self.input_ended(broken);
                        continue;
                    }
                    Poll::Pending if under_way.takes_more() => {}
                    Poll::Pending => return,
                }
            }
            if let State::Opening(opening, first) = &mut self.state {
                let Poll::Ready(opened) = opening.as_mut().poll(cx) else { return };
                let first = first.take();
                match opened {
                    Ok(opened) => self.welcome(opened, first),
                    Err(error) => self.fail(error),
                }
                continue;
            }
            if matches!(self.state, State::Closing(_) | State::Closed) {
                return;
            }
            if let State::Attached(attached) = &self.state {
                match self.rate_limit.poll(cx, &self.node, &*attached.attachment) {
                    Poll::Ready(Ok(None)) => {}
                    Poll::Ready(Ok(Some(held))) => {
                        self.handle_input(held);
                        continue;
                    }
                    Poll::Ready(Err(limited)) => {
                        attached.attachment.detach(self.node.now(), DetachReason::RateLimited).forget();
                        self.fail(ApiError::rate_limited_for_long(&limited));
                        return;
                    }
                    Poll::Pending => return,
                }
            }
            let Some(input) = &mut self.input else { return };
            match Pin::new(input).poll_next(cx) {
                Poll::Ready(Some(Some(input))) => match &self.state {
                    State::Attached(attached) => {
                        let (attachment, size) = (&*attached.attachment, input.size());
                        let is_free = matches!(&input, Input::Frame(frame) if is_free(attachment, frame));
                        if is_free {
                            self.handle_input(input);
                        } else if let Some(input) = self.rate_limit.admit(self.now, attachment, input, size) {
                            self.handle_input(input);
                        }
                    }
                    _ => self.handle_input(input),
                },
                Poll::Ready(Some(None)) => self.end_input(true),
                Poll::Ready(None) => self.end_input(false),
                Poll::Pending => {
                    self.rate_limit.caught_up();
                    return;
                }
            }
        }
        // The input may have more.
        self.ready |= source::INPUT;
    }

    /// Polls the input and the session, if they are ready.
    fn poll_sources(&mut self) {
        self.poll_input_if_ready();
        if self.ready & source::SESSION != 0 {
            self.ready &= !source::SESSION;
            self.poll_session();
        }
    }

    fn poll_input_if_ready(&mut self) {
        let now = Instant::now();
        self.now = self.node.at(now);
        if self.ready & source::INPUT != 0 {
            self.ready &= !source::INPUT;
            let waker = self.wakes.take_input_waker();
            self.poll_input(&mut Context::from_waker(&waker));
            self.wakes.put_input_waker(waker);
            // Arms the timer of the acknowledgment for what was applied.
            if let State::Attached(attached) = &self.state
                && attached.resumable
                && self.timers.applied_frames(attached.attachment.applied(), now)
            {
                self.ready |= source::TIMERS;
            }
            // Replies to what was applied are written with this poll's frames.
            self.ready |= self.wakes.take_only(source::SESSION);
        }
    }

    /// Reads the client's frames while the transport takes none of this connection's. `unwritten`: it has not written all
    /// of those it took. Returns whether the connection has ended and has no frame to write, so that
    /// [`poll_next`](Stream::poll_next) returns how.
    ///
    /// What a client sends takes effect whether or not it reads; only when replies pile up it has to read first.
    pub fn poll_blocked(&mut self, cx: &mut Context<'_>, unwritten: bool) -> bool {
        self.ready |= self.wakes.take(cx);
        if self.ready & source::INPUT != 0 && self.replies < MAX_UNREAD_REPLIES {
            self.poll_input_if_ready();
            if self.ready & source::INPUT != 0 {
                // It stopped early, so that other tasks can run.
                cx.waker().wake_by_ref();
            }
        }
        let ended = matches!(self.state, State::Closing(_) | State::Closed);
        if unwritten || !self.out.is_empty() || self.ready & (source::SESSION | source::TIMERS) != 0 {
            self.activity.set_blocked();
        }
        ended && self.out.is_empty()
    }

    /// Returns whether frames wait for the transport to take them.
    pub fn has_unwritten(&self) -> bool {
        self.activity.is_waiting()
    }

    /// Notes that the transport has written a part of a frame.
    pub fn note_progress(&self) {
        self.activity.polled();
    }

    /// Notes that the client does not read: its session is detached, or ends if it is not resumable.
    pub fn give_up(&mut self) {
        if let State::Attached(attached) = &self.state {
            attached.attachment.detach(self.node.now(), DetachReason::SlowConsumer).forget();
        }
    }

    /// Returns the number of the last numbered frame that was yielded; 0 unless the session is live.
    pub fn yielded(&self) -> u32 {
        self.yielded
    }

    /// Notes that the frames up to `number` end at `position` of the byte stream counted by `progress`, or before it.
    pub fn note_written(&mut self, number: u32, position: u64, progress: &Arc<SendProgress>) {
        if number <= self.recorded {
            return;
        }
        self.recorded = number;
        if let Some(written) = &self.written {
            written.0.record(progress, position, number);
            if let State::Attached(attached) = &self.state
                && attached.attachment.awaits_written()
            {
                // The next fetch sends the receipt.
                progress.wake_on_send(self.wakes.session_waker());
            }
        }
    }

    /// Notes that all frames that were yielded are written. For transports that do not count bytes.
    pub fn note_all_written(&mut self) {
        if let Some(written) = &self.written {
            written.0.record_sent(self.yielded);
            // The next fetch sends the receipts.
            if let State::Attached(attached) = &self.state
                && attached.attachment.awaits_written()
            {
                self.ready |= source::SESSION;
            }
        }
    }

    /// Fetches the frames that the session holds for this connection.
    fn poll_session(&mut self) {
        let State::Attached(attached) = &mut self.state else { return };
        if attached.follow_grants(self.now) {
            self.ready |= source::TIMERS;
        }
        let attachment = &attached.attachment;
        let fetched = FETCHED.with_borrow_mut(|items| {
            let fetched = attachment.fetch(self.now, self.wakes.session_waker(), FETCH_BYTES, items);
            self.out.reserve(items.len());
            for item in items.drain(..) {
                self.out.push_back(OutFrame::from_item(item, attachment.peer()));
            }
            fetched
        });
        match fetched {
            Fetched::More => self.ready |= source::SESSION,
            Fetched::Idle => self.replies = 0,
            Fetched::Detached(reason) => return self.end_detached(reason),
        }
        if let Some(written) = &self.written
            && attachment.awaits_written()
        {
            // The next fetch after it was written sends the receipt.
            written.0.wake_on_send(self.wakes.session_waker());
        }
    }

    /// Handles expired timers: pings, acknowledges, or ends the connection. Returns whether anything was queued.
    fn poll_timers(&mut self) -> bool {
        let applied = match &self.state {
            State::Attached(attached) if attached.resumable => attached.attachment.applied(),
            // While the session opens no timer applies: the hello has arrived. The welcome sets the timer again.
            State::Opening(..) | State::Closing(_) | State::Closed => return false,
            _ => 0,
        };
        let waker = self.wakes.timer_waker();
        if let State::Attached(Attached { expiry: Some(expiry), applier, .. }) = &mut self.state {
            match expiry.poll(&mut Context::from_waker(&waker), self.node.now()) {
                Poll::Pending => {}
                Poll::Ready(Due::Warning) => {
                    let identity = applier.caller.identity.as_deref();
                    let expires_at = identity.map(|identity| frame::timestamp(identity.token_expires_at_ms()));
                    self.out.push_back(OutFrame::unnumbered(Pb::TokenExpiring(pb::TokenExpiring { expires_at })));
                    self.ready |= source::TIMERS;
                    return true;
                }
                Poll::Ready(Due::End) => {
                    self.fail(token_expired());
                    return true;
                }
            }
        }
        if let State::Attached(Attached { ice_renewal: Some(renewal), attachment, .. }) = &mut self.state
            && let Poll::Ready(ice) = renewal.poll(&mut Context::from_waker(&waker))
        {
            let expires_at = ice.expires_at_ms.map(frame::timestamp);
            let body = frame::field(Pb::IceServers(pb::IceServers { servers: ice.servers, expires_at }));
            attachment.put(self.node.now(), Body::Encoded(body)).forget();
            self.ready |= source::TIMERS;
        }
        let Some(event) = self.timers.poll(&mut Context::from_waker(&waker), applied) else { return false };
        match &self.state {
            State::AwaitingHello => self.fail(ApiError::hello_timeout(self.node.session().hello_timeout())),
            State::Attached(attached) => {
                if event.ping {
                    let silent_ms = self.node.now().mono_ms.saturating_sub(attached.attachment.last_activity_ms());
                    // Two and a half intervals: two pings went unanswered, and the third is due.
                    if attached.resumable && silent_ms > u64::from(self.node.session().heartbeat_ms) * 5 / 2 {
                        attached.attachment.detach(self.node.now(), DetachReason::HeartbeatTimeout).forget();
                        self.end_detached(DetachReason::HeartbeatTimeout);
                        return true;
                    }
                    attached.attachment.expect_pong();
                    self.out.push_back(OutFrame::unnumbered(Pb::Ping(pb::Ping {})));
                } else if event.ack {
                    self.out.push_back(OutFrame::ack(applied));
                }
            }
            State::Opening(..) | State::Closing(_) | State::Closed => {}
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
        let mut woken_sources_taken = false;
        loop {
            if let Some(mut frame) = this.out.pop_front() {
                match &this.state {
                    State::Attached(Attached { resumable: true, attachment, .. }) => {
                        frame.ack = frame.ack.max(attachment.applied());
                        this.timers.wrote_ack(frame.ack);
                    }
                    _ => this.yielded = this.yielded.max(frame.seq),
                }
                return Poll::Ready(Some(Ok(frame)));
            }
            if let State::Closing(error) = &mut this.state {
                let error = error.take();
                this.state = State::Closed;
                return Poll::Ready(error.map(Err));
            }
            if matches!(this.state, State::Closed) {
                return Poll::Ready(None);
            }
            // Only once per poll: a source woken meanwhile has also woken the task, which is polled again after others.
            if !woken_sources_taken {
                woken_sources_taken = true;
                this.ready |= this.wakes.take(cx);
                this.activity.polled();
            }
            let sources = if this.inputs_left == 0 { source::SESSION } else { source::INPUT | source::SESSION };
            if this.ready & sources != 0 {
                this.poll_sources();
            } else if this.ready & source::TIMERS == 0 || !this.poll_timers() {
                this.ready &= source::INPUT;
                if this.ready != 0 {
                    // The input may have more. The runtime wakes this task once it has asked the system for events: a
                    // client that sends without end must not keep it from reading the sockets of others.
                    let _ = pin!(yield_now()).poll(cx);
                }
                this.inputs_left = INPUTS_PER_POLL;
                return Poll::Pending;
            }
        }
    }
}

impl<I> Drop for Connection<I> {
    fn drop(&mut self) {
        if let State::Attached(attached) = &self.state {
            let attachment = &attached.attachment;
            attachment.detach(self.node.now(), DetachReason::ConnectionLost).forget();
        }
    }
}

fn token_expired() -> ApiError {
    ApiError::token_expired("the token has expired: resume with a fresh one in hello.token, or send refresh in time")
}

fn malformed() -> ApiError {
    ApiError::protocol("not a valid wigwag.v1 frame: use the code generated from proto/wigwag/v1")
}

fn oversize() -> ApiError {
    let mut error = ApiError::too_large(TRANSPORT_LIMIT).advice(pb::Advice::Rejoin);
    error.message =
        "the message is larger than the transport's limit of 1 MiB: open a new session, and split the message".into();
    error
}

#[cfg(test)]
mod tests;
