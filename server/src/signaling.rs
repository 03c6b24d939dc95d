//! `wigwag.v1.SignalingService` over gRPC: one stream both ways, or a stream down and calls up.
//!
//! The routing is written by hand in place of the generated server, because frames are read and written by a codec of
//! ours that leaves payloads alone.

mod codec;
mod frames;
mod push;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::stream;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{Body as HttpBody, Service, StdError},
    server::{Grpc, NamedService, ServerStreamingService, StreamingService, UnaryService},
};
use wigwag_proto::v1 as pb;

use self::{
    codec::FrameCodec,
    frames::{FrameStream, Inbound},
};
use crate::{
    authz::{Action, Caller},
    connection::{Connection, Input},
    node::Node,
    wire::RawPush,
};

/// Over this a message is refused by the transport and the session ends for good.
pub(crate) const TRANSPORT_LIMIT: usize = 1 << 20;

/// The service. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SignalingDoor {
    node: Node,
}

impl SignalingDoor {
    pub(crate) fn new(node: Node) -> Self {
        Self { node }
    }
}

impl NamedService for SignalingDoor {
    const NAME: &'static str = pb::signaling_service_server::SERVICE_NAME;
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Infallible>> + Send>>;

impl<B> Service<http::Request<B>> for SignalingDoor
where
    B: HttpBody + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let door = self.clone();
        match request.uri().path() {
            "/wigwag.v1.SignalingService/Signal" => {
                let codec = FrameCodec::new(self.node.session().max_frame_bytes);
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.streaming(Signal(door), request).await) })
            }
            "/wigwag.v1.SignalingService/Listen" => {
                let codec = codec::DownCodec::<pb::ListenRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.server_streaming(Listen(door), request).await) })
            }
            "/wigwag.v1.SignalingService/Push" => {
                let codec = tonic_prost::ProstCodec::<pb::PushResponse, RawPush>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.unary(Push(door), request).await) })
            }
            "/wigwag.v1.SignalingService/GetIceServers" => {
                let codec = tonic_prost::ProstCodec::<pb::GetIceServersResponse, pb::GetIceServersRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.unary(IceServers(door), request).await) })
            }
            _ => Box::pin(async { Ok(Status::unimplemented("no such method of this service").into_http()) }),
        }
    }
}

type Call<T> = std::future::Ready<Result<Response<T>, Status>>;
type Async<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

struct Signal(SignalingDoor);

impl StreamingService<Input> for Signal {
    type Response = crate::wire::OutFrame;
    type ResponseStream = FrameStream<Inbound>;
    type Future = Call<Self::ResponseStream>;

    fn call(&mut self, request: Request<Streaming<Input>>) -> Self::Future {
        let caller = Caller::of(request.extensions());
        let input = Inbound::new(request.into_inner());
        let connection = Connection::new(self.0.node.clone(), caller, input);
        std::future::ready(Ok(Response::new(FrameStream::new(connection))))
    }
}

struct Listen(SignalingDoor);

impl ServerStreamingService<pb::ListenRequest> for Listen {
    type Response = crate::wire::OutFrame;
    type ResponseStream = FrameStream<stream::Pending<Option<Input>>>;
    type Future = Call<Self::ResponseStream>;

    fn call(&mut self, request: Request<pb::ListenRequest>) -> Self::Future {
        let caller = Caller::of(request.extensions());
        let hello = pb::Hello { resumable: true, ..request.into_inner().hello.unwrap_or_default() };
        let connection = Connection::with_hello(self.0.node.clone(), caller, stream::pending(), hello);
        std::future::ready(Ok(Response::new(FrameStream::new(connection))))
    }
}

struct Push(SignalingDoor);

impl UnaryService<RawPush> for Push {
    type Response = pb::PushResponse;
    type Future = Async<pb::PushResponse>;

    fn call(&mut self, request: Request<RawPush>) -> Self::Future {
        let node = self.0.node.clone();
        let caller = Caller::of(request.extensions());
        Box::pin(async move {
            let answer = push::push(node, caller, request.into_inner()).await;
            answer.map(Response::new).map_err(|fault| fault.to_status())
        })
    }
}

struct IceServers(SignalingDoor);

impl UnaryService<pb::GetIceServersRequest> for IceServers {
    type Response = pb::GetIceServersResponse;
    type Future = Call<pb::GetIceServersResponse>;

    fn call(&mut self, request: Request<pb::GetIceServersRequest>) -> Self::Future {
        let node = &self.0.node;
        let allowed = node.policy().allow(&Caller::of(request.extensions()), Action::IceServers, None);
        std::future::ready(match allowed {
            Ok(()) => {
                Ok(Response::new(pb::GetIceServersResponse { ice_servers: node.ice_servers(), expires_at: None }))
            }
            Err(fault) => Err(fault.to_status()),
        })
    }
}
