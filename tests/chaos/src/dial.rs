//! Connections through the proxy, over each transport.

mod socket;

use std::{
    future::Future,
    io,
    net::Ipv4Addr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, body::Body, transport::Endpoint};
use tonic_web::{GrpcWebCall, GrpcWebClientLayer, GrpcWebClientService};
use tower::{Layer as _, Service};
use wigwag_proto::v1::{
    ClientFrame, Hello, ListenRequest, PushRequest, PushResponse, ServerFrame, client_frame,
    signaling_service_client::SignalingServiceClient,
};

use self::socket::Format;
pub use self::socket::Socket;
use crate::proxy::{Disturbance, Proxy, Way, Wire};

/// Capacity of the queue of frames to send.
const UP_QUEUE: usize = 64;

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transport {
    /// gRPC over HTTP/2: `Signal`.
    Signal,
    /// gRPC-Web over HTTP/1.1: `Listen` and `Push`.
    Web,
    /// WebSocket, protobuf in binary messages.
    SocketProto,
    /// WebSocket, protobuf JSON in text messages.
    SocketJson,
}

impl Transport {
    /// All transports.
    pub const ALL: [Self; 4] = [Self::Signal, Self::Web, Self::SocketProto, Self::SocketJson];

    /// Returns its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signal => "grpc",
            Self::Web => "grpc_web",
            Self::SocketProto => "ws_proto",
            Self::SocketJson => "ws_json",
        }
    }
}

/// Connects through a proxy from its own source address, and keeps handles of its connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Dialer {
    proxy: Arc<Proxy>,
    from: Ipv4Addr,
    // Guards the list only; pushed to for each connection.
    wires: Arc<Mutex<Dialed>>,
}

#[derive(Debug, Default)]
struct Dialed {
    open: Vec<Wire>,
    /// Disturbances of the next connection, set before its first byte.
    next: Vec<(Way, Disturbance)>,
}

impl Dialer {
    /// Creates a dialer with its own source address: one address does not have enough ports for a long run.
    #[must_use]
    pub fn new(proxy: Arc<Proxy>, index: u32) -> Self {
        let [.., high, low] = index.to_be_bytes();
        Self { proxy, from: Ipv4Addr::new(127, 1, high, low.max(1)), wires: Arc::default() }
    }

    /// Returns the open connections.
    #[must_use]
    pub fn wires(&self) -> Vec<Wire> {
        let mut dialed = self.dialed();
        dialed.open.retain(|wire| !wire.is_over());
        dialed.open.clone()
    }

    /// Sets a disturbance for one direction of the next connection.
    pub fn next_wire(&self, way: Way, disturbance: Disturbance) {
        self.dialed().next.push((way, disturbance));
    }

    async fn dial(self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.from, 0).into())?;
        let wire = self.proxy.expect(socket.local_addr()?);
        {
            let mut dialed = self.dialed();
            for (way, disturbance) in dialed.next.drain(..) {
                wire.set(way, disturbance);
            }
            dialed.open.retain(|wire| !wire.is_over());
            dialed.open.push(wire);
        }
        let stream = socket.connect(self.proxy.addr()).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn dialed(&self) -> MutexGuard<'_, Dialed> {
        self.wires.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Uri> for Dialer {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let dialer = self.clone();
        Box::pin(async move { dialer.dial().await.map(TokioIo::new) })
    }
}

type Web = GrpcWebClientService<Client<Dialer, GrpcWebCall<Body>>>;

/// The sending half of a connection.
#[derive(Debug)]
pub enum Up {
    /// Frames on the stream.
    Stream(mpsc::Sender<ClientFrame>),
    /// `Push` calls.
    Calls(Box<Pusher>),
}

/// Pushes frames of one attachment. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pusher {
    client: SignalingServiceClient<Web>,
    /// From the welcome.
    pub session_token: String,
    /// From the welcome.
    pub epoch: u32,
}

impl Pusher {
    /// Makes one call.
    ///
    /// # Errors
    ///
    /// Returns the error of the server or the network.
    pub async fn push(self, frames: Vec<ClientFrame>) -> Result<PushResponse, Status> {
        let Self { mut client, session_token, epoch } = self;
        client.push(PushRequest { session_token, epoch, frames }).await.map(tonic::Response::into_inner)
    }
}

/// The receiving half of a connection.
#[derive(Debug)]
pub enum Down {
    /// gRPC or gRPC-Web.
    Rpc(Box<Streaming<ServerFrame>>),
    /// WebSocket.
    Socket(Socket),
}

impl Down {
    /// Returns the next frame, or `None` at the end. Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails if the connection breaks or a message is not a frame.
    pub async fn message(&mut self) -> Result<Option<ServerFrame>, Status> {
        match self {
            Self::Rpc(streaming) => streaming.message().await,
            Self::Socket(socket) => socket.message().await,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub struct Link {
    /// Frames from the server.
    pub down: Down,
    /// Frames to the server.
    pub up: Up,
}

impl Link {
    /// Connects and sends the hello. The first frame received is the welcome.
    ///
    /// # Errors
    ///
    /// Returns the error of the server or the network.
    pub async fn open(transport: Transport, dialer: &Dialer, hello: Hello) -> Result<Self, Status> {
        match transport {
            Transport::Signal => Self::signal(dialer, hello).await,
            Transport::Web => Self::web(dialer, hello).await,
            Transport::SocketProto => Self::socket(Format::Proto, dialer, hello).await,
            Transport::SocketJson => Self::socket(Format::Json, dialer, hello).await,
        }
    }

    async fn signal(dialer: &Dialer, hello: Hello) -> Result<Self, Status> {
        let endpoint = Endpoint::from_static("http://wigwag.test");
        let connecting = endpoint.connect_with_connector(dialer.clone()).await;
        let channel = connecting.map_err(|error| Status::unavailable(error.to_string()))?;
        let (up, queue) = mpsc::channel(UP_QUEUE);
        send_hello(&up, hello);
        let answer = SignalingServiceClient::new(channel).signal(ReceiverStream::new(queue)).await?;
        Ok(Self { down: Down::Rpc(Box::new(answer.into_inner())), up: Up::Stream(up) })
    }

    async fn web(dialer: &Dialer, hello: Hello) -> Result<Self, Status> {
        let http = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(10))
            .build::<_, GrpcWebCall<Body>>(dialer.clone());
        let web = GrpcWebClientLayer::new().layer(http);
        let mut client = SignalingServiceClient::with_origin(web, Uri::from_static("http://wigwag.test"));
        let answer = client.listen(ListenRequest { hello: Some(hello) }).await?;
        let pusher = Pusher { client, session_token: String::new(), epoch: 0 };
        Ok(Self { down: Down::Rpc(Box::new(answer.into_inner())), up: Up::Calls(Box::new(pusher)) })
    }

    async fn socket(format: Format, dialer: &Dialer, hello: Hello) -> Result<Self, Status> {
        let (socket, up) = Socket::open(format, dialer).await?;
        send_hello(&up, hello);
        Ok(Self { down: Down::Socket(socket), up: Up::Stream(up) })
    }
}

/// Queues the hello. The queue is new, so it has space.
fn send_hello(up: &mpsc::Sender<ClientFrame>, hello: Hello) {
    let hello = ClientFrame { body: Some(client_frame::Body::Hello(hello)), ..ClientFrame::default() };
    let _ = up.try_send(hello);
}
