//! `ClientFrame` and `PushRequest` with the envelope left encoded. Same fields, same encoding.

use bytes::Bytes;
use prost::Message as _;
use wigwag_proto::v1 as pb;

/// `wigwag.v1.ClientFrame` with its envelope left encoded.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RawClientFrame {
    /// The frame's sequence number; 0 if it is not numbered.
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    /// The last server frame that the client has received; 0 if the frame does not acknowledge.
    #[prost(uint32, tag = "2")]
    pub ack: u32,
    /// The frame's content.
    #[prost(oneof = "RawBody", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")]
    pub body: Option<RawBody>,
}

impl RawClientFrame {
    /// Returns about how many bytes the frame has, without its numbers.
    pub fn size(&self) -> usize {
        match &self.body {
            Some(RawBody::Envelope(bytes)) => bytes.len(),
            Some(_) => self.encoded_len(),
            None => 0,
        }
    }
}

/// The content of a [`RawClientFrame`]. Large variants are boxed, so that frames with an envelope stay small to move.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum RawBody {
    /// An encoded `Envelope`.
    #[prost(bytes = "bytes", tag = "4")]
    Envelope(Bytes),
    /// Opens or resumes a session.
    #[prost(message, boxed, tag = "5")]
    Hello(Box<pb::Hello>),
    /// Joins a room.
    #[prost(message, boxed, tag = "6")]
    Join(Box<pb::Join>),
    /// Leaves a room.
    #[prost(message, tag = "7")]
    Leave(pb::Leave),
    /// Creates a room and joins it.
    #[prost(message, boxed, tag = "8")]
    CreateRoom(Box<pb::CreateRoom>),
    /// Ends a room.
    #[prost(message, tag = "9")]
    EndRoom(pb::EndRoom),
    /// Removes a member from a room.
    #[prost(message, tag = "10")]
    RemoveMember(pb::RemoveMember),
    /// Changes the sender's entry in a room.
    #[prost(message, boxed, tag = "11")]
    UpdateMember(Box<pb::UpdateMember>),
    /// Replaces the token of the session.
    #[prost(message, tag = "12")]
    Refresh(pb::RefreshToken),
    /// Answers a ping.
    #[prost(message, tag = "13")]
    Pong(pb::Pong),
    /// Ends the session.
    #[prost(message, tag = "14")]
    Bye(pb::Bye),
    /// An encoded `Report`, which this version does not look at.
    #[prost(bytes = "bytes", tag = "15")]
    Report(Bytes),
}

/// `wigwag.v1.PushRequest` with its frames left encoded, so that the size of each is known.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RawPush {
    /// The token of the session.
    #[prost(string, tag = "1")]
    pub session_token: String,
    /// The epoch of the attachment.
    #[prost(uint32, tag = "2")]
    pub epoch: u32,
    /// Encoded [`RawClientFrame`]s.
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub frames: Vec<Bytes>,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn the_raw_frame_reads_what_the_generated_one_writes() {
        let frame = pb::ClientFrame {
            seq: 7,
            ack: 9,
            body: Some(pb::client_frame::Body::Envelope(pb::Envelope {
                room: "demo".into(),
                payload: Some(pb::envelope::Payload::Sealed(vec![1, 2, 3])),
                ..pb::Envelope::default()
            })),
        };
        let raw = RawClientFrame::decode(frame.encode_to_vec().as_slice()).expect("decodes");
        assert_eq!((raw.seq, raw.ack), (7, 9));
        let Some(RawBody::Envelope(bytes)) = raw.body else { panic!("an envelope") };
        assert_eq!(pb::Envelope::decode(bytes).expect("decodes").room, "demo");

        let join = pb::ClientFrame {
            seq: 1,
            ack: 0,
            body: Some(pb::client_frame::Body::Join(pb::Join { room: "demo".into(), ..pb::Join::default() })),
        };
        let raw = RawClientFrame::decode(join.encode_to_vec().as_slice()).expect("decodes");
        assert!(matches!(raw.body, Some(RawBody::Join(join)) if join.room == "demo"));
    }
}
