//! Conversations for the fuzz targets: a client of a dialect that says anything, and others who must not mind.

use std::{cell::RefCell, mem::ManuallyDrop, thread::LocalKey};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep_until,
};
use wigwag_hub::{PeerId, session::Fetched};
use wigwag_proto::v1 as pb;

use crate::{
    adapter::{Adapter, Object},
    connector::Connector,
    error::CompatError,
    json_socket,
    peerjs::{self, PeerJs},
    plain_json::{self, PlainJson},
    rooms_ws::{self, RoomsWs},
    session::{ClientEvent, CompatSession},
};
use crate::{payload::object, socketio};
use wigwag_node::{
    auth::Caller,
    config::NodeConfig,
    frame::RawBody,
    node::{Node, OpenNamed},
};

/// The room everybody sits in whose dialect has rooms.
const ROOM: &str = "room";

/// The other door's peer, `aaaaaaaaaaaaaaaaaaaaaaaaae`: it says to everybody what it hears from them.
const ECHO: u128 = 1;

/// Stands for the peer id of the bystander, whose name is drawn where clients do not choose theirs.
const BYSTANDER: &str = "@bystander";

/// Longest error, in bytes of JSON: it says what is wrong and does not repeat what was said.
const MAX_COMPLAINT: usize = 2_000;

/// Inputs one stage takes. What they leave behind goes with it.
const INPUTS: u32 = 1_000;

/// A client and how it puts things.
type Entered<D> = Result<(CompatSession, D), CompatError>;

/// A URL's query, then messages, one in each line.
pub fn rooms_ws(bytes: &[u8]) {
    thread_local!(static STAGE: Slot<RoomsWs> = const { RefCell::new(None) });
    let enter =
        async |node: &Node, query: &str| RoomsWs::enter(node, &Caller::default(), rooms_ws::Wanted::read(query)?).await;
    let others = ["roomId=room&userId=good&userName=Good", "roomId=room&userId=other&userName=Other"];
    let proof = r#"{"type":"offer","targetUserId":"good","sdp":"PROOF"}"#;
    play(bytes, &STAGE, enter, others, read, proof);
}

/// A room and a query, then messages.
pub fn plain_json(bytes: &[u8]) {
    thread_local!(static STAGE: Slot<PlainJson> = const { RefCell::new(None) });
    let enter = async |node: &Node, transport: &str| {
        let (room, query) = transport.split_once('?').unwrap_or((transport, ""));
        PlainJson::enter(node, &Caller::default(), room, plain_json::name_of(query)).await
    };
    let proof = r#"{"type":"offer","to":"@bystander","sdp":"PROOF"}"#;
    play(bytes, &STAGE, enter, ["room?name=good", "room"], read, proof);
}

/// Messages; the first line is nothing.
pub fn connector(bytes: &[u8]) {
    thread_local!(static STAGE: Slot<Connector> = const { RefCell::new(None) });
    let enter = async |node: &Node, _: &str| Connector::enter(node, &Caller::default()).await;
    let proof = r#"{"type":"offer","to":"@bystander","data":{"sdp":"PROOF"}}"#;
    play(bytes, &STAGE, enter, ["", ""], read, proof);
}

/// A URL's query, then messages.
pub fn peerjs(bytes: &[u8]) {
    thread_local!(static STAGE: Slot<PeerJs> = const { RefCell::new(None) });
    let enter = async |node: &Node, query: &str| {
        PeerJs::enter(node, &Caller::default(), peerjs::Wanted::read(query)?, None).await
    };
    // Whoever finds the token of an id may have the id.
    let others = ["key=peerjs&id=good&token=never-to-be-found", "key=peerjs&id=other&token=never-to-be-found"];
    let proof = r#"{"type":"OFFER","dst":"good","payload":{"sdp":"PROOF"}}"#;
    play(bytes, &STAGE, enter, others, read, proof);
}

/// Events with their data as Socket.IO writes them, `["event", data]`; the first line is nothing.
pub fn socketio(bytes: &[u8]) {
    thread_local!(static STAGE: Slot<socketio::Events> = const { RefCell::new(None) });
    let enter = async |node: &Node, _: &str| socketio::Events::enter(node, &Caller::default()).await;
    let read = |transport: &str, max_bytes: usize| {
        // What is not of this form never comes out of the library.
        let Ok((event, data)) = serde_json::from_str::<(String, Value)>(transport) else { return None };
        Some(socketio::read_event(&event, Ok(data), max_bytes).0.map(object))
    };
    play(bytes, &STAGE, enter, ["", ""], read, r#"["offer_sdp",{"target":"@bystander","sdp":"PROOF"}]"#);
}

fn read(transport: &str, max_bytes: usize) -> Option<Result<Object, CompatError>> {
    Some(json_socket::read(transport, max_bytes))
}

/// A server with two clients of the dialect, and a peer of another door. One for many inputs, since setting it up takes
/// longer than most of them.
struct Stage<D> {
    /// Its clock stands still but for what is waited for.
    runtime: Runtime,
    node: Node,
    echo: Echo,
    good: Party<D>,
    other: Party<D>,
    inputs: u32,
}

/// Not dropped with its thread, when tokio's clock is gone already.
type Slot<D> = RefCell<Option<ManuallyDrop<Stage<D>>>>;

impl<D: Adapter> Stage<D> {
    fn set<F>(enter: &F, others: [&str; 2]) -> Self
    where
        F: AsyncFn(&Node, &str) -> Entered<D>,
    {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let (node, echo, good, other) = runtime.block_on(async {
            let node = Node::new(NodeConfig::default());
            let echo = Echo::enter(&node).await;
            let (Ok(good), Ok(other)) = (enter(&node, others[0]).await, enter(&node, others[1]).await) else {
                panic!("the bystanders may enter")
            };
            (node, echo, Party::new(good).await, Party::new(other).await)
        });
        Self { runtime, node, echo, good, other, inputs: 0 }
    }
}

/// Has a client say what the lines hold, and checks that each is taken or answered by a complaint in few words, and that
/// two others go on as before.
fn play<D, F>(
    bytes: &[u8],
    slot: &'static LocalKey<Slot<D>>,
    enter: F,
    others: [&str; 2],
    read: impl Fn(&str, usize) -> Option<Result<Object, CompatError>>,
    proof: &str,
) where
    D: Adapter,
    F: AsyncFn(&Node, &str) -> Entered<D>,
{
    // A socket hands on text only.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    slot.with_borrow_mut(|slot| {
        drop(slot.take_if(|stage| stage.inputs >= INPUTS).map(ManuallyDrop::into_inner));
        let Stage { runtime, node, echo, good, other, inputs } =
            &mut **slot.get_or_insert_with(|| ManuallyDrop::new(Stage::set(&enter, others)));
        *inputs += 1;
        good.heard.clear();
        other.heard.clear();
        let bystander = good.session.peer().to_string();
        let max_bytes = node.session().max_frame_bytes;
        runtime.block_on(async {
            let mut lines = text.split('\n');
            match enter(node, lines.next().unwrap_or_default()).await {
                Err(error) => check(&D::error_message(&error)),
                Ok(entered) => {
                    let mut client = Party::new(entered).await;
                    for transport in lines {
                        if let Some(message) = read(&transport.replace(BYSTANDER, &bystander), max_bytes) {
                            client.says(message).await;
                        }
                        echo.listen().await;
                        client.listen().await;
                        if client.over {
                            break;
                        }
                    }
                }
            }
            let proof = read(&proof.replace(BYSTANDER, &bystander), max_bytes).expect("a message").expect("a good one");
            other.says(Ok(proof)).await;
            echo.listen().await;
            other.listen().await;
            good.listen().await;
            assert!(good.heard.contains("PROOF"), "nobody else notices: {}", good.heard);
        });
    });
}

fn check(error: &Value) {
    assert!(error.is_object());
    assert!(error.to_string().len() < MAX_COMPLAINT, "{error}");
}

/// A client of the dialect.
struct Party<D> {
    session: CompatSession,
    adapter: D,
    /// All it was told lately.
    heard: String,
    over: bool,
}

impl<D: Adapter> Party<D> {
    async fn new((mut session, mut adapter): (CompatSession, D)) -> Self {
        let mut out = Vec::new();
        adapter.begin(&mut session, &mut out).await;
        let mut party = Self { session, adapter, heard: String::new(), over: false };
        party.tell(out);
        party.listen().await;
        party
    }

    async fn says(&mut self, message: Result<Object, CompatError>) {
        let mut out = Vec::new();
        let said = match message {
            Ok(message) => self.adapter.on_message(&mut self.session, message, &mut out).await,
            Err(error) => Err(error),
        };
        if let Err(error) = said {
            check(&D::error_message(&error));
        }
        self.tell(out);
        if let Some(due) = self.adapter.due() {
            sleep_until(due).await;
            let mut out = Vec::new();
            self.adapter.tick(&mut self.session, &mut out).await;
            self.tell(out);
        }
    }

    async fn listen(&mut self) {
        let mut events = Vec::new();
        while !self.over
            && let Some(fetched) = self.session.events(&mut events).now_or_never()
        {
            self.over |= matches!(fetched, Fetched::Detached(_));
            let mut out = Vec::new();
            for events in events.drain(..) {
                if let Err(error) = self.adapter.on_event(&self.session, events, &mut out) {
                    check(&D::error_message(&error));
                    self.over = true;
                }
            }
            self.tell(out);
        }
    }

    fn tell(&mut self, out: Vec<Value>) {
        for message in out {
            assert!(message.is_object(), "{message}");
            self.heard += &message.to_string();
        }
    }
}

/// A peer of another door.
struct Echo(CompatSession);

impl Echo {
    async fn enter(node: &Node) -> Self {
        let request = OpenNamed {
            peer: PeerId::from_random(ECHO),
            secret: None,
            user: String::new(),
            display_name: String::new(),
        };
        let Ok(mut session) = CompatSession::open(node, &Caller::default(), request).await else {
            panic!("it may enter")
        };
        session.ask(RawBody::Join(Box::new(pb::Join { room: ROOM.to_owned(), ..pb::Join::default() }))).await;
        Self(session)
    }

    async fn listen(&mut self) {
        let mut events = Vec::new();
        while self.0.events(&mut events).now_or_never().is_some() {
            for events in events.drain(..) {
                if let ClientEvent::Signal { from, payload } = events {
                    assert_ne!(from, "", "everybody has a name");
                    // The sender may have gone.
                    let _ = self.0.send("", &from, payload).await;
                }
            }
        }
    }
}
