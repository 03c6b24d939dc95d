//! What a connection does while the store of its backend does not answer.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use prost::Message as _;
use tokio::{sync::mpsc, time::timeout};
use wigwag_hub::{Limits, MemoryBackend, contract::later::Later, error::StoreError};

use super::*;
use crate::config::NodeConfig;

type Frames = Pin<Box<dyn Stream<Item = Option<Input>> + Send>>;

/// A client with its connection.
struct Client {
    frames: mpsc::Sender<pb::ClientFrame>,
    connection: Connection<Frames>,
    welcome: pb::Welcome,
    /// The `ack` of the welcome.
    applied: u32,
}

impl Client {
    async fn open(node: &Node, hello: pb::Hello) -> Self {
        let (frames, mut sent) = mpsc::channel::<pb::ClientFrame>(4_096);
        let input = stream::poll_fn(move |cx| {
            sent.poll_recv(cx).map(|frame| frame.map(|frame| Some(Input::decode(frame.encode_to_vec().into(), 65_536))))
        });
        let input: Frames = Box::pin(input);
        let mut connection = Connection::with_hello(node.clone(), Caller::default(), None, input, hello);
        let frame = connection.next().await.expect("a frame").expect("no error");
        let frame = decoded(&frame);
        let Some(Pb::Welcome(welcome)) = frame.body else { panic!("no welcome: {frame:?}") };
        Self { frames, connection, welcome, applied: frame.ack }
    }

    fn send(&self, seq: u32, to: &Self, text: &str) {
        let content = pb::app_data::Content::Text(text.to_owned());
        let payload = pb::envelope::Payload::Message(pb::AppData { content: Some(content) });
        let envelope = pb::Envelope { to: to.welcome.peer_id.clone(), payload: Some(payload), ..Default::default() };
        let body = Some(pb::client_frame::Body::Envelope(envelope));
        self.frames.try_send(pb::ClientFrame { seq, ack: 0, body }).expect("the connection reads");
    }

    /// Sends an envelope to a room that it is not in.
    fn refused(&self, seq: u32) {
        let content = pb::app_data::Content::Text("refused".to_owned());
        let payload = pb::envelope::Payload::Message(pb::AppData { content: Some(content) });
        let envelope = pb::Envelope { room: "elsewhere".to_owned(), payload: Some(payload), ..Default::default() };
        let body = Some(pb::client_frame::Body::Envelope(envelope));
        self.frames.try_send(pb::ClientFrame { seq, ack: 0, body }).expect("the connection reads");
    }

    /// Returns the next frame, or `None` if none comes within `within`.
    async fn next(&mut self, within: Duration) -> Option<Result<pb::ServerFrame, ApiError>> {
        let next = timeout(within, self.connection.next()).await.ok()??;
        Some(next.map(|frame| decoded(&frame)))
    }

    async fn next_text(&mut self) -> String {
        loop {
            let frame = self.next(Duration::from_secs(5)).await.expect("a frame").expect("no error");
            if let Some(Pb::Envelope(pb::Envelope { payload: Some(payload), .. })) = frame.body {
                let pb::envelope::Payload::Message(pb::AppData { content }) = payload else { panic!("{payload:?}") };
                let Some(pb::app_data::Content::Text(text)) = content else { panic!("{content:?}") };
                return text;
            }
        }
    }
}

fn decoded(frame: &OutFrame) -> pb::ServerFrame {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes);
    pb::ServerFrame::decode(Bytes::from(bytes)).expect("a frame")
}

fn resumable() -> pb::Hello {
    pb::Hello { resumable: true, ..Default::default() }
}

fn node() -> (Arc<Later>, Node) {
    let later = Arc::new(Later::new(Arc::new(MemoryBackend::new(Limits::default()))));
    (later.clone(), Node::with_backend(NodeConfig::default(), later))
}

const AWAY: StoreError = StoreError::Unreachable { retry_after_ms: 200 };

#[tokio::test(start_paused = true)]
async fn a_frame_waits_for_the_store_and_takes_effect_once() {
    let (later, node) = node();
    let (mut ada, mut bob) = (Client::open(&node, resumable()).await, Client::open(&node, resumable()).await);
    later.fail(AWAY);
    ada.send(1, &bob, "one");
    ada.send(2, &bob, "two");
    assert!(ada.next(Duration::from_secs(2)).await.is_none(), "it waits");
    later.mend();
    let acknowledged = ada.next(Duration::from_secs(3)).await.expect("an ack").expect("no error");
    assert_eq!((acknowledged.ack, acknowledged.body), (2, None));
    assert_eq!((bob.next_text().await, bob.next_text().await), ("one".to_owned(), "two".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn after_some_time_the_client_comes_back_instead() {
    let (later, node) = node();
    let (mut ada, mut bob) = (Client::open(&node, resumable()).await, Client::open(&node, resumable()).await);
    later.fail(AWAY);
    ada.send(1, &bob, "one");
    assert!(ada.next(Duration::from_secs(4)).await.is_none(), "it waits");
    let last = ada.next(Duration::from_secs(2)).await.expect("an error").expect("a frame");
    let Some(Pb::Error(error)) = last.body else { panic!("{last:?}") };
    assert_eq!((error.reason.as_str(), error.code, error.fatal), ("STORE_UNREACHABLE", 14, true));
    assert_eq!((error.advice(), error.retry_after_ms), (pb::Advice::Retry, 200));
    let ended = ada.next(Duration::from_secs(1)).await.expect("the end").expect_err("with an error");
    assert_eq!(ended.reason, "STORE_UNREACHABLE");

    later.mend();
    let resume = pb::Resume { session_token: ada.welcome.session_token.clone(), epoch: 1, ..Default::default() };
    let again = Client::open(&node, pb::Hello { resume: Some(resume), ..resumable() }).await;
    assert_eq!((again.welcome.outcome(), again.applied), (pb::welcome::Outcome::Resumed, 0));
    let mut again = again;
    again.send(1, &bob, "one");
    again.send(2, &bob, "two");
    assert!(again.next(Duration::from_secs(3)).await.is_some_and(|frame| frame.is_ok_and(|frame| frame.ack == 2)));
    assert_eq!((bob.next_text().await, bob.next_text().await), ("one".to_owned(), "two".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_live_client_decides_itself() {
    let (later, node) = node();
    let (mut ada, bob) = (Client::open(&node, pb::Hello::default()).await, Client::open(&node, resumable()).await);
    later.fail(AWAY);
    ada.send(1, &bob, "one");
    let last = ada.next(Duration::from_secs(1)).await.expect("an error").expect("a frame");
    let Some(Pb::Error(error)) = last.body else { panic!("{last:?}") };
    assert_eq!((error.reason.as_str(), error.advice()), ("STORE_UNREACHABLE", pb::Advice::Retry));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_store_lost_is_over() {
    let (later, node) = node();
    let (mut ada, bob) = (Client::open(&node, resumable()).await, Client::open(&node, resumable()).await);
    later.fail(StoreError::Lost);
    ada.send(1, &bob, "one");
    let last = ada.next(Duration::from_secs(1)).await.expect("an error").expect("a frame");
    let Some(Pb::Error(error)) = last.body else { panic!("{last:?}") };
    assert_eq!((error.reason.as_str(), error.fatal, error.advice()), ("STORE_LOST", true, pb::Advice::Rejoin));

    let resume = pb::Resume { session_token: ada.welcome.session_token.clone(), epoch: 1, ..Default::default() };
    let resumed = node.open(&Caller::default(), pb::Hello { resume: Some(resume), ..resumable() }).await;
    assert_eq!(resumed.err().map(|error| error.reason), Some("STORE_LOST"), "nothing is opened either");
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_rooms_loses_its_place() {
    let (later, node) = node();
    let caller = Caller::new(Some(([127, 0, 0, 1], 1).into()));
    let rooms = crate::rooms::Rooms::new(node.clone());
    let mut events = rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await.expect("a watch");
    let synced = events.next().await.expect("an event").expect("no error");
    assert!(matches!(synced.event, Some(pb::watch_rooms_response::Event::Synced(_))), "{synced:?}");
    later.fail(AWAY);
    let lost = events.next().await.expect("an event").expect_err("it may have missed something");
    assert_eq!((lost.reason, lost.advice), ("STORE_UNREACHABLE", pb::Advice::Retry));
    let refused = rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await.err().expect("not now");
    assert_eq!((refused.reason, refused.retry_after_ms), ("STORE_UNREACHABLE", 200));
    later.mend();
    assert!(rooms.watch(&caller, &pb::WatchRoomsRequest::default()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn many_envelopes_are_under_way_and_concluded_in_order() {
    let (later, node) = node();
    let (mut ada, mut bob) = (Client::open(&node, resumable()).await, Client::open(&node, resumable()).await);
    later.hold();
    for number in 1..=300 {
        ada.send(number, &bob, &number.to_string());
    }
    assert!(ada.next(Duration::from_millis(100)).await.is_some_and(|frame| frame.is_ok_and(|frame| frame.ack > 0)));
    while ada.next(Duration::from_millis(500)).await.is_some() {}
    for number in 1..=256 {
        assert_eq!(bob.next_text().await, number.to_string());
    }
    assert!(bob.next(Duration::from_secs(1)).await.is_none(), "no more than 256 of them");
    later.release();
    // One that is refused, in the middle: the answer to it is in its place.
    ada.refused(301);
    ada.send(302, &bob, "302");
    let mut refused = None;
    while let Some(frame) = ada.next(Duration::from_secs(1)).await {
        let frame = frame.expect("no error");
        if let Some(Pb::Error(error)) = frame.body {
            assert!(refused.replace((frame.reply_to, error.reason)).is_none());
        }
    }
    assert_eq!(refused, Some((301, "NOT_JOINED".to_owned())));
    for number in (257..=300).chain([302]) {
        assert_eq!(bob.next_text().await, number.to_string());
    }
}
