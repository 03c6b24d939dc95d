//! The content of envelopes.

use std::fmt;

use bytes::Bytes;
use wigwag_proto::v1;

/// The content of an envelope. The server does not interpret it.
///
/// ```
/// use wigwag_client::{IceCandidate, Payload, SessionDescription};
///
/// let offer: Payload = SessionDescription::offer("v=0\r\n…").into();
/// let last: Payload = IceCandidate::end_of_candidates().into();
/// let hello = Payload::Text("hello".into());
/// # let _ = (offer, last, hello);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// A JSEP session description (RFC 9429).
    Description(SessionDescription),
    /// A trickled ICE candidate (RFC 8838).
    Candidate(IceCandidate),
    /// Text, in a format of the application.
    Text(String),
    /// Bytes, in a format of the application.
    Binary(Bytes),
    /// Bytes the sender encrypted for the recipients.
    Sealed(Bytes),
}

/// A session description: the W3C dictionary `RTCSessionDescriptionInit`.
///
/// ```
/// use wigwag_client::{Payload, SdpType, SessionDescription};
///
/// let offer = SessionDescription::offer("v=0\r\n…");
/// assert_eq!(offer.kind, SdpType::Offer);
/// assert_eq!(Payload::from(offer.clone()), Payload::Description(offer));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// The type of the description.
    pub kind: SdpType,
    /// The SDP text (RFC 8866), carried unchanged. Empty for a rollback.
    pub sdp: String,
}

impl SessionDescription {
    /// Creates an offer.
    ///
    /// ```
    /// use wigwag_client::SessionDescription;
    ///
    /// let offer = SessionDescription::offer("v=0\r\n…");
    /// assert_eq!(offer.kind.as_str(), "offer");
    /// ```
    #[must_use]
    pub fn offer(sdp: impl Into<String>) -> Self {
        Self { kind: SdpType::Offer, sdp: sdp.into() }
    }

    /// Creates an answer.
    ///
    /// ```
    /// use wigwag_client::SessionDescription;
    ///
    /// let answer = SessionDescription::answer("v=0\r\n…");
    /// assert_eq!(answer.kind.as_str(), "answer");
    /// ```
    #[must_use]
    pub fn answer(sdp: impl Into<String>) -> Self {
        Self { kind: SdpType::Answer, sdp: sdp.into() }
    }
}

/// The types of a session description (W3C `RTCSdpType`).
///
/// ```
/// use wigwag_client::{SdpType, SessionDescription};
///
/// let rollback = SessionDescription { kind: SdpType::Rollback, sdp: String::new() };
/// assert_eq!(rollback.kind, SdpType::from("rollback".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SdpType {
    /// `offer`.
    Offer,
    /// `answer`.
    Answer,
    /// `pranswer`: an answer that is not final.
    Pranswer,
    /// `rollback`: returns to the state before the last offer.
    Rollback,
    /// A type this client does not know. A server that does not know it either refuses it (`INVALID_FIELD`).
    Other(String),
}

impl SdpType {
    /// Returns the W3C name of the type.
    ///
    /// ```
    /// use wigwag_client::SdpType;
    ///
    /// assert_eq!(SdpType::Pranswer.as_str(), "pranswer");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Offer => "offer",
            Self::Answer => "answer",
            Self::Pranswer => "pranswer",
            Self::Rollback => "rollback",
            Self::Other(other) => other,
        }
    }
}

impl From<String> for SdpType {
    fn from(name: String) -> Self {
        match name.as_str() {
            "offer" => Self::Offer,
            "answer" => Self::Answer,
            "pranswer" => Self::Pranswer,
            "rollback" => Self::Rollback,
            _ => Self::Other(name),
        }
    }
}

/// An ICE candidate: the W3C dictionary `RTCIceCandidateInit`. An absent field and an empty one are different.
///
/// ```
/// use wigwag_client::IceCandidate;
///
/// let candidate = IceCandidate {
///     candidate: Some("candidate:1 1 udp 2122260223 192.0.2.1 50001 typ host".into()),
///     sdp_mid: Some("0".into()),
///     ..IceCandidate::default()
/// };
/// assert!(!candidate.is_end_of_candidates());
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IceCandidate {
    /// The candidate-attribute line (RFC 8839). The empty string means end of candidates.
    pub candidate: Option<String>,
    /// Media stream identification tag of the m-line.
    pub sdp_mid: Option<String>,
    /// Zero-based index of the m-line.
    pub sdp_m_line_index: Option<u32>,
    /// The ICE username fragment the candidate belongs to.
    pub username_fragment: Option<String>,
}

impl IceCandidate {
    /// Returns the end-of-candidates mark.
    ///
    /// ```
    /// use wigwag_client::IceCandidate;
    ///
    /// assert_eq!(IceCandidate::end_of_candidates().candidate.as_deref(), Some(""));
    /// ```
    #[must_use]
    pub fn end_of_candidates() -> Self {
        Self { candidate: Some(String::new()), ..Self::default() }
    }

    /// Returns whether this is the end-of-candidates mark.
    ///
    /// ```
    /// use wigwag_client::IceCandidate;
    ///
    /// assert!(IceCandidate::end_of_candidates().is_end_of_candidates());
    /// // An absent candidate is not the same.
    /// assert!(!IceCandidate::default().is_end_of_candidates());
    /// ```
    #[must_use]
    pub fn is_end_of_candidates(&self) -> bool {
        self.candidate.as_deref() == Some("")
    }
}

impl From<SessionDescription> for Payload {
    fn from(description: SessionDescription) -> Self {
        Self::Description(description)
    }
}

impl From<IceCandidate> for Payload {
    fn from(candidate: IceCandidate) -> Self {
        Self::Candidate(candidate)
    }
}

impl From<Payload> for v1::envelope::Payload {
    fn from(payload: Payload) -> Self {
        let message = |content| Self::Message(v1::AppData { content: Some(content) });
        match payload {
            Payload::Description(description) => Self::Description(v1::SessionDescription {
                r#type: description.kind.as_str().to_owned(),
                sdp: description.sdp,
            }),
            Payload::Candidate(candidate) => Self::Candidate(v1::IceCandidate {
                candidate: candidate.candidate,
                sdp_mid: candidate.sdp_mid,
                sdp_m_line_index: candidate.sdp_m_line_index,
                username_fragment: candidate.username_fragment,
            }),
            Payload::Text(text) => message(v1::app_data::Content::Text(text)),
            Payload::Binary(bytes) => message(v1::app_data::Content::Binary(bytes.into())),
            Payload::Sealed(bytes) => Self::Sealed(bytes.into()),
        }
    }
}

impl Payload {
    /// Converts from protobuf; `None` for a kind this client does not know.
    pub(crate) fn from_wire(payload: v1::envelope::Payload) -> Option<Self> {
        Some(match payload {
            v1::envelope::Payload::Description(description) => {
                Self::Description(SessionDescription { kind: description.r#type.into(), sdp: description.sdp })
            }
            v1::envelope::Payload::Candidate(candidate) => Self::Candidate(IceCandidate {
                candidate: candidate.candidate,
                sdp_mid: candidate.sdp_mid,
                sdp_m_line_index: candidate.sdp_m_line_index,
                username_fragment: candidate.username_fragment,
            }),
            v1::envelope::Payload::Message(message) => match message.content? {
                v1::app_data::Content::Text(text) => Self::Text(text),
                v1::app_data::Content::Binary(bytes) => Self::Binary(bytes.into()),
            },
            v1::envelope::Payload::Sealed(bytes) => Self::Sealed(bytes.into()),
        })
    }
}

// Descriptions and candidates contain network addresses and keys, and messages are private. Debug output ends up in
// logs, so it shows only kinds and sizes.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Description(description) => description.fmt(f),
            Self::Candidate(candidate) => candidate.fmt(f),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Sealed(bytes) => write!(f, "Sealed({} bytes)", bytes.len()),
        }
    }
}

impl fmt::Debug for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionDescription({}, {} bytes)", self.kind.as_str(), self.sdp.len())
    }
}

impl fmt::Debug for IceCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.candidate.as_deref() {
            None => f.write_str("IceCandidate(none)"),
            Some("") => f.write_str("IceCandidate(end of candidates)"),
            Some(line) => write!(f, "IceCandidate({} bytes)", line.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_a_round_trip() {
        let payloads = [
            Payload::Description(SessionDescription::offer("v=0\r\n")),
            Payload::Description(SessionDescription { kind: SdpType::Rollback, sdp: String::new() }),
            Payload::Candidate(IceCandidate::end_of_candidates()),
            Payload::Candidate(IceCandidate::default()),
            Payload::Candidate(IceCandidate {
                candidate: Some("candidate:1 1 udp 1 192.0.2.1 9 typ host".into()),
                sdp_mid: Some(String::new()),
                sdp_m_line_index: Some(0),
                username_fragment: Some("uf".into()),
            }),
            Payload::Text(String::new()),
            Payload::Binary(Bytes::from_static(&[0, 255])),
            Payload::Sealed(Bytes::new()),
        ];
        for payload in payloads {
            let wire = v1::envelope::Payload::from(payload.clone());
            assert!(Payload::from_wire(wire).as_ref() == Some(&payload), "{payload:?}");
        }
    }

    #[test]
    fn debug_output_shows_no_content() {
        let secrets = [
            Payload::Description(SessionDescription::answer("SECRET")),
            Payload::Candidate(IceCandidate { candidate: Some("SECRET".into()), ..IceCandidate::default() }),
            Payload::Text("SECRET".into()),
            Payload::Binary(Bytes::from_static(b"SECRET")),
            Payload::Sealed(Bytes::from_static(b"SECRET")),
        ];
        for payload in secrets {
            let shown = format!("{payload:?} {payload:#?}");
            assert!(!shown.contains("SECRET") && !shown.contains("83"), "{shown}");
        }
    }
}
