//! The signals that peers send each other: ICE candidates and session descriptions, each of which carries its number.

use memchr::memmem;

/// Digits of a number inside a signal, padded with zeros so that all signals of a shape have the same length.
pub(crate) const DIGITS: usize = 10;

/// Bytes of a candidate as the JSON of RTCIceCandidateInit.
const CANDIDATE_BYTES: usize = 220;

/// Bytes of a session description's SDP text.
const DESCRIPTION_BYTES: usize = 3_072;

/// The kind of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A trickled ICE candidate: 220 bytes of JSON.
    Candidate,
    /// An offer with an SDP of 3,072 bytes.
    Description,
}

/// The fields of a candidate beside its line, as a browser fills them.
pub(crate) const MID: &str = "0";
/// The user name fragment of every candidate.
pub(crate) const UFRAG: &str = "Zb7e";

impl Shape {
    /// Returns the bytes before the number.
    fn marker(self) -> &'static [u8] {
        match self {
            Self::Candidate => b"candidate:",
            Self::Description => b"o=- ",
        }
    }

    /// Returns the candidate line or the SDP, with the number 0.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Candidate => {
                let mut line = format!(
                    "candidate:{:010} 1 udp 1677729535 203.0.113.77 46154 typ srflx raddr 192.168.178.23 rport 46154 \
                     generation 0 ufrag {UFRAG}",
                    0
                );
                let missing = CANDIDATE_BYTES.saturating_sub(candidate_json(&line).len());
                line.extend(" network-cost 999".chars().cycle().take(missing));
                line
            }
            Self::Description => {
                let mut sdp = format!(
                    "v=0\r\no=- {:010} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
                     m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\n",
                    0
                );
                let line = "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n";
                while sdp.len() + line.len() <= DESCRIPTION_BYTES {
                    sdp.push_str(line);
                }
                let missing = DESCRIPTION_BYTES - sdp.len();
                sdp.extend("a=mid:0".chars().chain("0".chars().cycle()).take(missing.saturating_sub(2)));
                sdp.push_str("\r\n");
                sdp
            }
        }
    }

    /// Returns the JSON of what a browser passes to the application: RTCIceCandidateInit, or the SDP as a string.
    pub(crate) fn json(self) -> String {
        match self {
            Self::Candidate => candidate_json(&self.text()),
            Self::Description => format!("\"{}\"", self.text().replace("\r\n", "\\r\\n")),
        }
    }

    /// Reads the number in a message that carries a signal of this shape.
    pub(crate) fn number(self, message: &[u8]) -> Option<u32> {
        let at = memmem::find(message, self.marker())? + self.marker().len();
        let digits = message.get(at..at + DIGITS)?;
        digits.iter().try_fold(0_u32, |number, digit| {
            digit.is_ascii_digit().then(|| number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0')))
        })
    }
}

fn candidate_json(line: &str) -> String {
    format!(r#"{{"candidate":"{line}","sdpMid":"{MID}","sdpMLineIndex":0,"usernameFragment":"{UFRAG}"}}"#)
}

/// A message that is composed once, of which only the number changes.
#[derive(Debug, Default)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    at: usize,
}

impl Template {
    /// Takes a message that holds a signal of this shape.
    pub(crate) fn new(shape: Shape, bytes: Vec<u8>) -> Self {
        let marker = shape.marker();
        let at = memmem::find(&bytes, marker).expect("the message holds the signal's text") + marker.len();
        Self { bytes, at }
    }

    /// Returns the length of the message.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Appends the message with this number in it.
    pub(crate) fn write(&self, number: u32, out: &mut Vec<u8>) {
        let start = out.len() + self.at;
        out.extend_from_slice(&self.bytes);
        let mut rest = number;
        for digit in out[start..start + DIGITS].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_the_sizes_they_are_named_for() {
        assert_eq!(Shape::Candidate.json().len(), CANDIDATE_BYTES);
        assert_eq!(Shape::Description.text().len(), DESCRIPTION_BYTES);
    }

    #[test]
    fn a_number_written_is_read_back() {
        for shape in [Shape::Candidate, Shape::Description] {
            let template = Template::new(shape, format!("before {} after", shape.json()).into_bytes());
            for number in [0, 7, 1_234_567_890, u32::MAX] {
                let mut out = b"already here".to_vec();
                template.write(number, &mut out);
                assert_eq!(shape.number(&out), Some(number));
                assert_eq!(out.len(), 12 + template.len());
            }
        }
    }
}
