//! A client that keeps the rules: it numbers what it sends, checks the numbers of what it gets, and knows where it stands.

use std::{collections::BTreeMap, sync::Arc, task::Waker};

use super::{Bell, PATIENCE, World, answer, direct, join, room_name};
use crate::{
    backend::{Attachment, Credentials, Join, Outbound, Resume, Submitted},
    error::{Cut, JoinError, ResumeError, SendError, StepError},
    frame::{Body, Change, Item, Joined},
    id::PeerId,
    member::Member,
    session::Fetched,
};

/// Bytes asked for at a time.
const BUDGET: usize = 64 << 10;

/// One client of a [`World`].
pub struct Client<'w> {
    world: &'w World,
    /// What it was opened with.
    pub credentials: Credentials,
    /// Its newest attachment.
    pub attachment: Arc<dyn Attachment>,
    /// The epoch it was last welcomed in.
    pub epoch: u32,
    /// The number of the last frame it sent.
    pub sent: u32,
    /// The number of the last frame it was handed.
    pub last: u32,
    /// Why its attachment is over, once it knows.
    pub cut: Option<Cut>,
    /// What it was handed and has not looked at.
    pub inbox: Vec<Item>,
    bell: Arc<Bell>,
}

impl<'w> Client<'w> {
    pub(super) fn new(world: &'w World, credentials: Credentials, attachment: Arc<dyn Attachment>) -> Self {
        let epoch = attachment.epoch();
        let bell = Arc::default();
        Self { world, credentials, attachment, epoch, sent: 0, last: 0, cut: None, inbox: Vec::new(), bell }
    }

    /// Its peer id.
    #[must_use]
    pub fn peer(&self) -> &PeerId {
        &self.credentials.peer
    }

    /// Sends one numbered frame, with the next number. A refusal or an error leaves the number unused.
    pub fn step<E>(
        &mut self,
        step: impl FnOnce(&dyn Attachment, u32) -> Submitted<Result<(), StepError<E>>>,
    ) -> Result<(), StepError<E>> {
        let number = self.sent + 1;
        self.attachment.heard(self.world.now());
        let result = answer(step(&*self.attachment, number));
        if result.is_ok() {
            self.sent = number;
        }
        result
    }

    /// Sends an envelope.
    pub fn send(&mut self, outbound: Outbound) -> Result<(), StepError<SendError>> {
        let now = self.world.now();
        self.step(|attachment, number| attachment.send(now, number, outbound))
    }

    /// Sends an envelope outside of rooms, which must be accepted.
    pub fn tell(&mut self, to: &PeerId, text: &str) {
        self.send(direct(to, text)).expect("the envelope is accepted");
    }

    /// The same with a receipt.
    pub fn tell_with_receipt(&mut self, to: &PeerId, text: &str) {
        self.send(Outbound { receipt: true, ..direct(to, text) }).expect("the envelope is accepted");
    }

    /// Joins a room, making it when it does not exist, and takes the answer.
    pub fn join(&mut self, room: &str) -> Arc<Joined> {
        self.try_join(join(room)).expect("the join is granted")
    }

    /// Joins a room and takes the answer.
    pub fn try_join(&mut self, join: Join) -> Result<Arc<Joined>, StepError<JoinError>> {
        let now = self.world.now();
        self.step(|attachment, number| attachment.join(now, number, join))?;
        let Body::Joined(joined) = self.reply() else { panic!("a join is answered by `joined`") };
        Ok(joined)
    }

    /// Leaves a room and takes the answer.
    pub fn leave(&mut self, room: &str) {
        let now = self.world.now();
        self.step(|attachment, number| attachment.leave(now, number, &room_name(room))).expect("a member may leave");
        assert!(matches!(self.reply(), Body::Left { .. }), "a leave is answered by `left`");
    }

    /// Changes one pair of its entry in a room and takes the answer.
    pub fn set(&mut self, room: &str, key: &str, value: &str) {
        let (now, pairs) = (self.world.now(), BTreeMap::from([(key.to_owned(), value.to_owned())]));
        self.step(|attachment, number| attachment.update_member(now, number, &room_name(room), None, pairs))
            .expect("a member may change its entry");
        assert_eq!(self.reply(), Body::Done);
    }

    /// The answer to the last frame it sent.
    pub fn reply(&mut self) -> Body {
        let asked = self.sent;
        let item = self.take(|item| matches!(item, Item::Numbered { reply_to, .. } if *reply_to == asked));
        let Item::Numbered { body, .. } = item else { unreachable!("only numbered frames are replies") };
        body
    }

    /// Acknowledges what it was handed.
    pub fn ack(&self) {
        self.attachment.heard(self.world.now());
        assert_eq!(self.attachment.ack(self.world.now(), self.last), Ok(()));
    }

    /// Loses its connection; the server notices.
    pub fn lose(&mut self) {
        self.attachment.detach(self.world.now(), Cut::Detached);
    }

    /// Resumes behind the last frame it was handed, claiming to know nothing of its rooms.
    pub fn resume(&mut self) -> Result<(), ResumeError> {
        self.resume_with(|_| {})
    }

    /// Resumes with changes to what is usual. The numbers it holds follow the server's.
    pub fn resume_with(&mut self, change: impl FnOnce(&mut Resume)) -> Result<(), ResumeError> {
        let mut resume = self.resume_request();
        change(&mut resume);
        let last_seq = resume.last_seq;
        let resumed = answer(self.world.backend.resume(self.world.now(), resume))?;
        self.epoch = resumed.attachment.epoch();
        self.attachment = resumed.attachment;
        self.sent = resumed.applied;
        self.last = last_seq;
        self.cut = None;
        self.bell = Arc::default();
        Ok(())
    }

    /// What it resumes with.
    #[must_use]
    pub fn resume_request(&self) -> Resume {
        Resume {
            credentials: self.credentials.clone(),
            epoch: self.epoch,
            last_seq: self.last,
            room_versions: BTreeMap::new(),
        }
    }

    /// Takes what is ready, and checks that numbered frames are contiguous.
    pub fn pump(&mut self) {
        let waker = Waker::from(self.bell.clone());
        loop {
            let from = self.inbox.len();
            let fetched = self.attachment.fetch(self.world.now(), &waker, BUDGET, &mut self.inbox);
            for item in &self.inbox[from..] {
                if let Item::Numbered { seq, .. } = item {
                    assert_eq!(*seq, self.last + 1, "numbered frames are contiguous");
                    self.last = *seq;
                }
            }
            match fetched {
                Fetched::More => {}
                Fetched::Idle => return,
                Fetched::Cut(cut) => return self.cut = Some(cut),
            }
        }
    }

    /// Waits for the first thing that matches and takes it out of the inbox.
    pub fn take(&mut self, wanted: impl Fn(&Item) -> bool) -> Item {
        let at = self.wait_for(|client| client.inbox.iter().position(&wanted));
        self.inbox.remove(at)
    }

    /// Waits until the attachment is over, and says why.
    pub fn over(&mut self) -> Cut {
        self.wait_for(|client| client.cut)
    }

    /// Takes what is ready until something is true.
    #[allow(clippy::disallowed_methods, reason = "a bound on waiting for another thread, not the time of a case")]
    pub fn wait_for<T>(&mut self, ready: impl Fn(&Self) -> Option<T>) -> T {
        let begun = std::time::Instant::now();
        loop {
            self.pump();
            if let Some(found) = ready(self) {
                return found;
            }
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let seen: Vec<_> = self.inbox.iter().map(|item| self.world.tell(item)).collect();
            assert!(
                !left.is_zero() && self.bell.wait(left),
                "what must come did not; there is {seen:?}, {:?}",
                self.cut
            );
        }
    }

    /// All numbered frames up to now, in words. `via` sends something after them, so that none is missed.
    pub fn reads(&mut self, via: &mut Client<'_>) -> Vec<String> {
        let fence = self.world.fence();
        via.tell(self.peer(), &fence);
        let world = self.world;
        self.take(|item| matches!(item, Item::Numbered { body: Body::Envelope(_), .. } if world.tell(item) == fence));
        self.inbox.extract_if(.., |item| matches!(item, Item::Numbered { .. })).map(|item| world.tell(&item)).collect()
    }

    /// All presence of a room up to now, in words. `via`, another member, changes something after it.
    pub fn hears(&mut self, room: &str, via: &mut Client<'_>) -> Vec<String> {
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
            .map(|item| world.tell(&item))
            .collect()
    }

    /// The next numbered frames, this many, in words; what else came stays in the inbox.
    pub fn read(&mut self, count: usize) -> Vec<String> {
        (0..count)
            .map(|_| {
                let item = self.take(|item| matches!(item, Item::Numbered { .. }));
                self.world.tell(&item)
            })
            .collect()
    }
}
