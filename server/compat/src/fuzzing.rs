//! Entry points for the fuzz targets: a client sends arbitrary messages, and other clients must not be affected.

use std::{
    cell::RefCell,
    mem::ManuallyDrop,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread::LocalKey,
};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep_until,
};
use wigwag_hub::{PeerId, backend::WrittenFrames, session::Fetched};
use wigwag_node::{
    auth::Caller,
    config::NodeConfig,
    frame::RawBody,
    node::{Node, OpenNamed, random_name},
};
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
use crate::{
    payload::object,
    socketio::{self, SocketIoAdapter},
};

/// The room that all clients join, in protocols that have rooms.
const ROOM: &str = "room";

/// The id of a peer of the API, `aaaaaaaaaaaaaaaaaaaaaaaaae`, that sends every signal back to its sender.
const ECHO: u128 = 1;

/// Placeholder for the bystander's peer id, which is random in protocols whose clients do not choose one.
const BYSTANDER: &str = "@bystander";

/// Longest error, in bytes of JSON: errors do not repeat long input.
const MAX_ERROR: usize = 2_000;

/// Inputs after which a fixture is replaced, with all state they left in it.
const INPUTS: u32 = 1_000;

/// A session and its adapter.
type Opened<A> = Result<(CompatSession, A), CompatError>;

/// Runs rooms-ws: the query of a URL, then a message per line.
pub fn rooms_ws(bytes: &[u8]) {
    thread_local!(static FIXTURE: Slot<RoomsWs> = const { RefCell::new(None) });
    let open = async |node: &Node, query: &str| {
        let params = rooms_ws::ConnectParams::read(query)?;
        // Each with another secret, so that no input takes the place of a bystander.
        RoomsWs::open(node, &Caller::default(), params, random_name()).await
    };
    let others = ["roomId=room&userId=good&userName=Good", "roomId=room&userId=other&userName=Other"];
    let proof = r#"{"type":"offer","targetUserId":"good","sdp":"PROOF"}"#;
    run(bytes, &FIXTURE, open, others, read, proof);
}

/// Runs plain JSON: a room and a query, then a message per line.
pub fn plain_json(bytes: &[u8]) {
    thread_local!(static FIXTURE: Slot<PlainJson> = const { RefCell::new(None) });
    let open = async |node: &Node, line: &str| {
        let (room, query) = line.split_once('?').unwrap_or((line, ""));
        PlainJson::open(node, &Caller::default(), room, plain_json::name_of(query)?).await
    };
    let proof = r#"{"type":"offer","to":"@bystander","sdp":"PROOF"}"#;
    run(bytes, &FIXTURE, open, ["room?name=good", "room"], read, proof);
}

/// Runs the connector: a message per line, the first of which is ignored.
pub fn connector(bytes: &[u8]) {
    thread_local!(static FIXTURE: Slot<Connector> = const { RefCell::new(None) });
    let open = async |node: &Node, _: &str| Connector::open(node, &Caller::default()).await;
    let proof = r#"{"type":"offer","to":"@bystander","data":{"sdp":"PROOF"}}"#;
    run(bytes, &FIXTURE, open, ["", ""], read, proof);
}

/// Runs PeerJS: the query of a URL, then a message per line.
pub fn peerjs(bytes: &[u8]) {
    thread_local!(static FIXTURE: Slot<PeerJs> = const { RefCell::new(None) });
    let open = async |node: &Node, query: &str| {
        PeerJs::open(node, &Caller::default(), peerjs::ConnectParams::read(query)?, None).await
    };
    // A client that knows the token of an id may take the id: the tokens must not be guessed.
    let others = ["key=peerjs&id=good&token=never-to-be-found", "key=peerjs&id=other&token=never-to-be-found"];
    let proof = r#"{"type":"OFFER","dst":"good","payload":{"sdp":"PROOF"}}"#;
    run(bytes, &FIXTURE, open, others, read, proof);
}

/// Runs Socket.IO: an event with its data per line, `["event", data]`, the first of which is ignored.
pub fn socketio(bytes: &[u8]) {
    thread_local!(static FIXTURE: Slot<SocketIoAdapter> = const { RefCell::new(None) });
    let open = async |node: &Node, _: &str| SocketIoAdapter::open(node, &Caller::default()).await;
    let read = |line: &str, max_bytes: usize| {
        // socketioxide only passes on events of this form.
        let Ok((event, data)) = serde_json::from_str::<(String, Value)>(line) else { return None };
        Some(socketio::read_event(&event, Ok(data), max_bytes).0.map(object))
    };
    run(bytes, &FIXTURE, open, ["", ""], read, r#"["offer_sdp",{"target":"@bystander","sdp":"PROOF"}]"#);
}

fn read(line: &str, max_bytes: usize) -> Option<Result<Object, CompatError>> {
    Some(json_socket::read(line, max_bytes))
}

/// A server with two clients of the protocol and a peer of the API. Used for many inputs, since creating it takes longer
/// than running most of them.
struct Fixture<A> {
    /// Its clock is paused and advances only when a task sleeps.
    runtime: Runtime,
    node: Node,
    echo: Echo,
    good: TestClient<A>,
    other: TestClient<A>,
    inputs: u32,
}

/// Never dropped with its thread: tokio's thread-local clock would be gone by then.
type Slot<A> = RefCell<Option<ManuallyDrop<Fixture<A>>>>;

impl<A: Adapter> Fixture<A> {
    fn new<F>(open: &F, others: [&str; 2]) -> Self
    where
        F: AsyncFn(&Node, &str) -> Opened<A>,
    {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let (node, echo, good, other) = runtime.block_on(async {
            let node = Node::new(NodeConfig::default());
            let echo = Echo::open(&node).await;
            let (Ok(good), Ok(other)) = (open(&node, others[0]).await, open(&node, others[1]).await) else {
                panic!("the bystanders' sessions can be opened")
            };
            (node, echo, TestClient::new(good).await, TestClient::new(other).await)
        });
        Self { runtime, node, echo, good, other, inputs: 0 }
    }
}

/// Has a client send the lines, and checks that errors are short and that two other clients still reach each other.
fn run<A, F>(
    bytes: &[u8],
    slot: &'static LocalKey<Slot<A>>,
    open: F,
    others: [&str; 2],
    read: impl Fn(&str, usize) -> Option<Result<Object, CompatError>>,
    proof: &str,
) where
    A: Adapter,
    F: AsyncFn(&Node, &str) -> Opened<A>,
{
    // A WebSocket text message is UTF-8.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    slot.with_borrow_mut(|slot| {
        drop(slot.take_if(|fixture| fixture.inputs >= INPUTS).map(ManuallyDrop::into_inner));
        let Fixture { runtime, node, echo, good, other, inputs } =
            &mut **slot.get_or_insert_with(|| ManuallyDrop::new(Fixture::new(&open, others)));
        *inputs += 1;
        good.received.clear();
        other.received.clear();
        let bystander = good.session.peer().to_string();
        let max_bytes = node.session().max_frame_bytes;
        runtime.block_on(async {
            let mut lines = text.split('\n');
            match open(node, lines.next().unwrap_or_default()).await {
                Err(error) => check(A::refusal_message(&error)),
                Ok(opened) => {
                    let mut client = TestClient::new(opened).await;
                    for line in lines {
                        if let Some(message) = read(&line.replace(BYSTANDER, &bystander), max_bytes) {
                            client.send(message).await;
                        }
                        echo.receive().await;
                        client.receive().await;
                        if client.over {
                            break;
                        }
                    }
                }
            }
            let proof = read(&proof.replace(BYSTANDER, &bystander), max_bytes).expect("a message").expect("a good one");
            other.send(Ok(proof)).await;
            echo.receive().await;
            other.receive().await;
            good.receive().await;
            assert!(good.received.contains("PROOF"), "the other clients are affected: {}", good.received);
        });
    });
}

fn check(error: Option<Value>) {
    let Some(error) = error else { return };
    assert!(error.is_object());
    assert!(error.to_string().len() < MAX_ERROR, "{error}");
}

/// A connection that has written all that was fetched for it.
#[derive(Debug, Default)]
struct AllWritten(AtomicU32);

impl AllWritten {
    fn track(session: &CompatSession) -> Arc<Self> {
        let written = Arc::new(Self::default());
        session.attachment().track_written(written.clone());
        written
    }

    fn write(&self, session: &CompatSession) {
        self.0.store(session.fetched(), Ordering::Relaxed);
    }
}

impl WrittenFrames for AllWritten {
    fn written(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A client of the protocol.
struct TestClient<A> {
    session: CompatSession,
    written: Arc<AllWritten>,
    adapter: A,
    /// What it received during this input.
    received: String,
    over: bool,
}

impl<A: Adapter> TestClient<A> {
    async fn new((mut session, mut adapter): (CompatSession, A)) -> Self {
        let mut out = Vec::new();
        adapter.on_open(&mut session, &mut out).await;
        let written = AllWritten::track(&session);
        let mut client = Self { session, written, adapter, received: String::new(), over: false };
        client.take(out);
        client.receive().await;
        client
    }

    async fn send(&mut self, message: Result<Object, CompatError>) {
        let mut out = Vec::new();
        let handled = match message {
            Ok(message) => self.adapter.on_message(&mut self.session, message, &mut out).await,
            Err(error) => Err(error),
        };
        if let Err(error) = handled {
            check(A::error_message(&error));
        }
        self.take(out);
        if let Some(timeout) = self.adapter.next_timeout() {
            sleep_until(timeout).await;
            let mut out = Vec::new();
            self.adapter.on_timeout(&mut self.session, &mut out).await;
            self.take(out);
        }
    }

    async fn receive(&mut self) {
        let mut events = Vec::new();
        while !self.over
            && let Some(fetched) = self.session.next_events(&mut events).now_or_never()
        {
            self.written.write(&self.session);
            self.over |= matches!(fetched, Fetched::Detached(_));
            let mut out = Vec::new();
            for event in events.drain(..) {
                if let Err(error) = self.adapter.on_event(&self.session, event, &mut out) {
                    check(A::error_message(&error));
                    self.over = true;
                }
            }
            self.take(out);
        }
    }

    fn take(&mut self, out: Vec<Value>) {
        for message in out {
            assert!(message.is_object(), "{message}");
            self.received += &message.to_string();
        }
    }
}

/// A peer of the API.
struct Echo(CompatSession, Arc<AllWritten>);

impl Echo {
    async fn open(node: &Node) -> Self {
        let request = OpenNamed {
            peer: PeerId::from_random(ECHO),
            secret: None,
            user: String::new(),
            display_name: String::new(),
            ticket: None,
        };
        let Ok(mut session) = CompatSession::open(node, &Caller::default(), request).await else {
            panic!("the session can be opened")
        };
        session.request(RawBody::Join(Box::new(pb::Join { room: ROOM.to_owned(), ..pb::Join::default() }))).await;
        let written = AllWritten::track(&session);
        Self(session, written)
    }

    async fn receive(&mut self) {
        let mut events = Vec::new();
        while self.0.next_events(&mut events).now_or_never().is_some() {
            self.1.write(&self.0);
            for event in events.drain(..) {
                if let ClientEvent::Signal { from, payload } = event {
                    assert_ne!(from, "", "every sender has an id");
                    // The sender may have gone.
                    let _ = self.0.send("", &from, payload).await;
                }
            }
        }
    }
}
