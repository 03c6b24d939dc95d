//! Operations: health and readiness, the rooms page, metrics, logging.

use axum::http::{Extensions, HeaderMap};
use wigwag_node::auth::Caller;

mod admin;
mod health;
mod log_writer;
mod logging;
mod metrics;
mod rooms_page;

pub use admin::{admin_router, for_operators};
pub use health::{Readiness, router};
pub use logging::{flush_log, init_logging, log_lines_dropped, print_error};
pub use metrics::prometheus;

/// Returns who calls: the token of a request and the certificate of its connection, not verified yet.
pub type CallerOf = fn(&Extensions, &HeaderMap) -> Caller;
