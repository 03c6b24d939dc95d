//! Any sequence of operations does to a backend what it does to a model that is too simple to be wrong.

#![allow(unreachable_pub, reason = "modules of one test")]

use std::sync::Arc;

use proptest::prelude::*;
use wigwag_hub::{
    Attachment, Item, Limits, MemoryBackend, PeerId, Reason,
    backend::Outbound,
    contract::kit::{Client, World, answer, direct, in_room, join, room_name},
    error::{MemberError, ResumeError, SendError, StepError},
};

use crate::model::{Model, Verdict};

mod model;

const CLIENTS: usize = 4;
const ROOMS: usize = 2;

#[derive(Clone, Copy, Debug)]
enum Op {
    Join(usize, usize),
    Leave(usize, usize),
    Send {
        from: usize,
        to: usize,
        room: Option<usize>,
        receipt: bool,
    },
    Broadcast(usize, usize),
    Kick(usize, usize, usize),
    EndRoom(usize, usize),
    Read(usize),
    Ack(usize),
    Cut(usize),
    /// Resumes behind a number chosen from those that are possible, whether or not the connection was lost.
    Resume(usize, usize),
    /// Something comes in on a connection that was superseded.
    Ghost(usize, usize),
    Close(usize),
    Pass(u64),
}

fn ops() -> impl Strategy<Value = Op> {
    let (client, room) = (0..CLIENTS, 0..ROOMS);
    prop_oneof![
        6 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Join(c, r)),
        2 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Leave(c, r)),
        8 => (client.clone(), client.clone(), proptest::option::of(room.clone()), any::<bool>())
            .prop_map(|(from, to, room, receipt)| Op::Send { from, to, room, receipt }),
        4 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Broadcast(c, r)),
        1 => (client.clone(), client.clone(), room.clone()).prop_map(|(c, p, r)| Op::Kick(c, p, r)),
        1 => (client.clone(), room).prop_map(|(c, r)| Op::EndRoom(c, r)),
        5 => client.clone().prop_map(Op::Read),
        3 => client.clone().prop_map(Op::Ack),
        3 => client.clone().prop_map(Op::Cut),
        4 => (client.clone(), any::<usize>()).prop_map(|(c, at)| Op::Resume(c, at)),
        1 => (client.clone(), client.clone()).prop_map(|(c, to)| Op::Ghost(c, to)),
        1 => client.prop_map(Op::Close),
        2 => prop_oneof![Just(1), Just(2_500), Just(14_999), Just(30_000)].prop_map(Op::Pass),
    ]
}

/// The backend and the model side by side.
struct Pair<'w> {
    world: &'w World,
    clients: Vec<Client<'w>>,
    ghosts: Vec<Vec<Arc<dyn Attachment>>>,
    model: Model,
    letters: usize,
}

impl<'w> Pair<'w> {
    fn new(world: &'w World) -> Self {
        Self {
            world,
            clients: (0..CLIENTS).map(|client| world.client(&Model::name(client))).collect(),
            ghosts: vec![Vec::new(); CLIENTS],
            model: Model::new(CLIENTS),
            letters: 0,
        }
    }

    fn peer(&self, client: usize) -> PeerId {
        self.clients[client].peer().clone()
    }

    fn text(&mut self) -> String {
        self.letters += 1;
        format!("e{}", self.letters)
    }

    fn apply(&mut self, op: Op) -> Result<(), TestCaseError> {
        let now = self.world.now();
        match op {
            Op::Join(c, r) => {
                let asked = join(&Model::room(r));
                let result = self.clients[c].step(|a, n| a.join(now, n, asked));
                let verdict = result.map_or_else(|e| verdict(e, |_| Verdict::NotJoined), |()| Verdict::Done);
                prop_assert_eq!(verdict, self.model.join(c, r));
            }
            Op::Leave(c, r) => {
                let room = room_name(&Model::room(r));
                let result = self.clients[c].step(|a, n| a.leave(now, n, &room));
                prop_assert_eq!(of_member(result), self.model.leave(c, r));
            }
            Op::Send { from, to, .. } if from == to => {}
            Op::Send { from, to, room, receipt } => {
                let (text, peer) = (self.text(), self.peer(to));
                let outbound = match room {
                    Some(room) => in_room(&Model::room(room), Some(&peer), &text),
                    None => direct(&peer, &text),
                };
                let result = self.clients[from].send(Outbound { receipt, ..outbound });
                prop_assert_eq!(of_send(result), self.model.send(from, to, room, &text, receipt));
            }
            Op::Broadcast(c, r) => {
                let text = self.text();
                let result = self.clients[c].send(in_room(&Model::room(r), None, &text));
                prop_assert_eq!(of_send(result), self.model.broadcast(c, r, &text));
            }
            Op::Kick(c, p, r) => {
                let (room, peer) = (room_name(&Model::room(r)), self.peer(p));
                let result = self.clients[c].step(|a, n| a.remove_member(now, n, &room, &peer, false));
                prop_assert_eq!(of_member(result), self.model.kick(c, p, r));
            }
            Op::EndRoom(c, r) => {
                let room = room_name(&Model::room(r));
                let result = self.clients[c].step(|a, n| a.end_room(now, n, &room));
                prop_assert_eq!(of_member(result), self.model.end_room(c, r));
            }
            Op::Read(c) => {
                self.clients[c].pump();
                let world = self.world;
                let numbered = |item: &Item| matches!(item, Item::Numbered { .. }).then(|| world.tell(item));
                let read: Vec<_> = self.clients[c].inbox.drain(..).filter_map(|item| numbered(&item)).collect();
                prop_assert_eq!(read, self.model.read(c));
            }
            Op::Ack(c) => {
                prop_assert_eq!(self.clients[c].attachment.ack(now, self.clients[c].last), Ok(()));
                self.model.ack(c);
            }
            Op::Cut(c) => {
                self.clients[c].lose();
                self.model.cut(c);
            }
            Op::Resume(c, at) => {
                let points: Vec<_> = self.model.resume_points(c).collect();
                let last = points[at % points.len()];
                self.ghosts[c].push(self.clients[c].attachment.clone());
                let last_seq = u32::try_from(last).expect("few frames");
                let result = self.clients[c].resume_with(|resume| resume.last_seq = last_seq);
                match result {
                    Ok(()) => prop_assert!(self.model.resume(c, last)),
                    Err(error) => {
                        let gone = matches!(error, ResumeError::Reset(Reason::Expired | Reason::Ended));
                        prop_assert!(gone && !self.model.resume(c, last), "{}", error);
                        self.ghosts[c].pop();
                    }
                }
            }
            Op::Ghost(c, to) => {
                let Some(ghost) = self.ghosts[c].last().cloned() else { return Ok(()) };
                let (next, peer) = (ghost.applied() + 1, self.peer(to));
                let sent = answer(ghost.send(now, next, direct(&peer, "ghost")));
                prop_assert!(matches!(sent, Err(StepError::Cut(_))));
                let joined = answer(ghost.join(now, next, join("r0")));
                prop_assert!(matches!(joined, Err(StepError::Cut(_))));
                prop_assert_eq!(ghost.ack(now, u32::MAX), Ok(()));
                ghost.detach(now, wigwag_hub::error::Cut::Detached);
                ghost.close(now, Reason::Left);
            }
            Op::Close(c) => {
                self.clients[c].attachment.close(now, Reason::Left);
                self.model.close(c);
            }
            Op::Pass(ms) => {
                self.world.pass(ms);
                self.model.pass(ms);
            }
        }
        for room in 0..ROOMS {
            prop_assert_eq!(self.world.inside(&Model::room(room)), self.model.inside(room));
        }
        Ok(())
    }
}

fn verdict<E>(error: StepError<E>, refusal: impl FnOnce(E) -> Verdict) -> Verdict {
    match error {
        StepError::Cut(_) => Verdict::Cut,
        StepError::Refused(why) => refusal(why),
        StepError::Seen | StepError::Gap { .. } => panic!("a frame was counted wrongly"),
    }
}

fn of_send(result: Result<(), StepError<SendError>>) -> Verdict {
    result.map_or_else(
        |error| {
            verdict(error, |why| match why {
                SendError::NotJoined => Verdict::NotJoined,
                SendError::PeerNotFound => Verdict::PeerNotFound,
            })
        },
        |()| Verdict::Done,
    )
}

fn of_member(result: Result<(), StepError<MemberError>>) -> Verdict {
    result.map_or_else(
        |error| {
            verdict(error, |why| match why {
                MemberError::NotJoined => Verdict::NotJoined,
                MemberError::NotOwner => Verdict::NotOwner,
                MemberError::PeerNotFound => Verdict::PeerNotFound,
                MemberError::Metadata(_) => panic!("no metadata here"),
            })
        },
        |()| Verdict::Done,
    )
}

proptest! {
    #[test]
    fn a_backend_does_what_the_model_does(ops in proptest::collection::vec(ops(), 1..80)) {
        let world = World::new(Arc::new(MemoryBackend::new(Limits { tombstone_ms: 1 << 40, ..Limits::default() })));
        let mut pair = Pair::new(&world);
        for op in ops {
            pair.apply(op)?;
        }
        // In the end everybody who is still there comes back and reads what it is owed.
        for client in 0..CLIENTS {
            if !pair.model.over(client) {
                pair.apply(Op::Resume(client, usize::MAX / 2))?;
            }
        }
        for client in 0..CLIENTS {
            pair.apply(Op::Read(client))?;
            pair.apply(Op::Ack(client))?;
        }
        for client in 0..CLIENTS {
            pair.apply(Op::Read(client))?;
        }
    }
}
