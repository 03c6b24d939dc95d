//! The bits that a connection's driver owns in its [`WakeSet`](wigwag_poll::WakeSet), beside those of the streams.

/// The bytes that come in: wake it when the socket may be readable.
pub const INPUT: u64 = 1;
/// Room for the bytes that go out: wake it when the socket has taken what was sent.
pub const ROOM: u64 = 1 << 1;
/// The clock: wake it when a timer of the driver has expired.
pub const CLOCK: u64 = 1 << 2;
/// All three. Any other bit belongs to streams and is passed to [`Connection::poll`](crate::Connection::poll).
pub const ALL: u64 = INPUT | ROOM | CLOCK;
