//! `Push`: applies frames to a session whose client receives with `Listen`.

use std::sync::Arc;

use prost::Message;
use wigwag_hub::error::{AckError, DetachReason, FindError};
use wigwag_node::{
    auth::{Action, Caller, Identity},
    connection::{Applier, FrameOutcome, is_free},
    error::ApiError,
    frame::{RawBody, RawClientFrame, RawPush},
    node::{Node, session_token},
};
use wigwag_proto::v1::PushResponse;

/// Applies the frames that continue the sequence, ignores those already applied and drops those beyond a gap.
pub(super) async fn push(node: Node, caller: Caller, push: RawPush) -> Result<PushResponse, ApiError> {
    let token = session_token(&push.session_token).ok_or(FindError::UnknownSession)?;
    let backend = node.backend_of_session(&token).ok_or(FindError::UnknownSession)?;
    let credentials = token.credentials;
    let ends_with_bye = ends_with_bye(&push);
    let stopped = match backend.find(&credentials, push.epoch).wait().await {
        Ok(uplink) => {
            let version = uplink.grants_version();
            // The secret of the session says who calls, and the session what it may do.
            let caller =
                Caller { identity: Identity::from_stored(&uplink.grants()).map(Arc::new), token: None, ..caller };
            node.policy().allow(&caller, Action::Open, None)?;
            if caller.identity.as_ref().is_some_and(|identity| identity.has_expired(node.now().unix_ms)) {
                return Err(ApiError::token_expired("the token of the session has expired: resume with a fresh one"));
            }
            uplink.acknowledge(node.now(), 0).wait().await.map_err(ApiError::from)?;
            apply_all(Applier { node: node.clone(), caller, uplink }, version, push.frames).await
        }
        Err(refused @ (FindError::UnknownSession | FindError::NotResumable | FindError::Store(_))) => {
            return Err(refused.into());
        }
        Err(FindError::Detached(reason)) => Err(Stopped::Detached(reason)),
    };
    match stopped {
        Ok(response) => Ok(response),
        Err(Stopped::Error(error)) => Err(error),
        Err(Stopped::Detached(reason)) => {
            // A page that is closed loses its stream just before, or while, its bye arrives on another connection. Frames before
            // the bye are not applied: they were not acknowledged, and their sender is gone.
            if ends_with_bye && backend.bye(node.now(), &credentials, push.epoch).wait().await? {
                return Ok(PushResponse { ack: 0, retry_after_ms: 0 });
            }
            Err(detached_error(reason))
        }
    }
}

/// Why no more frames of a push are applied.
enum Stopped {
    /// The attachment ended, or had ended before.
    Detached(DetachReason),
    /// A frame is not allowed.
    Error(ApiError),
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// Applies frames. `grants_version`: that of what the applier's caller may do.
async fn apply_all(
    mut applier: Applier,
    mut grants_version: u32,
    frames: Vec<bytes::Bytes>,
) -> Result<PushResponse, Stopped> {
    for bytes in frames {
        // A refresh in another call changes it.
        applier.follow_grants(&mut grants_version);
        let size = bytes.len();
        let too_large = size > applier.node.session().max_frame_bytes;
        let frame = RawClientFrame::decode(bytes)
            .map_err(|_| ApiError::invalid("frames", "holds bytes that are not a valid wigwag.v1 frame"))?;
        if (too_large || !is_free(&*applier.uplink, &frame))
            && let Err(limited) = applier.uplink.rate_limit(applier.node.now(), size)
        {
            return Ok(PushResponse { ack: applier.uplink.applied(), retry_after_ms: limited.retry_after_ms });
        }
        match apply(&applier, frame, too_large).await? {
            FrameOutcome::Applied => {}
            FrameOutcome::Bye => break,
            FrameOutcome::Gap { got: 0, .. } => {
                return Err(
                    ApiError::invalid("frames.seq", "is missing: this session must number its frames from 1").into()
                );
            }
            FrameOutcome::Gap { .. } => break,
            FrameOutcome::Fatal(error) => return Err(error.into()),
            FrameOutcome::Detached(reason) => return Err(Stopped::Detached(reason)),
        }
    }
    Ok(PushResponse { ack: applier.uplink.applied(), retry_after_ms: 0 })
}

/// Returns whether the last frame is a bye.
fn ends_with_bye(push: &RawPush) -> bool {
    let last = push.frames.last().and_then(|bytes| RawClientFrame::decode(bytes.clone()).ok());
    matches!(last, Some(RawClientFrame { body: Some(RawBody::Bye(_)), .. }))
}

/// Returns the error of a push to an attachment that ended. The `Listen` stream reported why; this error only tells the
/// client how to go on.
fn detached_error(reason: DetachReason) -> ApiError {
    match reason {
        DetachReason::Superseded => reason.into(),
        DetachReason::Ended(_) => FindError::UnknownSession.into(),
        DetachReason::ConnectionLost
        | DetachReason::SlowConsumer
        | DetachReason::HeartbeatTimeout
        | DetachReason::RateLimited => DetachReason::ConnectionLost.into(),
    }
}

async fn apply(applier: &Applier, frame: RawClientFrame, too_large: bool) -> Result<FrameOutcome, ApiError> {
    let limit = applier.node.session().max_frame_bytes;
    if frame.ack != 0 {
        match applier.uplink.acknowledge(applier.node.now(), frame.ack).wait().await {
            Ok(()) => {}
            Err(AckError::NotWritten { .. }) => {
                return Err(ApiError::invalid("frames.ack", "acknowledges a frame that was never sent"));
            }
            Err(AckError::Store(error)) => return Err(error.into()),
        }
    }
    Ok(match frame.body {
        _ if too_large => applier.refuse(frame.seq, ApiError::too_large(limit)).await,
        None if frame.seq == 0 => FrameOutcome::Applied,
        Some(RawBody::Hello(_)) => {
            return Err(ApiError::invalid("frames.hello", "must be sent in Listen, not in Push"));
        }
        body => applier.apply(frame.seq, body).await,
    })
}
