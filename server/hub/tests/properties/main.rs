//! Property test: any sequence of operations has the same effect on a backend as on a much simpler model.

#![allow(unreachable_pub, reason = "modules of one test")]

use std::sync::Arc;

use proptest::prelude::*;
use wigwag_hub::{
    Attachment, Item, Limits, MemoryBackend, PeerId, Reason,
    backend::Outbound,
    contract::kit::{Client, World, direct, in_room, join, room_name, wait},
    error::{MemberError, ResumeError, SendError, StepError},
};

use crate::model::{Effect, Model};

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
    Remove(usize, usize, usize),
    EndRoom(usize, usize),
    Read(usize),
    Ack(usize),
    LoseConnection(usize),
    /// Resumes after a number chosen from the possible ones, whether or not the connection was lost.
    Resume(usize, usize),
    /// Frames arrive on a superseded connection.
    Superseded(usize, usize),
    Close(usize),
    Advance(u64),
}

fn ops() -> impl Strategy<Value = Op> {
    let (client, room) = (0..CLIENTS, 0..ROOMS);
    prop_oneof![
        6 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Join(c, r)),
        2 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Leave(c, r)),
        8 => (client.clone(), client.clone(), proptest::option::of(room.clone()), any::<bool>())
            .prop_map(|(from, to, room, receipt)| Op::Send { from, to, room, receipt }),
        4 => (client.clone(), room.clone()).prop_map(|(c, r)| Op::Broadcast(c, r)),
        1 => (client.clone(), client.clone(), room.clone()).prop_map(|(c, p, r)| Op::Remove(c, p, r)),
        1 => (client.clone(), room).prop_map(|(c, r)| Op::EndRoom(c, r)),
        5 => client.clone().prop_map(Op::Read),
        3 => client.clone().prop_map(Op::Ack),
        3 => client.clone().prop_map(Op::LoseConnection),
        4 => (client.clone(), any::<usize>()).prop_map(|(c, at)| Op::Resume(c, at)),
        1 => (client.clone(), client.clone()).prop_map(|(c, to)| Op::Superseded(c, to)),
        1 => client.prop_map(Op::Close),
        2 => prop_oneof![Just(1), Just(2_500), Just(14_999), Just(30_000)].prop_map(Op::Advance),
    ]
}

/// The backend and the model side by side.
struct Pair<'w> {
    world: &'w World,
    clients: Vec<Client<'w>>,
    superseded: Vec<Vec<Arc<dyn Attachment>>>,
    model: Model,
    sent: usize,
}

impl<'w> Pair<'w> {
    fn new(world: &'w World) -> Self {
        Self {
            world,
            clients: (0..CLIENTS).map(|client| world.client(&Model::name(client))).collect(),
            superseded: vec![Vec::new(); CLIENTS],
            model: Model::new(CLIENTS),
            sent: 0,
        }
    }

    fn peer(&self, client: usize) -> PeerId {
        self.clients[client].peer().clone()
    }

    fn text(&mut self) -> String {
        self.sent += 1;
        format!("e{}", self.sent)
    }

    fn apply(&mut self, op: Op) -> Result<(), TestCaseError> {
        let now = self.world.now();
        match op {
            Op::Join(c, r) => {
                let request = join(&Model::room(r));
                let result = self.clients[c].step(|a, n| a.join(now, n, request.clone()));
                let effect = result.map_or_else(|e| effect(e, |_| Effect::NotJoined), |()| Effect::Done);
                prop_assert_eq!(effect, self.model.join(c, r));
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
            Op::Remove(c, p, r) => {
                let (room, peer) = (room_name(&Model::room(r)), self.peer(p));
                let result = self.clients[c].step(|a, n| a.remove_member(now, n, &room, &peer, false));
                prop_assert_eq!(of_member(result), self.model.remove(c, p, r));
            }
            Op::EndRoom(c, r) => {
                let room = room_name(&Model::room(r));
                let result = self.clients[c].step(|a, n| a.end_room(now, n, &room));
                prop_assert_eq!(of_member(result), self.model.end_room(c, r));
            }
            Op::Read(c) => {
                self.clients[c].pump();
                let world = self.world;
                let numbered = |item: &Item| matches!(item, Item::Numbered { .. }).then(|| world.describe(item));
                let read: Vec<_> = self.clients[c].inbox.drain(..).filter_map(|item| numbered(&item)).collect();
                prop_assert_eq!(read, self.model.read(c));
            }
            Op::Ack(c) => {
                prop_assert_eq!(self.clients[c].attachment.ack(now, self.clients[c].last), Ok(()));
                self.model.ack(c);
            }
            Op::LoseConnection(c) => {
                self.clients[c].disconnect();
                self.model.disconnect(c);
            }
            Op::Resume(c, at) => {
                let points: Vec<_> = self.model.resume_points(c).collect();
                let last = points[at % points.len()];
                self.superseded[c].push(self.clients[c].attachment.clone());
                let last_seq = u32::try_from(last).expect("few frames");
                let result = self.clients[c].resume_with(|resume| resume.last_seq = last_seq);
                match result {
                    Ok(()) => prop_assert!(self.model.resume(c, last)),
                    Err(error) => {
                        let gone = matches!(error, ResumeError::Reset(Reason::Expired | Reason::Ended));
                        prop_assert!(gone && !self.model.resume(c, last), "{}", error);
                        self.superseded[c].pop();
                    }
                }
            }
            Op::Superseded(c, to) => {
                let Some(old) = self.superseded[c].last().cloned() else { return Ok(()) };
                let (next, peer) = (old.applied() + 1, self.peer(to));
                let sent = wait(old.send(now, next, direct(&peer, "superseded")));
                prop_assert!(matches!(sent, Err(StepError::Detached(_))));
                let joined = wait(old.join(now, next, join("r0")));
                prop_assert!(matches!(joined, Err(StepError::Detached(_))));
                prop_assert_eq!(old.ack(now, u32::MAX), Ok(()));
                wait(old.detach(now, wigwag_hub::error::DetachReason::ConnectionLost)).expect("it ends");
                wait(old.close(now, Reason::Left)).expect("it ends");
            }
            Op::Close(c) => {
                wait(self.clients[c].attachment.close(now, Reason::Left)).expect("it ends");
                self.model.close(c);
            }
            Op::Advance(ms) => {
                self.world.advance(ms);
                self.model.advance(ms);
            }
        }
        for room in 0..ROOMS {
            prop_assert_eq!(self.world.members_in(&Model::room(room)), self.model.members_in(room));
        }
        Ok(())
    }
}

fn effect<E>(error: StepError<E>, refusal: impl FnOnce(E) -> Effect) -> Effect {
    match error {
        StepError::Detached(_) => Effect::Detached,
        StepError::Refused(why) => refusal(why),
        StepError::Seen | StepError::Gap { .. } => panic!("client frames are numbered correctly"),
        StepError::Store(error) => panic!("the memory backend has no store: {error}"),
    }
}

fn of_send(result: Result<(), StepError<SendError>>) -> Effect {
    result.map_or_else(
        |error| {
            effect(error, |why| match why {
                SendError::NotJoined => Effect::NotJoined,
                SendError::PeerNotFound => Effect::PeerNotFound,
            })
        },
        |()| Effect::Done,
    )
}

fn of_member(result: Result<(), StepError<MemberError>>) -> Effect {
    result.map_or_else(
        |error| {
            effect(error, |why| match why {
                MemberError::NotJoined => Effect::NotJoined,
                MemberError::NotOwner => Effect::NotOwner,
                MemberError::PeerNotFound => Effect::PeerNotFound,
                MemberError::TooManyBans { .. } | MemberError::Metadata(_) => panic!("no metadata and few bans here"),
            })
        },
        |()| Effect::Done,
    )
}

proptest! {
    #[test]
    fn a_backend_behaves_like_the_model(ops in proptest::collection::vec(ops(), 1..80)) {
        let world = World::new(Arc::new(MemoryBackend::new(Limits { tombstone_ms: 1 << 40, ..Limits::default() })));
        let mut pair = Pair::new(&world);
        for op in ops {
            pair.apply(op)?;
        }
        // Finally, all clients whose session has not ended resume and read everything.
        for client in 0..CLIENTS {
            if !pair.model.ended(client) {
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
