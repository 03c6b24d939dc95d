//! Operations: health and readiness, the rooms page, metrics, logging.

mod admin;
mod health;
mod log_writer;
mod logging;
mod metrics;
mod rooms_page;

pub use admin::admin_router;
pub use health::{Readiness, router};
pub use logging::{flush_log, init_logging, log_lines_dropped, print_error};
pub use metrics::prometheus;
