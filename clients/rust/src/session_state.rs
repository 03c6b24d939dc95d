//! The state of a session.

/// Whether a session has a connection.
///
/// ```no_run
/// # fn example(session: wigwag_client::Session) {
/// use wigwag_client::SessionState;
///
/// let light = match session.state() {
///     SessionState::Online => "green",
///     SessionState::Reconnecting => "yellow",
///     _ => "red",
/// };
/// println!("{light}");
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionState {
    /// Connected.
    Online,
    /// The connection was lost and the client is reconnecting. Anything sent now goes out once it has reconnected.
    Reconnecting,
    /// The session has ended.
    Closed,
}
