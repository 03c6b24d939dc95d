//! Which frames of a live session were written to its client in messages of another protocol.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::Relaxed},
    },
    task::Waker,
};

use wigwag_hub::{Attachment, backend::WrittenFrames};
use wigwag_poll::{SendMarks, SendProgress};

/// The marks of a compatibility client. The adapter notes which frames the queued messages hold, the socket where the
/// messages end.
#[derive(Debug)]
pub struct WrittenMarks {
    marks: SendMarks,
    /// The number of the last frame in the queued messages, and the last one that was recorded.
    queued: AtomicU32,
    recorded: AtomicU32,
    /// Whether a sender waits for the receipt that a frame was written.
    awaited: AtomicBool,
    /// Whether what was flushed counts as written: the transport does not count bytes.
    by_flush: bool,
}

impl WrittenMarks {
    /// Creates the marks of a transport, and has the backend ask them.
    /// `by_flush`: what was flushed counts as written, since the transport does not count bytes.
    pub fn track(attachment: &dyn Attachment, by_flush: bool) -> Arc<Self> {
        let marks = Arc::new(Self {
            marks: SendMarks::default(),
            queued: AtomicU32::new(0),
            recorded: AtomicU32::new(0),
            awaited: AtomicBool::new(false),
            by_flush,
        });
        attachment.track_written(marks.clone());
        marks
    }

    /// Notes that messages with all frames up to `number` are queued.
    pub fn queued(&self, number: u32, attachment: &dyn Attachment) {
        self.queued.store(number, Relaxed);
        self.awaited.store(attachment.awaits_written(), Relaxed);
    }

    /// Notes that the queue is empty.
    pub fn flushed(&self) {
        if self.by_flush {
            self.marks.record_sent(self.queued.load(Relaxed));
        }
    }

    /// Notes that all queued messages end at `position` of the byte stream counted by `progress`, or before it.
    pub fn record(&self, position: u64, progress: &Arc<SendProgress>, waker: &Waker) {
        let queued = self.queued.load(Relaxed);
        if queued > self.recorded.load(Relaxed) {
            self.recorded.store(queued, Relaxed);
            self.marks.record(progress, position, queued);
        }
        if self.awaited.load(Relaxed) && self.marks.sent() < queued {
            progress.wake_on_send(waker);
        }
    }
}

impl WrittenFrames for WrittenMarks {
    fn written(&self) -> u32 {
        self.marks.sent()
    }
}
