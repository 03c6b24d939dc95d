//! One interface to a connection over any transport.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::SocketAddr;

use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic_web::{GrpcWebCall, GrpcWebClientService};
use wigwag_proto::v1::{
    ClientFrame, ErrorFrame, Hello, ListenRequest, Pong, PushRequest, ServerFrame, Welcome, client_frame::Body as Up,
    server_frame::Body as Down, signaling_service_client::SignalingServiceClient,
};

use crate::{
    client::{Client as Socket, JSON, PROTO},
    running::soon,
};

type WebClient = SignalingServiceClient<GrpcWebClientService<Client<HttpConnector, GrpcWebCall<tonic::body::Body>>>>;

/// A transport of the signaling API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// `Signal` over gRPC.
    Signal,
    /// `Listen` and `Push` over gRPC-Web.
    Web,
    /// `/v1/signal` in protobuf JSON.
    Json,
    /// `/v1/signal` in binary.
    Proto,
}

pub(crate) const TRANSPORTS: [Transport; 4] = [Transport::Signal, Transport::Web, Transport::Json, Transport::Proto];

/// An open connection, after its welcome.
pub(crate) struct Connection {
    channel: Channel,
    pub(crate) welcome: Welcome,
    /// The `ack` of the welcome.
    pub(crate) applied: u32,
}

enum Channel {
    Signal { up: mpsc::Sender<ClientFrame>, down: Streaming<ServerFrame> },
    Web { client: Box<WebClient>, down: Streaming<ServerFrame>, token: String, epoch: u32 },
    Socket(Box<Socket>),
}

impl Connection {
    /// Opens a connection and sends the hello. Returns the fatal error if the server refuses it.
    pub(crate) async fn open(transport: Transport, addr: SocketAddr, hello: Hello) -> Result<Self, ErrorFrame> {
        let mut channel = Channel::open(transport, addr, hello).await;
        let first = channel.frame().await;
        match first.body {
            Some(Down::Welcome(welcome)) => {
                if let Channel::Web { token, epoch, .. } = &mut channel {
                    (*token, *epoch) = (welcome.session_token.clone(), welcome.epoch);
                }
                Ok(Self { channel, welcome, applied: first.ack })
            }
            Some(Down::Error(error)) => Err(error),
            other => panic!("the first frame is {other:?}"),
        }
    }

    /// Sends a frame as it is.
    pub(crate) async fn send(&mut self, frame: ClientFrame) {
        match &mut self.channel {
            Channel::Signal { up, .. } => up.send(frame).await.expect("an open stream"),
            Channel::Web { client, token, epoch, .. } => {
                let request = PushRequest { session_token: token.clone(), epoch: *epoch, frames: vec![frame] };
                soon("the answer of a push", client.push(request)).await.expect("the push is taken");
            }
            Channel::Socket(socket) => socket.send(frame.seq, frame.ack, frame.body).await,
        }
    }

    /// Returns the next frame with a body. Answers pings.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = self.channel.frame().await;
            match frame.body {
                None => {}
                Some(Down::Ping(_)) => {
                    self.send(ClientFrame { body: Some(Up::Pong(Pong {})), ..ClientFrame::default() }).await;
                }
                Some(_) => return frame,
            }
        }
    }

    /// Reads until the server ends the connection.
    pub(crate) async fn ends(mut self) {
        match &mut self.channel {
            Channel::Signal { down, .. } | Channel::Web { down, .. } => {
                while soon("the end of the stream", down.message()).await.is_ok_and(|frame| frame.is_some()) {}
            }
            Channel::Socket(socket) => drop(socket.closed().await),
        }
    }
}

impl Channel {
    async fn open(transport: Transport, addr: SocketAddr, hello: Hello) -> Self {
        match transport {
            Transport::Signal => {
                let (up, queue) = mpsc::channel(64);
                let first = ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() };
                up.send(first).await.expect("the queue has room");
                let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{addr}")).expect("a URL");
                let channel = soon("a connection", endpoint.connect()).await.expect("connects");
                let mut client = SignalingServiceClient::new(channel);
                let answer = soon("the stream", client.signal(ReceiverStream::new(queue))).await;
                Self::Signal { up, down: answer.expect("a stream").into_inner() }
            }
            Transport::Web => {
                let http = Client::builder(TokioExecutor::new()).build_http();
                let origin = format!("http://{addr}").parse().expect("a URL");
                let mut client = SignalingServiceClient::with_origin(GrpcWebClientService::new(http), origin);
                let answer = soon("the stream", client.listen(ListenRequest { hello: Some(hello) })).await;
                let down = answer.expect("a stream").into_inner();
                Self::Web { client: Box::new(client), down, token: String::new(), epoch: 0 }
            }
            Transport::Json | Transport::Proto => {
                let mut socket = Socket::connect(addr, if transport == Transport::Json { JSON } else { PROTO }).await;
                socket.send(0, 0, Some(Up::Hello(hello))).await;
                Self::Socket(Box::new(socket))
            }
        }
    }

    async fn frame(&mut self) -> ServerFrame {
        match self {
            Self::Signal { down, .. } | Self::Web { down, .. } => {
                soon("a frame", down.message()).await.expect("no status").expect("a frame")
            }
            Self::Socket(socket) => socket.frame().await.expect("the socket goes on"),
        }
    }
}
