//! The way down: which numbered frames came, which of them the application has, and what the server knows of that.

/// Frames handed on after which an acknowledgment may not wait for company.
pub(crate) const ACK_FRAMES: u32 = 32;
/// Bytes handed on after which an acknowledgment may not wait for company (64 KiB).
pub(crate) const ACK_BYTES: usize = 64 << 10;

/// Counters of the server's numbered frames.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// The last frame that arrived in order.
    received: u32,
    /// The last frame whose events are all with the application.
    handed: u32,
    /// The last acknowledgment that was sent.
    told: u32,
    frames: u32,
    bytes: usize,
}

/// What a frame's number says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Next in order, or outside the numbering.
    Fresh,
    /// It came before.
    Seen,
    /// Frames between are missing.
    Gap { expected: u32 },
}

impl Inbox {
    pub(crate) fn accept(&mut self, seq: u32) -> Arrival {
        if seq == 0 {
            return Arrival::Fresh;
        }
        // At the last number there is no next one; the server ends the session there.
        let expected = self.received.saturating_add(1);
        if seq <= self.received {
            Arrival::Seen
        } else if seq > expected {
            Arrival::Gap { expected }
        } else {
            self.received = seq;
            Arrival::Fresh
        }
    }

    /// Everything up to `seq` is with the application; the last frame had `bytes` bytes.
    pub(crate) fn handed(&mut self, seq: u32, bytes: usize) {
        if seq > self.handed {
            self.handed = seq;
            self.frames += 1;
            self.bytes += bytes;
        }
    }

    /// The acknowledgment to write. The server counts as told.
    pub(crate) fn tell(&mut self) -> u32 {
        self.told = self.handed;
        self.frames = 0;
        self.bytes = 0;
        self.handed
    }

    /// Whether the application has frames the server does not know of.
    pub(crate) fn owes_ack(&self) -> bool {
        self.handed > self.told
    }

    /// Whether the acknowledgment may wait no longer.
    pub(crate) fn ack_due(&self) -> bool {
        self.frames >= ACK_FRAMES || self.bytes >= ACK_BYTES
    }

    /// The last frame that arrived in order.
    pub(crate) fn received(&self) -> u32 {
        self.received
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_in_order_and_once() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.accept(0), Arrival::Fresh);
        assert_eq!(inbox.accept(1), Arrival::Fresh);
        assert_eq!(inbox.accept(1), Arrival::Seen);
        assert_eq!(inbox.accept(3), Arrival::Gap { expected: 2 });
        assert_eq!(inbox.accept(2), Arrival::Fresh);
        assert_eq!(inbox.received(), 2);
    }

    #[test]
    fn only_what_was_handed_on_is_acknowledged() {
        let mut inbox = Inbox::default();
        inbox.accept(1);
        inbox.accept(2);
        assert!(!inbox.owes_ack());
        inbox.handed(1, 5);
        assert!(inbox.owes_ack());
        assert_eq!(inbox.tell(), 1);
        assert!(!inbox.owes_ack());
    }

    #[test]
    fn an_ack_is_due_after_32_frames_or_64_kib() {
        let mut inbox = Inbox::default();
        for seq in 1..32 {
            inbox.accept(seq);
            inbox.handed(seq, 1);
        }
        assert!(!inbox.ack_due());
        inbox.accept(32);
        inbox.handed(32, 1);
        assert!(inbox.ack_due());
        inbox.tell();
        assert!(!inbox.ack_due());
        inbox.accept(33);
        inbox.handed(33, ACK_BYTES);
        assert!(inbox.ack_due());
    }
}
