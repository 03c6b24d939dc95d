//! What the driver needs of a transport: connections that carry frames, and why one was lost.

use std::future::Future;

use futures_core::Stream;
use tokio::sync::mpsc;
use wigwag_proto::v1::{Advice, ClientFrame, ErrorFrame, ServerFrame};

use crate::{
    core::Violation,
    error::{Code, Error, reason},
};

/// Opens connections to the server: over gRPC, or in tests to a server played by the test.
pub(crate) trait Transport: Send + 'static {
    /// Frames from the server. Ends, or yields an error last, when the connection is lost.
    type Frames: Stream<Item = Result<ServerFrame, ConnectionError>> + Send + Unpin;

    /// Makes one attempt to connect. `endpoint`: the address the server named in `go_away`; `None` stands for the
    /// address the application gave. `outgoing`: frames to send to the server.
    fn connect(
        &mut self,
        endpoint: Option<&str>,
        outgoing: mpsc::Receiver<ClientFrame>,
    ) -> impl Future<Output = Result<Self::Frames, ConnectionError>> + Send;
}

/// Why a connection, or an attempt to open one, ended.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionError {
    pub(crate) error: Error,
    pub(crate) advice: Advice,
    /// A frame caused it, not the network: after a resume the same frame may cause it again.
    pub(crate) by_frame: bool,
}

impl ConnectionError {
    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(Code::Unavailable, reason::UNREACHABLE, message),
            advice: Advice::Unspecified,
            by_frame: false,
        }
    }

    pub(crate) fn timeout(message: impl Into<String>) -> Self {
        Self {
            error: Error::new(Code::DeadlineExceeded, reason::TIMEOUT, message),
            advice: Advice::Unspecified,
            by_frame: false,
        }
    }

    pub(crate) fn violation(violation: Violation) -> Self {
        Self {
            error: Error::new(Code::Internal, reason::PROTOCOL, violation.to_string()),
            advice: Advice::Resume,
            by_frame: true,
        }
    }

    /// From a fatal `error` frame.
    pub(crate) fn fatal(frame: ErrorFrame) -> Self {
        let advice = frame.advice();
        let error = Error::from_frame(frame);
        let by_frame = matches!(
            error.reason.as_ref(),
            "PROTOCOL" | "SEQ_GAP" | "INVALID_FIELD" | "UNKNOWN_FRAME" | "FRAME_TOO_LARGE" | "INTERNAL"
        );
        Self { error, advice, by_frame }
    }
}
