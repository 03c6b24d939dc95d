//! Converts errors of the API to gRPC statuses.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use wigwag_node::error::{ApiError, DOMAIN};

/// Converts an error to a status with `ErrorInfo` and, where they apply, `RetryInfo` and `BadRequest`.
pub(crate) fn to_status(error: &ApiError) -> Status {
    let metadata: HashMap<String, String> =
        error.metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut details = ErrorDetails::with_error_info(error.reason, DOMAIN, metadata);
    if error.retry_after_ms > 0 {
        details.set_retry_info(Some(Duration::from_millis(error.retry_after_ms.into())));
    }
    if let Some((_, field)) = error.metadata.iter().find(|(key, _)| *key == "field") {
        details.add_bad_request_violation(field.clone(), error.message.clone());
    }
    Status::with_error_details(Code::from_i32(error.code as i32), error.message.clone(), details)
}
