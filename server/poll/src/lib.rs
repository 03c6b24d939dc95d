//! Building blocks for futures that poll several sources by hand.
//!
//! [`WakeSet`] records which sources woke a task, so that the task polls only those. [`ShortQueue`] holds its first element
//! inline, so that a queue of up to one element does not allocate. [`SendProgress`] and [`SendMarks`] tell which frames of a
//! connection the kernel has taken. All are for connections, of which a server holds many thousands: small when idle, cheap
//! when busy.

#![forbid(unsafe_code)]

mod send_progress;
mod short_queue;
#[cfg(any(test, feature = "test-util"))]
mod wake_count;
mod wake_set;

pub use send_progress::{SendMarks, SendProgress};
pub use short_queue::ShortQueue;
#[cfg(any(test, feature = "test-util"))]
pub use wake_count::WakeCount;
pub use wake_set::WakeSet;
