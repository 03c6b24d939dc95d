//! The driver against a server the test plays, frame by frame, on a paused clock.

mod closing;
mod liveness;
mod reconnecting;
mod requests;
#[cfg(feature = "seal")]
mod sealing;
mod server;
