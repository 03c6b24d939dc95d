//! Streams that ended before their time: which, and how many of them are too many.

use std::collections::VecDeque;

use super::Http2Limits;
use super::error::{ErrorCode, FrameError};

/// As many of the streams this side reset are remembered: what its peer had sent before it knew is no error.
const REMEMBERED: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Resets {
    ours: VecDeque<u32>,
    provoked: u32,
    early: u32,
}

impl Resets {
    /// This side ended a stream that its peer may still send on.
    pub(super) fn remember(&mut self, stream: u32) {
        if self.ours.len() == REMEMBERED {
            self.ours.pop_front();
        }
        self.ours.push_back(stream);
    }

    pub(super) fn remembers(&self, stream: u32) -> bool {
        self.ours.contains(&stream)
    }

    /// The peer broke a rule on a stream.
    pub(super) fn provoked(&mut self, limits: &Http2Limits) -> Result<(), FrameError> {
        self.provoked += 1;
        if self.provoked > limits.max_provoked_resets {
            return Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_internal_resets"));
        }
        Ok(())
    }

    /// The peer reset a stream before it was answered.
    pub(super) fn early(&mut self, limits: &Http2Limits) -> Result<(), FrameError> {
        self.early += 1;
        if self.early > limits.max_early_resets {
            return Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_resets"));
        }
        Ok(())
    }

    /// A stream was answered.
    pub(super) fn answered(&mut self) {
        self.early = self.early.saturating_sub(1);
    }
}
