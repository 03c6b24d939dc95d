//! What the process does on signals.
//!
//! | signal | effect |
//! |---|---|
//! | SIGTERM, SIGINT, SIGQUIT | drains and ends; a second one ends the process at once |
//! | SIGHUP | ignored with a log line; if the server was started from a terminal, which has been closed: drains and ends |
//! | SIGUSR1, SIGUSR2 | ignored with a log line |
//! | SIGXFSZ | ignored: the write that would make a file larger than `ulimit -f` fails, which the log allows for |

use std::future::{Future, poll_fn};
use std::io::{self, IsTerminal as _, stdin};
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ops;

/// Exit code after a second signal: 128 + SIGINT, as a shell reports it.
const EXIT_INTERRUPTED: i32 = 130;

/// Handles signals from now on. The future resolves at the first one that stops the server, such as SIGTERM. Another one
/// ends the process at once, with exit code 130.
///
/// # Errors
///
/// The error of sigaction(2).
pub fn termination() -> io::Result<impl Future<Output = ()>> {
    let mut signals = Signals::install(stdin().is_terminal())?;
    // The handler stays when the stream is dropped. There is no log line, since it is the log that is too large.
    drop(signal(SignalKind::from_raw(SIGXFSZ))?);
    Ok(async move {
        let name = signals.next_stop().await;
        tracing::info!(signal = name, "stopping");
        tokio::spawn(async move {
            let name = signals.next_stop().await;
            tracing::warn!(signal = name, "second signal: stopping at once");
            ops::flush_log();
            std::process::exit(EXIT_INTERRUPTED);
        });
    })
}

/// The number of SIGXFSZ on the systems that this server is built for, which by default ends a process.
const SIGXFSZ: i32 = 25;

/// What a signal makes the process do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Drains and ends it.
    Stop,
    /// Nothing, which a log line with this text says. By default these signals end a process at once, without a drain.
    Ignore(&'static str),
}

const NO_RELOAD: &str = "signal ignored: settings are read at the start only, files of [tls] again; restart the server \
                         to apply others";
const NO_EFFECT: &str = "signal ignored: it has no meaning here";

/// The signals with their names and effects. From a terminal, SIGHUP says that it has been closed; a service manager
/// sends it to have settings read again.
fn effects(terminal: bool) -> [(SignalKind, &'static str, Effect); 6] {
    let hangup = if terminal { Effect::Stop } else { Effect::Ignore(NO_RELOAD) };
    [
        (SignalKind::interrupt(), "SIGINT", Effect::Stop),
        (SignalKind::terminate(), "SIGTERM", Effect::Stop),
        (SignalKind::quit(), "SIGQUIT", Effect::Stop),
        (SignalKind::hangup(), "SIGHUP", hangup),
        (SignalKind::user_defined1(), "SIGUSR1", Effect::Ignore(NO_EFFECT)),
        (SignalKind::user_defined2(), "SIGUSR2", Effect::Ignore(NO_EFFECT)),
    ]
}

struct Signals(Vec<(Signal, &'static str, Effect)>);

impl Signals {
    fn install(terminal: bool) -> io::Result<Self> {
        let install = |(kind, name, effect)| Ok((signal(kind)?, name, effect));
        effects(terminal).into_iter().map(install).collect::<io::Result<_>>().map(Self)
    }

    /// Waits for a signal that stops the server and returns its name.
    async fn next_stop(&mut self) -> &'static str {
        loop {
            match poll_fn(|cx| self.poll_signal(cx)).await {
                (name, Effect::Stop) => return name,
                (name, Effect::Ignore(why)) => tracing::warn!(signal = name, "{why}"),
            }
        }
    }

    fn poll_signal(&mut self, cx: &mut Context<'_>) -> Poll<(&'static str, Effect)> {
        for (signal, name, effect) in &mut self.0 {
            if signal.poll_recv(cx).is_ready() {
                return Poll::Ready((*name, *effect));
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hangup_stops_a_server_that_was_started_from_a_terminal_alone() {
        let hangup = |terminal| effects(terminal).into_iter().find(|(_, name, _)| *name == "SIGHUP").map(|row| row.2);
        assert_eq!(hangup(true), Some(Effect::Stop));
        assert_eq!(hangup(false), Some(Effect::Ignore(NO_RELOAD)));
    }
}
