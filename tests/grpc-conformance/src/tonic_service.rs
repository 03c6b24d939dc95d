//! The service as tonic serves it.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, BufMut as _, Bytes};
use futures_util::StreamExt as _;
use http::HeaderMap;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::{Body as HttpBody, Service, StdError},
    server::{Grpc, NamedService, ServerStreamingService, StreamingService},
};

use crate::service::{Answer, Messages, Method, answer};

/// `ConformanceService`, served by tonic.
#[derive(Clone, Debug)]
pub(crate) struct Conformance {
    /// Largest message that is accepted, in bytes.
    pub(crate) limit: usize,
}

impl NamedService for Conformance {
    const NAME: &'static str = "connectrpc.conformance.v1.ConformanceService";
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<B> Service<http::Request<B>> for Conformance
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let mut grpc = Grpc::new(BytesCodec).max_decoding_message_size(self.limit);
        let Some(method) = Method::of_path(request.uri().path()) else {
            return Box::pin(async { Ok(Status::unimplemented("not implemented").into_http()) });
        };
        let call = Call { method, headers: request.headers().clone() };
        Box::pin(async move {
            Ok(if method.has_one_request() {
                grpc.server_streaming(call, request).await
            } else {
                grpc.streaming(call, request).await
            })
        })
    }
}

/// One call: its request is answered by the service.
struct Call {
    method: Method,
    headers: HeaderMap,
}

impl Call {
    fn answer(&self, requests: Messages) -> BoxFuture<Result<Response<Messages>, Status>> {
        let (method, headers) = (self.method, self.headers.clone());
        Box::pin(async move {
            let Answer { headers, messages } = answer(method, &headers, requests).await;
            let mut response = Response::new(messages);
            *response.metadata_mut() = headers;
            Ok(response)
        })
    }
}

impl ServerStreamingService<Bytes> for Call {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = BoxFuture<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        self.answer(futures_util::stream::iter([Ok(request.into_inner())]).boxed())
    }
}

impl StreamingService<Bytes> for Call {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = BoxFuture<Result<Response<Messages>, Status>>;

    fn call(&mut self, request: Request<Streaming<Bytes>>) -> Self::Future {
        self.answer(request.into_inner().boxed())
    }
}

/// Passes encoded messages through.
struct BytesCodec;

impl Codec for BytesCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for BytesCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let len = message.remaining();
        Ok(Some(message.copy_to_bytes(len)))
    }
}
