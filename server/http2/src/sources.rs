//! The bits of a connection's [`WakeSet`](wigwag_poll::WakeSet) that belong to its driver; the others belong to streams.

/// The socket may be readable.
pub const READABLE: u64 = 1;
/// The socket may be writable again.
pub const WRITABLE: u64 = 1 << 1;
/// A timer of the driver has expired.
pub const TIMER: u64 = 1 << 2;
/// All three. Any other bit belongs to streams and is passed to [`Connection::poll`](crate::Connection::poll).
pub const ALL: u64 = READABLE | WRITABLE | TIMER;
