//! What all connections of a listener share.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{ListenerConfig, ListenerStats};

/// State shared by all connections of a listener.
pub(super) struct Shared {
    pub(super) settings: ListenerConfig,
    pub(super) stats: Arc<ListenerStats>,
    pub(super) stop: CancellationToken,
}
