//! `ClientFrame` and `PushRequest` with the envelope left as bytes. Same fields, same wire.

use bytes::Bytes;
use wigwag_proto::v1 as pb;

/// `wigwag.v1.ClientFrame`, its envelope not decoded.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RawClientFrame {
    #[prost(uint32, tag = "1")]
    pub seq: u32,
    #[prost(uint32, tag = "2")]
    pub ack: u32,
    #[prost(oneof = "RawBody", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14")]
    pub body: Option<RawBody>,
}

/// The rare and large ones are boxed: an envelope's frame is moved often and stays small.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum RawBody {
    #[prost(bytes = "bytes", tag = "4")]
    Envelope(Bytes),
    #[prost(message, boxed, tag = "5")]
    Hello(Box<pb::Hello>),
    #[prost(message, boxed, tag = "6")]
    Join(Box<pb::Join>),
    #[prost(message, tag = "7")]
    Leave(pb::Leave),
    #[prost(message, boxed, tag = "8")]
    CreateRoom(Box<pb::CreateRoom>),
    #[prost(message, tag = "9")]
    EndRoom(pb::EndRoom),
    #[prost(message, tag = "10")]
    RemoveMember(pb::RemoveMember),
    #[prost(message, boxed, tag = "11")]
    UpdateMember(Box<pb::UpdateMember>),
    #[prost(message, tag = "12")]
    Refresh(pb::RefreshToken),
    #[prost(message, tag = "13")]
    Pong(pb::Pong),
    #[prost(message, tag = "14")]
    Bye(pb::Bye),
}

/// `wigwag.v1.PushRequest` over [`RawClientFrame`]s, each still encoded, so that its size is known.
#[derive(Clone, PartialEq, prost::Message)]
pub struct RawPush {
    #[prost(string, tag = "1")]
    pub session_token: String,
    #[prost(uint32, tag = "2")]
    pub epoch: u32,
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
