//! Streams that were reset: which of them this side reset, and how many are too many.

use std::collections::VecDeque;

use crate::Http2Limits;
use crate::error::{ErrorCode, FrameError};

/// Streams reset by this side that are remembered. Frames the client sent on them before it received RST_STREAM are
/// ignored and not an error (RFC 9113, section 5.1, "closed").
const REMEMBERED: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Resets {
    ours: VecDeque<u32>,
    provoked: u32,
    early: u32,
}

impl Resets {
    /// Remembers a stream that this side ended and on which the client may still send.
    pub(super) fn remember(&mut self, stream: u32) {
        if self.ours.len() == REMEMBERED {
            self.ours.pop_front();
        }
        self.ours.push_back(stream);
    }

    pub(super) fn remembers(&self, stream: u32) -> bool {
        self.ours.contains(&stream)
    }

    /// Counts a stream error that the client provoked.
    pub(super) fn count_provoked(&mut self, limits: &Http2Limits) -> Result<(), FrameError> {
        self.provoked += 1;
        if self.provoked > limits.max_provoked_resets {
            return Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_internal_resets"));
        }
        Ok(())
    }

    /// Counts a stream that the client reset before it was answered.
    pub(super) fn count_early(&mut self, limits: &Http2Limits) -> Result<(), FrameError> {
        self.early += 1;
        if self.early > limits.max_early_resets {
            return Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_resets"));
        }
        Ok(())
    }

    /// Counts a stream that was answered, which makes up for one that was not.
    pub(super) fn count_answered(&mut self) {
        self.early = self.early.saturating_sub(1);
    }
}
