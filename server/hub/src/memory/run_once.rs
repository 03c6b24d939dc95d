//! Runs a request with a request id once.

use super::{
    lock::lock,
    responses::{CachedResponse, Method, ResponseKey},
    shared::{Expired, Shared},
};
use crate::{backend::RequestId, error::RoomError, time::Now};

impl Shared {
    /// Runs a request once per key: a repetition returns the first response, and another request with the same key is
    /// refused. Requests without an id always run. Failures are not cached.
    pub(super) fn run_once<T: Clone>(
        &self,
        now: Now,
        method: Method,
        request_id: Option<RequestId>,
        unwrap: impl FnOnce(&CachedResponse) -> Option<T>,
        wrap: impl FnOnce(T) -> CachedResponse,
        run: impl FnOnce() -> Result<T, RoomError>,
    ) -> Result<T, RoomError> {
        let Some(RequestId { caller, id, digest }) = request_id else { return run() };
        let key = ResponseKey { caller, method, id };
        let slot = self.responses.slot(&key, self.limits.request_id_bytes)?;
        let mut response = lock(&slot.response);
        if let Some((first, response)) = &*response {
            let found = if *first == digest { unwrap(response) } else { None };
            return found.ok_or(RoomError::RequestIdReused);
        }
        match run() {
            Ok(answer) => {
                let cached = wrap(answer.clone());
                self.responses.charge(&slot, cached.weight());
                *response = Some((digest, cached));
                self.timers.set(now.mono_ms + self.limits.request_id_ms, Expired::CachedResponse(key));
                Ok(answer)
            }
            Err(error) => {
                drop(response);
                self.responses.release_unused(&key, slot);
                Err(error)
            }
        }
    }
}
