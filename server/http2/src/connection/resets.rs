//! Streams that this side ended before the client did, and streams that were reset: which, and how many are too many.

use std::collections::VecDeque;

use crate::Http2Limits;
use crate::error::{ErrorCode, FrameError};

/// Streams that are remembered at least, whatever the number of concurrent streams.
const REMEMBERED: usize = 64;

/// How much larger the limit of refused requests is than that of early resets: refusing a request costs little.
const REFUSED_FACTOR: u32 = 10;

/// Streams that this side ended, and how much of their limits the client has used up.
///
/// Frames that the client sent on a stream before it knew that the stream had ended are ignored and not an error (RFC
/// 9113, section 5.1, "closed"). A client that keeps to SETTINGS_MAX_CONCURRENT_STREAMS can have that many such streams.
#[derive(Debug, Default)]
pub(super) struct Resets {
    /// The last streams that this side ended, the newest at the end.
    ended: VecDeque<Ended>,
    /// The highest identifier that was dropped from `ended`. Below it this side may have ended any stream.
    forgotten: u32,
    /// The entries of `ended` whose RST_STREAM is due.
    due: usize,
    provoked: Used,
    early: Used,
    refused: Used,
}

/// A stream that this side ended.
#[derive(Debug)]
struct Ended {
    stream: u32,
    /// After how many calls of [`Resets::tick`] RST_STREAM is due; 0 if it was sent, or is not needed.
    due_in: u8,
}

impl Resets {
    /// Remembers a stream for which RST_STREAM was sent, or that is ignored. Returns a stream whose RST_STREAM is due.
    pub(super) fn remember(&mut self, stream: u32, limits: &Http2Limits) -> Option<u32> {
        self.push(Ended { stream, due_in: 0 }, limits)
    }

    /// Remembers a stream whose response is complete and whose request is not. Unless the client ends it, RST_STREAM is
    /// due one to two ticks later: clients discard a response that is followed at once by RST_STREAM. Returns a stream
    /// whose RST_STREAM is due now.
    pub(super) fn remember_answered(&mut self, stream: u32, limits: &Http2Limits) -> Option<u32> {
        self.due += 1;
        self.push(Ended { stream, due_in: 2 }, limits)
    }

    fn push(&mut self, ended: Ended, limits: &Http2Limits) -> Option<u32> {
        let mut due = None;
        if self.ended.len() >= REMEMBERED.max(limits.max_streams as usize)
            && let Some(oldest) = self.ended.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest.stream);
            if oldest.due_in > 0 {
                self.due -= 1;
                due = Some(oldest.stream);
            }
        }
        self.ended.push_back(ended);
        due
    }

    /// Returns whether this side ended a closed stream, or may have.
    pub(super) fn may_be_ours(&self, stream: u32) -> bool {
        stream <= self.forgotten || self.ended.iter().rev().any(|ended| ended.stream == stream)
    }

    /// Notes that the client ended a closed stream: RST_STREAM is not needed.
    pub(super) fn client_ended(&mut self, stream: u32) {
        if self.due > 0
            && let Some(ended) = self.ended.iter_mut().rev().find(|ended| ended.stream == stream)
            && ended.due_in > 0
        {
            ended.due_in = 0;
            self.due -= 1;
        }
    }

    /// Lets one second pass. Returns the streams whose RST_STREAM is due.
    pub(super) fn tick(&mut self, limits: &Http2Limits) -> Vec<u32> {
        let refill = limits.resets_per_second;
        self.provoked.refill(refill);
        self.early.refill(refill);
        self.refused.refill(refill.saturating_mul(REFUSED_FACTOR));
        let mut due = Vec::new();
        if self.due > 0 {
            for ended in self.ended.iter_mut().filter(|ended| ended.due_in > 0) {
                ended.due_in -= 1;
                if ended.due_in == 0 {
                    due.push(ended.stream);
                }
            }
            self.due -= due.len();
        }
        due
    }

    /// Returns whether nothing changes with time.
    pub(super) fn is_idle(&self) -> bool {
        self.due == 0 && [&self.provoked, &self.early, &self.refused].iter().all(|used| used.0 == 0)
    }

    /// Counts a stream error that the client provoked.
    pub(super) fn count_provoked(&mut self, limits: &Http2Limits) -> Result<(), FrameError> {
        if self.provoked.take(limits.max_provoked_resets) {
            return Ok(());
        }
        Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_internal_resets"))
    }

    /// Counts a stream that the client reset before it was answered.
    pub(super) fn count_early(&mut self, limits: &Http2Limits) {
        self.early.take(limits.max_early_resets);
    }

    /// Counts a stream that was answered, which makes up for one that was not.
    pub(super) fn count_answered(&mut self) {
        self.early.refill(1);
    }

    /// Returns whether to refuse a request, because too many were reset before they were answered.
    pub(super) fn refuse_request(&mut self, limits: &Http2Limits) -> Result<bool, FrameError> {
        if self.early.0 < limits.max_early_resets {
            return Ok(false);
        }
        if self.refused.take(limits.max_early_resets.saturating_mul(REFUSED_FACTOR)) {
            return Ok(true);
        }
        Err(FrameError::Connection(ErrorCode::ENHANCE_YOUR_CALM, "too_many_resets"))
    }
}

/// The used part of a limit that refills with time (a token bucket).
#[derive(Debug, Default)]
struct Used(u32);

impl Used {
    /// Uses one of `limit`. Returns `false` if all are used.
    fn take(&mut self, limit: u32) -> bool {
        let left = self.0 < limit;
        self.0 += u32::from(left);
        left
    }

    fn refill(&mut self, by: u32) {
        self.0 = self.0.saturating_sub(by);
    }
}
