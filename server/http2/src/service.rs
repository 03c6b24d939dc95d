//! What a server implements: from a request to the future of its response.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;

use http::{Request, Response};

use crate::{RequestBody, WriteBody};

/// The future of a response. An error resets the stream with INTERNAL_ERROR.
pub type ResponseFuture<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Box<dyn StdError + Send + Sync>>> + Send>>;

/// Answers the requests of a connection.
///
/// Futures and bodies are polled by [`Connection::poll`](crate::Connection::poll), in the driver's task; a service that
/// needs a thread for long computations moves them there itself.
pub trait Service {
    /// The body of the responses.
    type Body: WriteBody + Unpin;

    /// Returns the response to a request. Called once for each request, as soon as its header section was received; the
    /// body follows in [`RequestBody`].
    ///
    /// The request of an extended CONNECT (RFC 8441) has a [`ConnectUpgrade`](crate::ConnectUpgrade) among its
    /// extensions.
    fn call(&self, request: Request<RequestBody>) -> ResponseFuture<Self::Body>;
}
