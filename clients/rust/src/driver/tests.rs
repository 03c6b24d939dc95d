//! The driver against a server played by the test, frame by frame, on a clock that only moves when all wait.

mod closing;
mod liveness;
mod reconnecting;
mod requests;
#[cfg(feature = "seal")]
mod sealing;
mod server;
