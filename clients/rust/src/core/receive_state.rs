//! Frames from the server: which were received, which are delivered to the application, which are acknowledged.

use std::time::Duration;

/// Delivered frames after which an acknowledgment is due at once.
pub(crate) const ACK_FRAMES: u32 = 32;
/// Delivered bytes after which an acknowledgment is due at once (64 KiB).
pub(crate) const ACK_BYTES: usize = 64 << 10;
/// How long an acknowledgment may wait for a frame that carries it: the longest that the protocol allows.
const ACK_DELAY: Duration = Duration::from_secs(2);
/// The same for an envelope whose sender waits for a receipt.
const RECEIPT_ACK_DELAY: Duration = Duration::from_millis(50);

/// Counters of the server's numbered frames.
#[derive(Debug, Default)]
pub(crate) struct ReceiveState {
    /// The last frame that arrived in order.
    received: u32,
    /// The last frame whose events are all delivered to the application.
    delivered: u32,
    /// The last acknowledgment that was sent.
    acked: u32,
    frames: u32,
    bytes: usize,
    /// Whether the sender of one of them waits for a receipt.
    receipt: bool,
}

/// What a frame's number says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Next in order, or unnumbered.
    New,
    /// Received before.
    Duplicate,
    /// Frames before it are missing.
    Gap { expected: u32 },
}

impl ReceiveState {
    pub(crate) fn accept(&mut self, seq: u32) -> Arrival {
        if seq == 0 {
            return Arrival::New;
        }
        // The largest number has no successor; the server ends the session there.
        let expected = self.received.saturating_add(1);
        if seq <= self.received {
            Arrival::Duplicate
        } else if seq > expected {
            Arrival::Gap { expected }
        } else {
            self.received = seq;
            Arrival::New
        }
    }

    /// Marks every frame up to `seq` as delivered; the last one had `bytes` bytes. `receipt`: its sender waits for a
    /// receipt.
    pub(crate) fn delivered(&mut self, seq: u32, bytes: usize, receipt: bool) {
        if seq > self.delivered {
            self.delivered = seq;
            self.frames += 1;
            self.bytes += bytes;
            self.receipt |= receipt;
        }
    }

    /// Returns the acknowledgment to write and counts it as sent.
    pub(crate) fn take_ack(&mut self) -> u32 {
        self.acked = self.delivered;
        self.frames = 0;
        self.bytes = 0;
        self.receipt = false;
        self.delivered
    }

    /// Returns whether delivered frames are not acknowledged yet.
    pub(crate) fn owes_ack(&self) -> bool {
        self.delivered > self.acked
    }

    /// Returns how long the acknowledgment may wait for a frame that carries it; `None` if none is owed.
    pub(crate) fn ack_delay(&self) -> Option<Duration> {
        self.owes_ack().then_some(if self.receipt { RECEIPT_ACK_DELAY } else { ACK_DELAY })
    }

    /// Returns whether an acknowledgment is due at once.
    pub(crate) fn ack_due(&self) -> bool {
        self.frames >= ACK_FRAMES || self.bytes >= ACK_BYTES
    }

    /// Returns the last frame that arrived in order.
    pub(crate) fn received(&self) -> u32 {
        self.received
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_accepted_in_order_and_once() {
        let mut state = ReceiveState::default();
        assert_eq!(state.accept(0), Arrival::New);
        assert_eq!(state.accept(1), Arrival::New);
        assert_eq!(state.accept(1), Arrival::Duplicate);
        assert_eq!(state.accept(3), Arrival::Gap { expected: 2 });
        assert_eq!(state.accept(2), Arrival::New);
        assert_eq!(state.received(), 2);
    }

    #[test]
    fn only_delivered_frames_are_acknowledged() {
        let mut state = ReceiveState::default();
        state.accept(1);
        state.accept(2);
        assert!(!state.owes_ack());
        state.delivered(1, 5, false);
        assert_eq!(state.ack_delay(), Some(ACK_DELAY));
        state.delivered(2, 5, true);
        assert_eq!(state.ack_delay(), Some(RECEIPT_ACK_DELAY));
        assert_eq!(state.take_ack(), 2);
        assert_eq!(state.ack_delay(), None);
        state.accept(3);
        state.delivered(3, 5, false);
        assert_eq!(state.ack_delay(), Some(ACK_DELAY));
    }

    #[test]
    fn an_ack_is_due_after_32_frames_or_64_kib() {
        let mut state = ReceiveState::default();
        for seq in 1..32 {
            state.accept(seq);
            state.delivered(seq, 1, false);
        }
        assert!(!state.ack_due());
        state.accept(32);
        state.delivered(32, 1, false);
        assert!(state.ack_due());
        state.take_ack();
        assert!(!state.ack_due());
        state.accept(33);
        state.delivered(33, ACK_BYTES, false);
        assert!(state.ack_due());
    }
}
