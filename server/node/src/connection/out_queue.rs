//! The frames of a connection that its transport has not taken.

use wigwag_poll::ShortQueue;

use crate::frame::{OutFrame, Rest, RosterFormat};

/// Frames in the order in which they are written. Of a room with many members only the part that is written next is made.
#[derive(Debug, Default)]
pub(super) struct OutQueue {
    /// The members that follow the frame that was taken last, before all other frames.
    rest: Option<Box<Rest>>,
    frames: ShortQueue<OutFrame>,
    pub(super) format: RosterFormat,
}

impl OutQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_none() && self.frames.is_empty()
    }

    pub(super) fn reserve(&mut self, additional: usize) {
        self.frames.reserve(additional);
    }

    pub(super) fn push_back(&mut self, frame: OutFrame) {
        self.frames.push_back(frame);
    }

    /// Takes the next frame.
    pub(super) fn pop_front(&mut self) -> Option<OutFrame> {
        if self.rest.is_some()
            && let Some(frame) = self.pop_rest()
        {
            return Some(frame);
        }
        let mut frame = self.frames.pop_front()?;
        if frame.has_roster() {
            self.rest = frame.split_off(self.format).map(Box::new);
        }
        Some(frame)
    }

    #[cold]
    fn pop_rest(&mut self) -> Option<OutFrame> {
        let (frame, rest) = OutFrame::from_rest(*self.rest.take()?, self.format);
        self.rest = rest.map(Box::new);
        frame
    }
}
