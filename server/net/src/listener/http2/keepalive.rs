//! Pings to a silent peer.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};
use wigwag_http2::{Connection, Service};

use crate::late_timer::LateTimer;

/// How often in an interval the timer looks for input. The time of each read is not recorded, since reading the clock
/// costs more than this.
const LOOKS: u32 = 4;

/// Pings a peer that was silent for the interval, or up to a quarter longer, and gives the connection up without an
/// answer.
pub(super) struct PingTimer {
    sleep: Pin<Box<Sleep>>,
    interval: Duration,
    timeout: Duration,
    /// How often in succession there was no input.
    silent: u32,
    late: LateTimer,
}

impl PingTimer {
    pub(super) fn new(interval: Duration, timeout: Duration) -> Self {
        Self { sleep: Box::pin(sleep(interval / LOOKS)), interval, timeout, silent: 0, late: LateTimer::default() }
    }

    /// Ready when the peer did not answer a ping. `write_progress`: the peer has read bytes since the last call.
    pub(super) fn poll<S: Service>(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection<S>,
        write_progress: bool,
    ) -> Poll<()> {
        while self.sleep.as_mut().poll(cx).is_ready() {
            let mut wait = self.interval / LOOKS;
            let late = Instant::now().saturating_duration_since(self.sleep.deadline());
            if connection.take_received() || write_progress {
                self.silent = 0;
                self.late.reset();
            } else if self.silent == LOOKS && self.late.excuses(late) {
                wait = self.timeout;
            } else if self.silent == LOOKS {
                return Poll::Ready(());
            } else {
                self.silent += 1;
                if self.silent == LOOKS {
                    connection.ping();
                    wait = self.timeout;
                }
            }
            self.sleep.as_mut().reset(Instant::now() + wait);
        }
        Poll::Pending
    }
}
