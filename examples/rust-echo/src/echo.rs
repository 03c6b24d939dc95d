//! What the peer does with Wigwag: it keeps one connection for each member of the room, and hands it the member's
//! signals.

use std::{collections::HashMap, net::IpAddr};

use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
};
use wigwag_client::{Error, Event, JoinOptions, Member, Payload, PeerId, Room, SdpType, Session};

use crate::connection::{Connection, Signal};

/// Signals a connection may have before it has taken the first. A WebRTC stack sends some ten; who sends this many at
/// once means no good, and waiting for one connection would hold up all others.
const SIGNALS: usize = 128;

/// Joins the room and serves its members until the session ends or the seat is taken away.
///
/// # Errors
///
/// Those of joining, and the one with which the session ended.
pub(crate) async fn serve(session: &Session, room: &str, options: JoinOptions, address: IpAddr) -> Result<(), Error> {
    loop {
        let room = session.join_with(room, options.clone()).await?;
        println!("joined {:?} as {}", room.name(), session.peer_id());
        let mut echo =
            Echo { me: session.peer_id(), room, address, served: HashMap::new(), connections: JoinSet::new() };
        match echo.run(session).await {
            Over::Reset => println!("the session was lost: joining again"),
            Over::Left(reason) => {
                println!("the seat is gone: {reason}");
                return Ok(());
            }
            Over::Closed(why) => return why.map_or(Ok(()), Err),
        }
    }
}

/// Why a room is not served any more.
enum Over {
    /// The session was lost and a new one opened, in no room.
    Reset,
    /// Somebody took the seat away.
    Left(String),
    /// The session ended.
    Closed(Option<Error>),
}

struct Echo {
    me: PeerId,
    room: Room,
    address: IpAddr,
    served: HashMap<PeerId, Served>,
    /// The connections' tasks. They end with this value.
    connections: JoinSet<()>,
}

/// A member with a connection, which ends when this is dropped.
struct Served {
    signals: mpsc::Sender<Signal>,
    /// Names the member's RTCPeerConnection: another fingerprint means that it began anew.
    fingerprint: Option<String>,
}

impl Echo {
    async fn run(&mut self, session: &Session) -> Over {
        // Whoever finds the other in the room makes the first offer.
        for member in self.room.found().to_vec() {
            self.begin(&member, None, Signal::Begin);
        }
        let (mut in_room, mut in_session) = (self.room.events(), session.events());
        loop {
            tokio::select! {
                Some(event) = in_room.next() => match event {
                    Event::Envelope { from: Some(from), payload, .. } => self.hear(&from, payload),
                    Event::MemberLeft { peer_id, .. } => drop(self.served.remove(&peer_id)),
                    Event::Unopened { error, .. } => println!("{error}"),
                    Event::Left { reason, .. } if is_taken_away(&reason) => return Over::Left(reason),
                    _ => {}
                },
                event = in_session.next() => match event {
                    Some(Event::Reset { .. }) => return Over::Reset,
                    Some(Event::Closed(why)) => return Over::Closed(why),
                    Some(_) => {}
                    None => return Over::Closed(None),
                },
                Some(_) = self.connections.join_next() => self.served.retain(|_, peer| !peer.signals.is_closed()),
            }
        }
    }

    /// Takes what a member sent.
    fn hear(&mut self, from: &PeerId, payload: Payload) {
        match payload {
            Payload::Description(description) if description.kind == SdpType::Offer => {
                let fingerprint = fingerprint(&description.sdp);
                let signal = Signal::Offer(description.sdp);
                match self.served.get_mut(from) {
                    Some(peer) if peer.fingerprint.is_none() || peer.fingerprint == fingerprint => {
                        peer.fingerprint = fingerprint;
                        self.signal(from, signal);
                    }
                    _ => {
                        let Some(member) = self.room.members().into_iter().find(|member| member.peer_id == *from)
                        else {
                            // It has left already, which is the next event.
                            return;
                        };
                        self.begin(&member, fingerprint, signal);
                    }
                }
            }
            Payload::Description(description) if description.kind == SdpType::Answer => {
                if let Some(peer) = self.served.get_mut(from) {
                    peer.fingerprint = fingerprint(&description.sdp);
                }
                self.signal(from, Signal::Answer(description.sdp));
            }
            Payload::Candidate(candidate) => {
                // The mark after the last one says nothing that ICE needs here.
                if let Some(line) = candidate.candidate.filter(|line| !line.is_empty()) {
                    self.signal(from, Signal::Candidate(line));
                }
            }
            _ => {}
        }
    }

    /// Opens a connection with a member, in place of an earlier one.
    fn begin(&mut self, member: &Member, fingerprint: Option<String>, first: Signal) {
        let (signals, taken) = mpsc::channel(SIGNALS);
        self.served.insert(member.peer_id.clone(), Served { signals, fingerprint });
        self.signal(&member.peer_id, first);
        let name =
            if member.display_name.is_empty() { member.peer_id.to_string() } else { member.display_name.clone() };
        let (address, me) = (self.address, self.me.clone());
        let (room, peer) = (self.room.clone(), member.peer_id.clone());
        self.connections.spawn(async move {
            let connection = Connection::open(address, &me, room, peer, name.clone());
            match async { connection.await?.run(taken).await }.await {
                Ok(()) => println!("{name}: over"),
                Err(error) => println!("{name}: {error}"),
            }
        });
    }

    fn signal(&mut self, to: &PeerId, signal: Signal) {
        let Some(peer) = self.served.get(to) else { return };
        if let Err(TrySendError::Full(_)) = peer.signals.try_send(signal) {
            println!("{to} sends more signals than its connection takes");
            self.served.remove(to);
        }
    }
}

/// Whether a seat that was lost for this reason is gone while the session goes on.
fn is_taken_away(reason: &str) -> bool {
    matches!(reason, "REMOVED" | "BANNED" | "REPLACED" | "FORBIDDEN" | "ENDED")
}

/// The certificate a session description names, which is another one for each RTCPeerConnection.
fn fingerprint(sdp: &str) -> Option<String> {
    sdp.lines().find_map(|line| line.strip_prefix("a=fingerprint:")).map(str::to_ascii_lowercase)
}
