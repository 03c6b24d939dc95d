//! A `Signal` stream whose client sends bytes, whatever they are.

#![allow(dead_code, reason = "each test file uses a part of this")]

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Request, Status, Streaming};
use wigwag_proto::v1::{
    ClientFrame, Hello, ServerFrame, Welcome, client_frame::Body as Up, server_frame::Body as Down,
};

use crate::frames::reason;
use crate::node::{Node, channel_of, soon};

pub(crate) struct Raw {
    up: mpsc::Sender<Vec<u8>>,
    down: Streaming<ServerFrame>,
    pub(crate) welcome: Welcome,
}

/// A session opened with this hello.
pub(crate) async fn open(node: &Node, hello: Hello) -> Raw {
    let hello = ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() };
    let (up, mut down) = stream(node, encode(&hello)).await;
    let first = soon("a welcome", down.message()).await.expect("no status").expect("a frame");
    let Some(Down::Welcome(welcome)) = first.body else { panic!("no welcome: {first:?}") };
    Raw { up, down, welcome }
}

/// The reason of the fatal error that these first bytes are answered with.
pub(crate) async fn refused(node: &Node, bytes: Vec<u8>) -> String {
    let (_up, mut down) = stream(node, bytes).await;
    expect_fatal(&mut down).await
}

pub(crate) fn encode(message: &impl Message) -> Vec<u8> {
    message.encode_to_vec()
}

impl Raw {
    pub(crate) async fn send(&mut self, bytes: Vec<u8>) {
        let _ = self.up.send(bytes).await;
    }

    pub(crate) async fn send_frame(&mut self, frame: ClientFrame) {
        self.send(encode(&frame)).await;
    }

    /// The next numbered frame.
    pub(crate) async fn next(&mut self) -> ServerFrame {
        loop {
            let frame = soon("a frame", self.down.message()).await.expect("no status").expect("a frame");
            if frame.seq > 0 {
                return frame;
            }
        }
    }

    /// Expects a fatal error and the same reason in the status after it. Returns the reason.
    pub(crate) async fn expect_fatal(&mut self) -> String {
        expect_fatal(&mut self.down).await
    }
}

async fn stream(node: &Node, first: Vec<u8>) -> (mpsc::Sender<Vec<u8>>, Streaming<ServerFrame>) {
    let mut grpc = Grpc::new(channel_of(node.addr).await);
    grpc.ready().await.expect("open");
    let (up, queue) = mpsc::channel(64);
    up.send(first).await.expect("the queue has room");
    let path = PathAndQuery::from_static("/wigwag.v1.SignalingService/Signal");
    let call = grpc.streaming(Request::new(ReceiverStream::new(queue)), path, Bytes);
    (up, soon("the stream", call).await.expect("a stream").into_inner())
}

async fn expect_fatal(down: &mut Streaming<ServerFrame>) -> String {
    loop {
        let frame = soon("a frame", down.message()).await.expect("no status yet").expect("not the end yet");
        let Some(Down::Error(error)) = frame.body else { continue };
        assert!(error.fatal && frame.seq == 0, "{error:?}");
        let status = soon("the end", down.message()).await.expect_err("a status");
        assert_eq!(reason(&status), error.reason);
        return error.reason;
    }
}

/// Bytes up, frames down.
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = ServerFrame;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put_slice(out, &item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = ServerFrame;
    type Error = Status;

    fn decode(&mut self, src: &mut DecodeBuf<'_>) -> Result<Option<ServerFrame>, Status> {
        ServerFrame::decode(src).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}
