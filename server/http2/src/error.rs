//! Errors and their codes (RFC 9113, section 7).

use std::fmt;

/// An error code, as RST_STREAM and GOAWAY carry it (RFC 9113, section 7).
///
/// A client may send a code that the RFC does not define; it is kept as it was received.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(u32);

impl ErrorCode {
    /// The connection or stream ends without an error.
    pub const NO_ERROR: Self = Self(0x0);
    /// The peer violated the protocol in a way for which there is no more specific code.
    pub const PROTOCOL_ERROR: Self = Self(0x1);
    /// An unexpected internal error, such as a service that failed.
    pub const INTERNAL_ERROR: Self = Self(0x2);
    /// The peer exceeded a flow-control window.
    pub const FLOW_CONTROL_ERROR: Self = Self(0x3);
    /// SETTINGS were not acknowledged in time. Never sent by this crate, which has no clock.
    pub const SETTINGS_TIMEOUT: Self = Self(0x4);
    /// A frame was received on a stream that is half-closed or closed.
    pub const STREAM_CLOSED: Self = Self(0x5);
    /// A frame had an invalid size.
    pub const FRAME_SIZE_ERROR: Self = Self(0x6);
    /// The stream was refused before its request was processed; the client may try again.
    pub const REFUSED_STREAM: Self = Self(0x7);
    /// The stream is no longer needed.
    pub const CANCEL: Self = Self(0x8);
    /// The HPACK state cannot be maintained any longer.
    pub const COMPRESSION_ERROR: Self = Self(0x9);
    /// The connection of a CONNECT request was reset. Never sent by this crate.
    pub const CONNECT_ERROR: Self = Self(0xa);
    /// The peer's behavior may cause excessive load.
    pub const ENHANCE_YOUR_CALM: Self = Self(0xb);
    /// The transport does not meet the minimum security requirements. Never sent by this crate.
    pub const INADEQUATE_SECURITY: Self = Self(0xc);
    /// The request must be made over HTTP/1.1. Never sent by this crate.
    pub const HTTP_1_1_REQUIRED: Self = Self(0xd);

    /// Returns the name that the RFC gives the code, or `None` for a code it does not define.
    pub fn name(self) -> Option<&'static str> {
        const NAMES: [&str; 14] = [
            "NO_ERROR",
            "PROTOCOL_ERROR",
            "INTERNAL_ERROR",
            "FLOW_CONTROL_ERROR",
            "SETTINGS_TIMEOUT",
            "STREAM_CLOSED",
            "FRAME_SIZE_ERROR",
            "REFUSED_STREAM",
            "CANCEL",
            "COMPRESSION_ERROR",
            "CONNECT_ERROR",
            "ENHANCE_YOUR_CALM",
            "INADEQUATE_SECURITY",
            "HTTP_1_1_REQUIRED",
        ];
        NAMES.get(usize::try_from(self.0).ok()?).copied()
    }

    pub(crate) fn to_be_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl From<u32> for ErrorCode {
    fn from(code: u32) -> Self {
        Self(code)
    }
}

impl From<ErrorCode> for u32 {
    fn from(code: ErrorCode) -> Self {
        code.0
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "error code {:#x}", self.0),
        }
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a connection, or the body of a request, ended before its regular end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    /// The code that was sent to the client or received from it.
    pub code: ErrorCode,
    /// What happened, for a log. A connection error also sends it as the debug data of GOAWAY.
    pub reason: &'static str,
}

impl Error {
    pub(crate) const fn new(code: ErrorCode, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.reason, self.code)
    }
}

impl std::error::Error for Error {}

/// What a frame led to: a connection error or a stream error (RFC 9113, section 5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// Ends the connection with GOAWAY (section 5.4.1).
    Connection(ErrorCode, &'static str),
    /// Ends the frame's stream with RST_STREAM (section 5.4.2).
    Stream(ErrorCode),
}

impl FrameError {
    pub(crate) const fn protocol(reason: &'static str) -> Self {
        Self::Connection(ErrorCode::PROTOCOL_ERROR, reason)
    }

    pub(crate) const fn size(reason: &'static str) -> Self {
        Self::Connection(ErrorCode::FRAME_SIZE_ERROR, reason)
    }

    pub(crate) const fn flow_control(reason: &'static str) -> Self {
        Self::Connection(ErrorCode::FLOW_CONTROL_ERROR, reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_display_the_name_of_the_rfc() {
        assert_eq!(ErrorCode::NO_ERROR.to_string(), "NO_ERROR");
        assert_eq!(ErrorCode::ENHANCE_YOUR_CALM.to_string(), "ENHANCE_YOUR_CALM");
        assert_eq!(ErrorCode::HTTP_1_1_REQUIRED.to_string(), "HTTP_1_1_REQUIRED");
        assert_eq!(ErrorCode::from(0xe).to_string(), "error code 0xe");
        assert_eq!(u32::from(ErrorCode::from(u32::MAX)), u32::MAX);
    }

    #[test]
    fn errors_display_reason_and_code() {
        let error = Error::new(ErrorCode::PROTOCOL_ERROR, "first frame is not SETTINGS");
        assert_eq!(error.to_string(), "first frame is not SETTINGS (PROTOCOL_ERROR)");
    }
}
