//! Bounds Engine.IO sessions whose clients have not connected to a namespace: until then they are not counted as sessions.

use std::sync::{Arc, Mutex, PoisonError};

use wigwag_node::quota::{Place, Quota};

/// The Engine.IO sessions that are counted. Each takes about 10 KiB, for as long as a client has for its first frame
/// (`session.hello_timeout_ms`). An honest client needs one for a round trip. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Handshakes(Quota<u64>);

impl Handshakes {
    /// Counts up to `max` of them, of which a source may have `max_per_source`.
    pub(super) fn new(max: usize, max_per_source: usize) -> Self {
        Self(Quota::new(max, max_per_source))
    }

    /// Counts a session from a source, or returns `None` if there are too many.
    pub(super) fn begin(&self, source: u64) -> Option<Handshake> {
        let place = self.0.take(&source)?;
        Some(Handshake(Arc::new(Counted { quota: self.0.clone(), source, place: Mutex::new(Some(place)) })))
    }
}

/// The place of one Engine.IO session. It is with the request that opened the session, which is kept as long as that.
#[derive(Clone, Debug)]
pub(super) struct Handshake(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    quota: Quota<u64>,
    source: u64,
    place: Mutex<Option<Place<u64>>>,
}

impl Handshake {
    /// The client has connected: it has a session of the node, which has its own limits.
    pub(super) fn connected(&self) {
        self.0.set(None);
    }

    /// The client has left the namespace: the Engine.IO session may stay.
    pub(super) fn left(&self) {
        self.0.set(Some(self.0.quota.take_anyway(&self.0.source)));
    }
}

impl Counted {
    fn set(&self, place: Option<Place<u64>>) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}
