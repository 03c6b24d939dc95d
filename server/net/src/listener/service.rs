//! What a listener passes requests to.

use std::error::Error as StdError;

use http::{Request, Response};
use wigwag_http2::WriteBody;

use super::IncomingBody;

/// A tower service that answers HTTP requests. Implemented for every service that meets the bounds.
pub trait HttpService:
    tower::Service<
        Request<IncomingBody>,
        Response = Response<Self::Body>,
        Error: Into<BoxError>,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The body of its responses.
    type Body: ResponseBody;
}

impl<S, B> HttpService for S
where
    S: tower::Service<Request<IncomingBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: ResponseBody,
{
    type Body = B;
}

/// A response body that both HTTP versions can send. Implemented for every [`WriteBody`] that meets the bounds.
pub trait ResponseBody: WriteBody<Error: Into<BoxError>> + Unpin + Send + 'static {}

impl<B> ResponseBody for B
where
    B: WriteBody + Unpin + Send + 'static,
    B::Error: Into<BoxError>,
{
}

/// Any error.
pub(super) type BoxError = Box<dyn StdError + Send + Sync>;
