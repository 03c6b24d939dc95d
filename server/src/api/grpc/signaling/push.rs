//! `Push`: the way up of a session whose way down is `Listen`.

use prost::Message;
use wigwag_hub::error::{DetachReason, FindError};
use wigwag_proto::v1::PushResponse;

use wigwag_node::{
    auth::{Action, Caller},
    connection::{Applier, FrameOutcome},
    error::ApiError,
    frame::{RawBody, RawClientFrame, RawPush},
    node::{Node, credentials},
};

/// Applies the frames that continue the sequence, ignores those already applied and drops those beyond a gap.
pub(super) async fn push(node: Node, caller: Caller, push: RawPush) -> Result<PushResponse, ApiError> {
    node.policy().allow(&caller, Action::Open, None)?;
    let credentials = credentials(&push.session_token).ok_or(FindError::UnknownSession)?;
    let says_bye = says_bye(&push);
    let stopped = match node.backend().find(&credentials, push.epoch).wait().await {
        Ok(attachment) => {
            attachment.record_activity(node.now());
            take(&Applier { node: node.clone(), caller, attachment }, push.frames).await
        }
        Err(FindError::UnknownSession) => return Err(FindError::UnknownSession.into()),
        Err(FindError::Detached(cut)) => Err(Stopped::Cut(cut)),
    };
    match stopped {
        Ok(answer) => Ok(answer),
        Err(Stopped::Error(error)) => Err(error),
        Err(Stopped::Cut(cut)) => {
            // A page that goes loses its stream a moment before its last words arrive on another connection, or while they are
            // read. Frames before the bye are not applied: their sender is gone, and nobody was told that they were accepted.
            if says_bye && node.backend().bye(node.now(), &credentials, push.epoch).wait().await {
                tracing::info!(peer.id = %credentials.peer, "session ended by its client");
                return Ok(PushResponse { ack: 0, retry_after_ms: 0 });
            }
            Err(over(cut))
        }
    }
}

/// Why no more frames of a push are taken.
enum Stopped {
    /// The attachment is over, or was from the start.
    Cut(DetachReason),
    /// A frame is one that no client may send.
    Error(ApiError),
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

async fn take(applier: &Applier, frames: Vec<bytes::Bytes>) -> Result<PushResponse, Stopped> {
    for bytes in frames {
        let retry_after_ms = applier.attachment.rate_limit(applier.node.now());
        if retry_after_ms > 0 {
            return Ok(PushResponse { ack: applier.attachment.applied(), retry_after_ms });
        }
        match apply(applier, bytes).await? {
            FrameOutcome::Applied => {}
            FrameOutcome::Bye => break,
            FrameOutcome::Gap { got: 0, .. } => {
                return Err(
                    ApiError::invalid("frames.seq", "is missing: this session numbers its frames from 1").into()
                );
            }
            FrameOutcome::Gap { .. } => break,
            FrameOutcome::Fatal(error) => return Err(error.into()),
            FrameOutcome::Detached(cut) => return Err(Stopped::Cut(cut)),
        }
    }
    Ok(PushResponse { ack: applier.attachment.applied(), retry_after_ms: 0 })
}

/// Whether the last frame is a bye.
fn says_bye(push: &RawPush) -> bool {
    let last = push.frames.last().and_then(|bytes| RawClientFrame::decode(bytes.clone()).ok());
    matches!(last, Some(RawClientFrame { body: Some(RawBody::Bye(_)), .. }))
}

/// What a call is told about an attachment that is over. Why it is over was told on the way down; here it only matters
/// what to do now.
fn over(cut: DetachReason) -> ApiError {
    match cut {
        DetachReason::Superseded => cut.into(),
        DetachReason::Ended(_) => FindError::UnknownSession.into(),
        DetachReason::ConnectionLost
        | DetachReason::SlowConsumer
        | DetachReason::HeartbeatTimeout
        | DetachReason::RateLimited => DetachReason::ConnectionLost.into(),
    }
}

async fn apply(applier: &Applier, bytes: bytes::Bytes) -> Result<FrameOutcome, ApiError> {
    let limit = applier.node.session().max_frame_bytes;
    let too_large = bytes.len() > limit;
    let frame = RawClientFrame::decode(bytes)
        .map_err(|_| ApiError::invalid("frames", "holds bytes that are no frame of this API"))?;
    if frame.ack != 0 && applier.attachment.ack(applier.node.now(), frame.ack).is_err() {
        return Err(ApiError::invalid("frames.ack", "is for a frame that was never sent"));
    }
    Ok(match frame.body {
        _ if too_large => applier.refuse(frame.seq, ApiError::too_large(limit)).await,
        None if frame.seq == 0 => FrameOutcome::Applied,
        Some(RawBody::Hello(_)) => return Err(ApiError::invalid("frames.hello", "belongs into Listen")),
        body => applier.apply(frame.seq, body).await,
    })
}
