//! The service as the framing of `Signal` serves it.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream as _, StreamExt as _, stream};
use http::{Request, Response};
use tonic::{
    Status,
    body::Body,
    codegen::{Body as HttpBody, Service, StdError},
    server::NamedService,
};
use wigwag_server::api::grpc::framing::{
    MessageSource, NativeService, RequestMessages, ResponseMessages, only_message,
};

use crate::{
    service::{Answer, Messages, Method, answer},
    tonic_service::Conformance,
};

/// `ConformanceService`, served by the framing of `Signal`, by the fast path and through the router.
#[derive(Clone, Debug)]
pub(crate) struct FramedConformance {
    /// Largest message that is accepted, in bytes.
    pub(crate) limit: usize,
}

impl NamedService for FramedConformance {
    const NAME: &'static str = Conformance::NAME;
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<B> NativeService<B> for FramedConformance
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Messages = Responses;
    type Future = BoxFuture<Response<ResponseMessages<Responses>>>;

    fn has_native(&self, path: &str) -> bool {
        Method::of_path(path).is_some()
    }

    fn call_native(&self, request: Request<B>) -> Self::Future {
        let limit = self.limit;
        let (head, body) = request.into_parts();
        Box::pin(async move {
            let answer = match Method::of_path(head.uri.path()) {
                None => Answer::failed(Status::unimplemented("not implemented")),
                Some(method) if method.has_one_request() => match only_message(body, limit).await {
                    Ok(message) => answer(method, &head.headers, stream::iter([Ok(message)]).boxed()).await,
                    Err(error) => Answer::failed(error.into()),
                },
                Some(method) => {
                    let requests = RequestMessages::new(body, limit).map(|message| message.map_err(Status::from));
                    answer(method, &head.headers, requests.boxed()).await
                }
            };
            let Answer { headers, messages } = answer;
            let mut response = ResponseMessages::response(Responses(messages));
            response.headers_mut().extend(headers.into_headers());
            response
        })
    }
}

impl<B> Service<Request<B>> for FramedConformance
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.call_native(request).map(|response| Ok(response.map(Body::new))).boxed()
    }
}

/// The messages of a response, already encoded.
pub(crate) struct Responses(Messages);

impl MessageSource for Responses {
    type Message = Bytes;
    type Error = Status;

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        Pin::new(&mut self.0).poll_next(cx)
    }

    fn status(error: Status) -> Status {
        error
    }
}
