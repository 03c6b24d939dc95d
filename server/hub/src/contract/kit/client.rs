//! A client that follows the protocol: it numbers what it sends and checks the numbers of what it receives.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Waker,
};

use super::{
    requests::{direct, join, room_name},
    wait::{BlockingWaker, WAIT_LIMIT, answer},
    world::World,
};
use crate::{
    backend::{Attachment, Credentials, Join, Open, Outbound, Resume, Submitted, WrittenFrames},
    error::{DetachReason, JoinError, ResumeError, SendError, StepError},
    frame::{Body, Change, Item, Joined},
    id::PeerId,
    member::Member,
    session::{Fetched, SessionKind},
};

/// Budget of each fetch in bytes.
const BUDGET: usize = 64 << 10;

/// The count of a connection that writes frames when it is told to.
#[derive(Debug, Default)]
pub struct WrittenCount(AtomicU32);

impl WrittenCount {
    /// Counts everything up to `upto` as written.
    pub fn set(&self, upto: u32) {
        self.0.store(upto, Ordering::Relaxed);
    }
}

impl WrittenFrames for WrittenCount {
    fn written(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One client of a [`World`].
pub struct Client<'w> {
    world: &'w World,
    /// The session's credentials.
    pub credentials: Credentials,
    /// The newest attachment.
    pub attachment: Arc<dyn Attachment>,
    /// The epoch of the newest attachment.
    pub epoch: u32,
    /// The number of the last frame it sent.
    pub sent: u32,
    /// The number of the last frame it received.
    pub last: u32,
    /// Why its attachment is over, once it knows.
    pub detached: Option<DetachReason>,
    /// Items it received that no test has looked at yet.
    pub inbox: Vec<Item>,
    /// What its connection has written of a live session.
    pub written: Arc<WrittenCount>,
    /// Whether its connection writes at once what it fetches.
    pub writes: bool,
    signal: Arc<BlockingWaker>,
}

impl World {
    /// Opens a resumable session with a grace period of 30 s.
    pub fn client(&self, name: &str) -> Client<'_> {
        self.client_with(name, |_| {})
    }

    /// Opens a live session.
    pub fn live(&self, name: &str) -> Client<'_> {
        self.client_with(name, |open| open.kind = SessionKind::Live)
    }

    /// Opens a session with changes to the usual parameters.
    pub fn client_with(&self, name: &str, change: impl FnOnce(&mut Open)) -> Client<'_> {
        let mut open = self.open(name);
        change(&mut open);
        let credentials = open.credentials.clone();
        let attachment = answer(|| self.backend.open(self.now(), open.clone())).expect("a session opens");
        self.set_name(credentials.peer.clone(), name);
        Client::new(self, credentials, attachment)
    }
}

impl<'w> Client<'w> {
    fn new(world: &'w World, credentials: Credentials, attachment: Arc<dyn Attachment>) -> Self {
        let epoch = attachment.epoch();
        let written = Arc::<WrittenCount>::default();
        attachment.track_written(written.clone());
        Self {
            world,
            credentials,
            attachment,
            epoch,
            sent: 0,
            last: 0,
            detached: None,
            inbox: Vec::new(),
            written,
            writes: true,
            signal: Arc::default(),
        }
    }

    /// Returns its peer id.
    #[must_use]
    pub fn peer(&self) -> &PeerId {
        &self.credentials.peer
    }

    /// Sends a frame with the next number. A refusal or an error leaves the number unused.
    pub fn step<E>(
        &mut self,
        step: impl Fn(&dyn Attachment, u32) -> Submitted<Result<(), StepError<E>>>,
    ) -> Result<(), StepError<E>> {
        let number = self.sent + 1;
        assert_eq!(self.attachment.ack(self.world.now(), 0), Ok(()));
        let result = answer(|| step(&*self.attachment, number));
        if result.is_ok() {
            self.sent = number;
        }
        result
    }

    /// Sends an envelope.
    pub fn send(&mut self, outbound: Outbound) -> Result<(), StepError<SendError>> {
        let now = self.world.now();
        self.step(|attachment, number| attachment.send(now, number, outbound.clone()))
    }

    /// Sends an envelope outside of rooms, which must be accepted.
    pub fn send_direct(&mut self, to: &PeerId, text: &str) {
        self.send(direct(to, text)).expect("the envelope is accepted");
    }

    /// Does the same and asks for a receipt.
    pub fn send_with_receipt(&mut self, to: &PeerId, text: &str) {
        self.send(Outbound { receipt: true, ..direct(to, text) }).expect("the envelope is accepted");
    }

    /// Joins a room, creating it if it does not exist, and takes the answer.
    pub fn join(&mut self, room: &str) -> Arc<Joined> {
        self.try_join(join(room)).expect("the join is accepted")
    }

    /// Joins a room and takes the answer.
    pub fn try_join(&mut self, join: Join) -> Result<Arc<Joined>, StepError<JoinError>> {
        let now = self.world.now();
        self.step(|attachment, number| attachment.join(now, number, join.clone()))?;
        let Body::Joined(joined) = self.reply() else { panic!("a join is answered by `joined`") };
        Ok(joined)
    }

    /// Leaves a room and takes the answer.
    pub fn leave(&mut self, room: &str) {
        let now = self.world.now();
        self.step(|attachment, number| attachment.leave(now, number, &room_name(room))).expect("a member may leave");
        assert!(matches!(self.reply(), Body::Left { .. }), "a leave is answered by `left`");
    }

    /// Sets a metadata pair of its entry in a room and takes the answer.
    pub fn set(&mut self, room: &str, key: &str, value: &str) {
        let (now, pairs) = (self.world.now(), BTreeMap::from([(key.to_owned(), value.to_owned())]));
        self.step(|attachment, number| attachment.update_member(now, number, &room_name(room), None, pairs.clone()))
            .expect("a member may change its entry");
        assert_eq!(self.reply(), Body::Done);
    }

    /// Takes the answer to the last frame it sent.
    pub fn reply(&mut self) -> Body {
        let sent = self.sent;
        let item = self.take(|item| matches!(item, Item::Numbered { reply_to, .. } if *reply_to == sent));
        let Item::Numbered { body, .. } = item else { unreachable!("only numbered frames are replies") };
        body
    }

    /// Acknowledges everything it received.
    pub fn ack(&self) {
        assert_eq!(self.attachment.ack(self.world.now(), self.last), Ok(()));
    }

    /// Loses its connection, which the server notices.
    pub fn disconnect(&mut self) {
        answer(|| self.attachment.detach(self.world.now(), DetachReason::ConnectionLost)).expect("it ends");
    }

    /// Resumes after the last frame it received, without naming any room versions.
    pub fn resume(&mut self) -> Result<(), ResumeError> {
        self.resume_with(|_| {})
    }

    /// Resumes with changes to the usual parameters, and takes over the server's numbers.
    pub fn resume_with(&mut self, change: impl FnOnce(&mut Resume)) -> Result<(), ResumeError> {
        let mut resume = self.resume_request();
        change(&mut resume);
        let last_seq = resume.last_seq;
        let resumed = answer(|| self.world.backend.resume(self.world.now(), resume.clone()))?;
        self.epoch = resumed.attachment.epoch();
        self.attachment = resumed.attachment;
        self.sent = resumed.applied;
        self.last = last_seq;
        self.detached = None;
        self.signal = Arc::default();
        Ok(())
    }

    /// Returns the usual parameters of its next resume.
    #[must_use]
    pub fn resume_request(&self) -> Resume {
        Resume {
            credentials: self.credentials.clone(),
            epoch: self.epoch,
            last_seq: self.last,
            room_versions: BTreeMap::new(),
            token: None,
        }
    }

    /// Fetches everything that is ready, and checks that numbered frames are contiguous. Panics if what is written still
    /// counts as unwritten after ten seconds.
    #[allow(clippy::disallowed_methods, reason = "a bound on a backend that is broken, not the time of a case")]
    pub fn pump(&mut self) {
        let waker = Waker::from(self.signal.clone());
        let begun = std::time::Instant::now();
        loop {
            let from = self.inbox.len();
            let fetched = self.attachment.fetch(self.world.now(), &waker, BUDGET, &mut self.inbox);
            for item in &self.inbox[from..] {
                if let Item::Numbered { seq, .. } = item {
                    assert_eq!(*seq, self.last + 1, "numbered frames are contiguous");
                    self.last = *seq;
                }
            }
            if self.writes {
                self.written.set(self.last);
            }
            match fetched {
                Fetched::More => {}
                // A fetch after the write sends the receipt.
                Fetched::Idle if self.writes && self.attachment.awaits_written() => {
                    assert!(begun.elapsed() < WAIT_LIMIT, "what was written is acknowledged by the next fetch");
                }
                Fetched::Idle => return,
                Fetched::Detached(reason) => return self.detached = Some(reason),
            }
        }
    }

    /// Waits for the first item that matches and takes it out of the inbox.
    pub fn take(&mut self, wanted: impl Fn(&Item) -> bool) -> Item {
        let at = self.wait_for(|client| client.inbox.iter().position(&wanted));
        self.inbox.remove(at)
    }

    /// Waits until the attachment is over and returns why.
    pub fn wait_detached(&mut self) -> DetachReason {
        self.wait_for(|client| client.detached)
    }

    /// Fetches until `ready` returns a value. Panics after ten seconds.
    #[allow(clippy::disallowed_methods, reason = "a bound on waiting for another thread, not the time of a case")]
    pub fn wait_for<T>(&mut self, ready: impl Fn(&Self) -> Option<T>) -> T {
        let begun = std::time::Instant::now();
        loop {
            self.pump();
            if let Some(found) = ready(self) {
                return found;
            }
            let woken = begun.elapsed() < WAIT_LIMIT && self.world.wait(&self.signal);
            let seen: Vec<_> = self.inbox.iter().map(|item| self.world.describe(item)).collect();
            assert!(woken, "expected item missing; the inbox holds {seen:?}, detached: {:?}", self.detached);
        }
    }

    /// Takes all numbered frames up to now, in words. `via` sends a fence after them, so that none is missed.
    pub fn read_all(&mut self, via: &mut Client<'_>) -> Vec<String> {
        let fence = self.world.fence();
        via.send_direct(self.peer(), &fence);
        let world = self.world;
        self.take(
            |item| matches!(item, Item::Numbered { body: Body::Envelope(_), .. } if world.describe(item) == fence),
        );
        self.inbox
            .extract_if(.., |item| matches!(item, Item::Numbered { .. }))
            .map(|item| world.describe(&item))
            .collect()
    }

    /// Takes all presence of a room up to now, in words. `via`, another member, makes a change after it as a fence.
    pub fn read_presence(&mut self, room: &str, via: &mut Client<'_>) -> Vec<String> {
        let fence = self.world.fence();
        via.set(room, "fence", &fence);
        let (world, via, about) = (self.world, via.peer().clone(), room_name(room));
        let fenced = |member: &Member| member.peer == via && member.metadata.iter().any(|(_, value)| *value == fence);
        let is_fence = |item: &Item| match item {
            Item::Presence(event) => matches!(&event.change, Change::MemberUpdated(member) if fenced(member)),
            _ => false,
        };
        let holds_fence = |item: &Item| match item {
            Item::Roster(snapshot) => snapshot.info.room == about && snapshot.members.iter().any(|m| fenced(m)),
            other => is_fence(other),
        };
        self.wait_for(|client| client.inbox.iter().any(holds_fence).then_some(()));
        self.inbox.retain(|item| !is_fence(item));
        self.inbox
            .extract_if(.., |item| match item {
                Item::Presence(event) => event.room == about,
                Item::Roster(snapshot) => snapshot.info.room == about,
                Item::Numbered { .. } | Item::GoAway { .. } => false,
            })
            .map(|item| world.describe(&item))
            .collect()
    }

    /// Takes the next `count` numbered frames, in words. Other items stay in the inbox.
    pub fn read(&mut self, count: usize) -> Vec<String> {
        (0..count)
            .map(|_| {
                let item = self.take(|item| matches!(item, Item::Numbered { .. }));
                self.world.describe(&item)
            })
            .collect()
    }
}
