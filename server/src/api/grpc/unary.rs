//! What the services that tonic generates have in common: who calls, and how an answer becomes a response.

use tonic::{Request, Response, Status};
use wigwag_node::{auth::Caller, error::ApiError};

use super::status::to_status;

pub(super) type GrpcResult<T> = Result<Response<T>, Status>;

/// Returns the response of a call.
pub(super) fn respond<T>(result: Result<T, ApiError>) -> GrpcResult<T> {
    result.map(Response::new).map_err(|error| to_status(&error))
}

/// Returns who calls, and the request's message.
pub(super) fn parts<T>(request: Request<T>) -> (Caller, T) {
    // The router inserts the caller; without one a request is treated as remote.
    let caller = request.extensions().get::<Caller>().cloned().unwrap_or_default();
    (caller, request.into_inner())
}
