//! Building blocks for futures that poll several sources by hand.
//!
//! [`WakeSet`] records which source woke a task, so that the task polls only that one. [`ShortQueue`] holds its first
//! element inline, so that a queue that is empty or holds one element allocates nothing. Both serve connections, of
//! which a server holds many thousand: they are small when idle and cheap when busy.

#![forbid(unsafe_code)]

mod short_queue;
#[cfg(any(test, feature = "test-util"))]
mod wake_count;
mod wake_set;

pub use short_queue::ShortQueue;
#[cfg(any(test, feature = "test-util"))]
pub use wake_count::WakeCount;
pub use wake_set::WakeSet;
