//! Operations: health and readiness, the rooms page, metrics, logging.

mod admin;
mod health;
mod logging;
mod metrics;
mod rooms_page;

pub use admin::admin_router;
pub use health::{Readiness, router};
pub use logging::init_logging;
pub use metrics::prometheus;
