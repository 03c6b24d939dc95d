//! The signals that end a server.

use std::future::Future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code after a second signal: that of a program ended by SIGINT.
const FORCED: i32 = 130;

/// Resolves at the first SIGINT or SIGTERM. A second one ends the process at once, with exit code 130.
///
/// # Errors
///
/// When the system does not let the process listen for signals.
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        either(&mut interrupt, &mut terminate).await;
        tokio::spawn(async move {
            either(&mut interrupt, &mut terminate).await;
            tracing::warn!("second signal: stopping at once");
            std::process::exit(FORCED);
        });
    })
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
