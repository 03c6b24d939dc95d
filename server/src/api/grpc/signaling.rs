//! `wigwag.v1.SignalingService` over gRPC: `Signal` in both directions, or `Listen` downstream and `Push` upstream.
//!
//! The methods are dispatched by hand instead of by the generated server, because frames are encoded and decoded without
//! touching payloads. The messages of `Signal` and `Listen` are framed by [`framing`](super::framing); tonic does the rest.

mod frames;
mod push;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::stream;
use http::header::AUTHORIZATION;
use prost::Message as _;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Body as HttpBody, Service, StdError},
    server::{Grpc, NamedService, UnaryService},
};
use wigwag_node::{
    auth::{Action, Caller},
    connection::{Connection, Input},
    error::ApiError,
    frame::{RawPush, TRANSPORT_LIMIT},
    ice::IceUser,
    node::Node,
};
use wigwag_proto::v1 as pb;

use self::frames::{RequestFrames, unreadable_status};
use crate::{
    api::grpc::{
        framing::{NativeService, ResponseMessages, only_message},
        status::to_status,
    },
    web::{abort, grpc_caller, with_webhook_headers},
};

/// The method `Signal`, whose messages form a stream.
pub(super) const SIGNAL: &str = "/wigwag.v1.SignalingService/Signal";

/// The gRPC service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SignalingServer {
    node: Node,
}

impl SignalingServer {
    /// Creates the service of a node.
    pub fn new(node: Node) -> Self {
        Self { node }
    }

    /// Returns the response to a call of `Signal` that declares no compression.
    fn signal<B>(&self, request: http::Request<B>) -> http::Response<ResponseMessages<Connection<RequestFrames<B>>>>
    where
        B: HttpBody<Data = Bytes> + Unpin,
    {
        let request = match self.node.policy().webhook() {
            // It has not come through the router, which does so for all others.
            Some(webhook) if !webhook.headers.is_empty() => with_webhook_headers(&webhook.headers, request),
            _ => request,
        };
        let (head, body) = request.into_parts();
        let (caller, abort) = (called_by(&head), abort(&head.extensions));
        let input = RequestFrames::new(body, self.node.session().max_frame_bytes);
        ResponseMessages::response(Connection::new(self.node.clone(), caller, abort, input))
    }

    /// Returns the response to a call of `Listen`, whose frames are written as those of `Signal` are.
    async fn listen<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<ResponseMessages<Connection<stream::Pending<Option<Input>>>>>, Status>
    where
        B: HttpBody<Data = Bytes, Error: Into<StdError>> + Unpin,
    {
        let (head, body) = request.into_parts();
        let message = only_message(body, TRANSPORT_LIMIT).await.map_err(unreadable_status)?;
        let request = pb::ListenRequest::decode(message).map_err(|error| Status::internal(error.to_string()))?;
        let (caller, abort) = (called_by(&head), abort(&head.extensions));
        let hello = pb::Hello { resumable: true, ..request.hello.unwrap_or_default() };
        let connection = Connection::with_hello(self.node.clone(), caller, abort, stream::pending(), hello);
        Ok(ResponseMessages::response(connection))
    }
}

impl NamedService for SignalingServer {
    const NAME: &'static str = pb::signaling_service_server::SERVICE_NAME;
}

impl<B> NativeService<B> for SignalingServer
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    type Messages = Connection<RequestFrames<B>>;
    type Future = Ready<http::Response<ResponseMessages<Self::Messages>>>;

    fn has_native(&self, path: &str) -> bool {
        path == SIGNAL
    }

    fn call_native(&self, request: http::Request<B>) -> Self::Future {
        ready(self.signal(request))
    }
}

type ResponseFuture<T> = Pin<Box<dyn Future<Output = Result<T, Infallible>> + Send>>;

impl<B> Service<http::Request<B>> for SignalingServer
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = ResponseFuture<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let server = self.clone();
        match request.uri().path() {
            SIGNAL => {
                let response = server.signal(request).map(Body::new);
                Box::pin(async { Ok(response) })
            }
            "/wigwag.v1.SignalingService/Listen" => Box::pin(async move {
                let response = server.listen(request).await;
                Ok(response.map_or_else(Status::into_http, |response| response.map(Body::new)))
            }),
            "/wigwag.v1.SignalingService/Push" => {
                let codec = tonic_prost::ProstCodec::<pb::PushResponse, RawPush>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.unary(Push(server), request).await) })
            }
            "/wigwag.v1.SignalingService/GetIceServers" => {
                let codec = tonic_prost::ProstCodec::<pb::GetIceServersResponse, pb::GetIceServersRequest>::default();
                let mut grpc = Grpc::new(codec).max_decoding_message_size(TRANSPORT_LIMIT);
                Box::pin(async move { Ok(grpc.unary(IceServers(server), request).await) })
            }
            _ => {
                Box::pin(async { Ok(Status::unimplemented("SignalingService does not have this method").into_http()) })
            }
        }
    }
}

/// Returns the caller of a call whose messages are framed here.
fn called_by(head: &http::request::Parts) -> Caller {
    grpc_caller(&head.extensions, head.headers.get(AUTHORIZATION).map(|value| value.as_bytes()))
}

/// Returns the caller of a call that tonic has read.
fn caller_of<T>(request: &Request<T>) -> Caller {
    grpc_caller(request.extensions(), request.metadata().get(AUTHORIZATION.as_str()).map(|value| value.as_bytes()))
}

type Async<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

struct Push(SignalingServer);

impl UnaryService<RawPush> for Push {
    type Response = pb::PushResponse;
    type Future = Async<pb::PushResponse>;

    fn call(&mut self, request: Request<RawPush>) -> Self::Future {
        let node = self.0.node.clone();
        let caller = caller_of(&request);
        Box::pin(async move {
            let answer = push::push(node, caller, request.into_inner()).await;
            answer.map(Response::new).map_err(|error| to_status(&error))
        })
    }
}

struct IceServers(SignalingServer);

impl UnaryService<pb::GetIceServersRequest> for IceServers {
    type Response = pb::GetIceServersResponse;
    type Future = Async<pb::GetIceServersResponse>;

    fn call(&mut self, request: Request<pb::GetIceServersRequest>) -> Self::Future {
        let (node, caller) = (self.0.node.clone(), caller_of(&request));
        Box::pin(async move {
            let servers = ice_servers(&node, &caller).await.map_err(|error| to_status(&error))?;
            let expires_at = servers.expires_at_ms.map(wigwag_node::frame::timestamp);
            Ok(Response::new(pb::GetIceServersResponse { ice_servers: servers.servers, expires_at }))
        })
    }
}

/// Returns the ICE servers for a caller. Without authentication the caller has no name.
async fn ice_servers(node: &Node, caller: &Caller) -> Result<wigwag_node::ice::IceServers, ApiError> {
    let caller = node.identify_client(caller).await?;
    node.policy().allow(&caller, Action::IceServers, None)?;
    Ok(node.ice_servers(&IceUser::of(caller.identity.as_deref(), "")).await)
}
