//! The server the test plays: every attempt to connect arrives here, and the test decides what it receives.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use wigwag_proto::v1::{
    ClientFrame, Envelope, Hello, Join, Joined, Member, RoomInfo, ServerFrame, Welcome, client_frame, server_frame,
    welcome,
};

use crate::{
    driver::Driver,
    event::Event,
    room::Room,
    sealing::Seals,
    session::Session,
    transport::{ConnectionError, Transport},
};

/// Longer than any timer of the client: on a paused clock it elapses only if the client waits forever.
pub(super) const LONG: Duration = Duration::from_secs(3_600);

/// One connection, from the side of the server.
pub(super) struct Connection {
    pub(super) up: mpsc::Receiver<ClientFrame>,
    pub(super) down: mpsc::Sender<Result<ServerFrame, ConnectionError>>,
    /// The endpoint the client connected to, if the server named one.
    pub(super) endpoint: Option<String>,
}

pub(super) struct Server {
    pub(super) attempts: mpsc::Receiver<Connection>,
}

struct TestTransport {
    attempts: mpsc::Sender<Connection>,
}

impl Transport for TestTransport {
    type Frames = ReceiverStream<Result<ServerFrame, ConnectionError>>;

    async fn connect(
        &mut self,
        endpoint: Option<&str>,
        up: mpsc::Receiver<ClientFrame>,
    ) -> Result<Self::Frames, ConnectionError> {
        let (down, frames) = mpsc::channel(1_024);
        let connection = Connection { up, down, endpoint: endpoint.map(str::to_owned) };
        self.attempts.send(connection).await.map_err(|_| ConnectionError::unreachable("the test is over"))?;
        Ok(ReceiverStream::new(frames))
    }
}

pub(super) fn hello() -> Hello {
    Hello { resumable: true, display_name: "Ada".into(), ..Hello::default() }
}

pub(super) fn welcome(outcome: welcome::Outcome, epoch: u32) -> Welcome {
    Welcome {
        peer_id: format!("peer{epoch}"),
        session_token: "secret".into(),
        epoch,
        outcome: outcome.into(),
        heartbeat_ms: 10_000,
        grace_ms: 30_000,
        ..Welcome::default()
    }
}

/// A session that has just been welcomed for the first time.
pub(super) async fn open() -> (Session, Server, Connection) {
    open_with_queue(64).await
}

pub(super) async fn open_with_queue(event_queue: usize) -> (Session, Server, Connection) {
    let (attempts, arriving) = mpsc::channel(1);
    let mut server = Server { attempts: arriving };
    let client = tokio::spawn(Driver::start(TestTransport { attempts }, hello(), event_queue, Seals::default()));
    let mut connection = server.connection().await;
    assert_eq!(connection.hello().await, hello());
    connection.send(0, 0, server_frame::Body::Welcome(welcome(welcome::Outcome::New, 1))).await;
    let handle = client.await.expect("client task").expect("session");
    (Session::new(handle, unary_calls(), None), server, connection)
}

impl Server {
    pub(super) async fn connection(&mut self) -> Connection {
        tokio::time::timeout(LONG, self.attempts.recv()).await.expect("an attempt to connect").expect("a client")
    }

    /// Accepts a connection and answers that its session is resumed. `ack`: the last client frame that was applied.
    pub(super) async fn resume(&mut self, epoch: u32, ack: u32) -> Connection {
        let mut connection = self.connection().await;
        let resume = connection.hello().await.resume.expect("a resume");
        assert_eq!((resume.session_token.as_str(), resume.epoch), ("secret", epoch - 1));
        let welcome = welcome(welcome::Outcome::Resumed, epoch);
        connection
            .frame(ServerFrame { ack, body: Some(server_frame::Body::Welcome(welcome)), ..Default::default() })
            .await;
        connection
    }
}

impl Connection {
    /// Returns the next frame of the client.
    pub(super) async fn next(&mut self) -> ClientFrame {
        tokio::time::timeout(LONG, self.up.recv()).await.expect("a frame").expect("an open connection")
    }

    pub(super) async fn hello(&mut self) -> Hello {
        match self.next().await.body {
            Some(client_frame::Body::Hello(hello)) => hello,
            other => panic!("not a hello: {other:?}"),
        }
    }

    pub(super) async fn frame(&self, frame: ServerFrame) {
        self.down.send(Ok(frame)).await.expect("a client that reads");
    }

    /// Sends a frame with these numbers.
    pub(super) async fn send(&self, seq: u32, reply_to: u32, body: server_frame::Body) {
        self.frame(ServerFrame { seq, reply_to, ack: 0, body: Some(body) }).await;
    }

    pub(super) async fn ack(&self, ack: u32) {
        self.frame(ServerFrame { ack, ..ServerFrame::default() }).await;
    }

    /// Breaks the connection.
    pub(super) async fn cut(self) {
        // Fails when the client has stopped.
        let _ = self.down.send(Err(ConnectionError::unreachable("cut"))).await;
    }

    /// Lets the client join "demo", which has these members; the answer is frame `seq`.
    pub(super) async fn let_join(&mut self, session: &Session, seq: u32, members: &[&str]) -> Room {
        let joining = {
            let session = session.clone();
            tokio::spawn(async move { session.join("demo").await })
        };
        let request = self.next().await;
        assert_eq!(request.body, Some(client_frame::Body::Join(Join { room: "demo".into(), ..Join::default() })));
        self.send(seq, request.seq, server_frame::Body::Joined(joined(seq, members))).await;
        joining.await.expect("client task").expect("a membership")
    }
}

/// Unary calls, which no test here makes.
fn unary_calls() -> crate::grpc::UnaryCalls {
    let transport = crate::grpc::GrpcTransport::new(
        "http://localhost",
        crate::grpc::tcp(),
        #[cfg(feature = "_rustls")]
        None,
    );
    transport.expect("a URL").unary_calls()
}

pub(super) fn member(peer_id: &str) -> Member {
    Member { peer_id: peer_id.into(), ..Member::default() }
}

pub(super) fn joined(version: u32, members: &[&str]) -> Joined {
    Joined {
        room: "demo".into(),
        room_info: Some(RoomInfo { room: "demo".into(), ..RoomInfo::default() }),
        version,
        me: Some(member("peer1")),
        members: members.iter().map(|peer_id| member(peer_id)).collect(),
        created: false,
        more: false,
    }
}

/// A sealed envelope from "bob" in "demo".
pub(super) fn envelope(content: &str) -> server_frame::Body {
    server_frame::Body::Envelope(Envelope {
        room: "demo".into(),
        from: "bob".into(),
        payload: Some(wigwag_proto::v1::envelope::Payload::Sealed(content.into())),
        ..Envelope::default()
    })
}

/// Returns the content of a sealed envelope.
pub(super) fn content(event: Option<Event>) -> String {
    match event {
        Some(Event::Envelope { payload: crate::Payload::Sealed(bytes), .. }) => {
            String::from_utf8(bytes.to_vec()).expect("text")
        }
        other => panic!("not an envelope: {other:?}"),
    }
}

pub(super) fn sealed(content: &str) -> crate::Payload {
    crate::Payload::Sealed(content.as_bytes().to_vec().into())
}
