//! The peer's use of Wigwag: keeps one connection for each member of the room, and passes the member's signals to it.

use std::{collections::HashMap, net::IpAddr};

use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
};
use wigwag_client::{Error, Event, JoinOptions, Member, Payload, PeerId, Room, SdpType, Session};

use crate::connection::{Connection, Signal};

/// Maximum number of queued signals per connection. A WebRTC stack sends about ten; so many at once are abuse, and waiting
/// for one connection would delay all others.
const SIGNALS: usize = 128;

/// Joins the room and serves its members until the session ends or the peer is removed.
///
/// # Errors
///
/// Fails if the room cannot be joined, or with the error that ended the session.
pub(crate) async fn serve(session: &Session, room: &str, options: JoinOptions, address: IpAddr) -> Result<(), Error> {
    loop {
        let room = session.join_with(room, options.clone()).await?;
        println!("joined {:?} as {}", room.name(), session.peer_id());
        let mut echo =
            Echo { me: session.peer_id(), room, address, served: HashMap::new(), connections: JoinSet::new() };
        match echo.run(session).await {
            End::Reset => println!("the session was lost: joining again"),
            End::Left(reason) => {
                println!("no longer a member: {reason}");
                return Ok(());
            }
            End::Closed(why) => return why.map_or(Ok(()), Err),
        }
    }
}

/// Why a room is no longer served.
enum End {
    /// The session was lost and replaced by a new one, which is not in any room.
    Reset,
    /// The peer was removed or the room has ended.
    Left(String),
    /// The session ended.
    Closed(Option<Error>),
}

struct Echo {
    me: PeerId,
    room: Room,
    address: IpAddr,
    served: HashMap<PeerId, Served>,
    /// Tasks of the connections; aborted when this is dropped.
    connections: JoinSet<()>,
}

/// A member with a connection, which ends when this is dropped.
struct Served {
    signals: mpsc::Sender<Signal>,
    /// Identifies the member's RTCPeerConnection: a different fingerprint means that the member has created a new one.
    fingerprint: Option<String>,
}

impl Echo {
    async fn run(&mut self, session: &Session) -> End {
        // The peer that finds the other one already in the room makes the first offer.
        for member in self.room.found().to_vec() {
            self.begin(&member, None, Signal::Begin);
        }
        let (mut in_room, mut in_session) = (self.room.events(), session.events());
        loop {
            tokio::select! {
                Some(event) = in_room.next() => match event {
                    Event::Envelope { from: Some(from), payload, .. } => self.receive(&from, payload),
                    Event::MemberLeft { peer_id, .. } => drop(self.served.remove(&peer_id)),
                    Event::Unopened { error, .. } => println!("{error}"),
                    Event::Left { reason, .. } if ends_membership(&reason) => return End::Left(reason),
                    _ => {}
                },
                event = in_session.next() => match event {
                    Some(Event::Reset { .. }) => return End::Reset,
                    Some(Event::Closed(why)) => return End::Closed(why),
                    Some(_) => {}
                    None => return End::Closed(None),
                },
                Some(_) = self.connections.join_next() => self.served.retain(|_, peer| !peer.signals.is_closed()),
            }
        }
    }

    /// Handles a payload from a member.
    fn receive(&mut self, from: &PeerId, payload: Payload) {
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
                            // The member has already left; the next event reports it.
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
                // The end-of-candidates marker is not needed here.
                if let Some(line) = candidate.candidate.filter(|line| !line.is_empty()) {
                    self.signal(from, Signal::Candidate(line));
                }
            }
            _ => {}
        }
    }

    /// Opens a connection with a member; replaces an earlier one.
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
                Ok(()) => println!("{name}: closed"),
                Err(error) => println!("{name}: {error}"),
            }
        });
    }

    fn signal(&mut self, to: &PeerId, signal: Signal) {
        let Some(peer) = self.served.get(to) else { return };
        if let Err(TrySendError::Full(_)) = peer.signals.try_send(signal) {
            println!("{to} has sent more than {SIGNALS} signals at once: the connection is closed");
            self.served.remove(to);
        }
    }
}

/// Returns whether the session continues after a membership has ended for this reason.
fn ends_membership(reason: &str) -> bool {
    matches!(reason, "REMOVED" | "BANNED" | "REPLACED" | "FORBIDDEN" | "ENDED")
}

/// Returns the certificate fingerprint in a session description, which differs for each RTCPeerConnection.
fn fingerprint(sdp: &str) -> Option<String> {
    sdp.lines().find_map(|line| line.strip_prefix("a=fingerprint:")).map(str::to_ascii_lowercase)
}
