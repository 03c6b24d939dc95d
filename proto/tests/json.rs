//! Compares ProtoJSON with another implementation: the expected strings are those of protobuf-es 2 for the same messages.
#![cfg(feature = "json")]

use std::collections::HashMap;

use prost_types::Timestamp;
use serde_json::{from_str, to_string};
use wigwag_proto::v1::{
    AppData, ClientFrame, CreateRoom, DuplicateUsers, Envelope, GoAway, Hello, IceCandidate, Join, Member, Resume,
    RoomInfo, ServerFrame, SessionDescription, app_data::Content, client_frame::Body as Up, envelope::Payload,
    member::Role, server_frame::Body as Down,
};

fn up(seq: u32, body: Up) -> ClientFrame {
    ClientFrame { seq, ack: 0, body: Some(body) }
}

fn envelope(payload: Payload) -> Envelope {
    Envelope { room: "demo".into(), to: "p2".into(), payload: Some(payload), ..Envelope::default() }
}

#[test]
fn frames_are_written_canonically() {
    let description = SessionDescription { r#type: "offer".into(), sdp: "v=0\r\n".into() };
    let candidate = IceCandidate {
        candidate: Some(String::new()),
        sdp_mid: Some("0".into()),
        sdp_m_line_index: Some(0),
        username_fragment: None,
    };
    let member = Member {
        peer_id: "p1".into(),
        role: Role::Owner.into(),
        joined_at: Some(Timestamp { seconds: 1_795_193_347, nanos: 120_000_000 }),
        ..Member::default()
    };
    let room = RoomInfo {
        room: "demo".into(),
        duplicate_users: DuplicateUsers::Allow.into(),
        created_at: Some(Timestamp { seconds: 1_795_193_347, nanos: 0 }),
        version: 4_294_967_295,
        ..RoomInfo::default()
    };
    let cases = [
        (
            to_string(&up(1, Up::Envelope(envelope(Payload::Description(description))))),
            r#"{"seq":1,"envelope":{"room":"demo","to":"p2","description":{"type":"offer","sdp":"v=0\r\n"}}}"#,
        ),
        (
            to_string(&up(2, Up::Envelope(envelope(Payload::Candidate(candidate))))),
            r#"{"seq":2,"envelope":{"room":"demo","to":"p2","candidate":{"candidate":"","sdpMid":"0","sdpMLineIndex":0}}}"#,
        ),
        (
            to_string(&envelope(Payload::Message(AppData { content: Some(Content::Binary(vec![251, 255])) }))),
            r#"{"room":"demo","to":"p2","message":{"binary":"+/8="}}"#,
        ),
        (to_string(&envelope(Payload::Sealed(vec![0]))), r#"{"room":"demo","to":"p2","sealed":"AA=="}"#),
        (to_string(&member), r#"{"peerId":"p1","role":"ROLE_OWNER","joinedAt":"2026-11-20T16:49:07.120Z"}"#),
        (
            to_string(&room),
            r#"{"room":"demo","duplicateUsers":"DUPLICATE_USERS_ALLOW","createdAt":"2026-11-20T16:49:07Z","version":4294967295}"#,
        ),
        (
            to_string(&ServerFrame { body: Some(Down::GoAway(GoAway::default())), ..ServerFrame::default() }),
            r#"{"goAway":{}}"#,
        ),
    ];
    for (written, canonical) in cases {
        assert_eq!(written.expect("is written"), canonical);
    }
}

#[test]
fn timestamps_have_no_more_digits_than_they_need() {
    for (nanos, end) in [(0, "07Z"), (120_000_000, "07.120Z"), (120_000, "07.000120Z"), (1, "07.000000001Z")] {
        let joined_at = Some(Timestamp { seconds: 1_795_193_347, nanos });
        let text = to_string(&Member { joined_at, ..Member::default() }).expect("is written");
        assert_eq!(text, format!(r#"{{"joinedAt":"2026-11-20T16:49:{end}"}}"#));
        assert_eq!(from_str::<Member>(&text).expect("is read").joined_at, joined_at);
    }
    let offset: Member = from_str(r#"{"joinedAt":"2026-11-20T17:49:07+01:00"}"#).expect("is read");
    assert_eq!(offset.joined_at, Some(Timestamp { seconds: 1_795_193_347, nanos: 0 }));
    for bad in [r#""yesterday""#, "5", r#""2026-13-40T00:00:00Z""#, r#""""#] {
        assert!(from_str::<Member>(&format!(r#"{{"joinedAt":{bad}}}"#)).is_err(), "{bad}");
    }
}

/// The results of `RTCIceCandidate.toJSON()` and `RTCSessionDescription.toJSON()` are accepted unchanged.
#[test]
fn browser_objects_are_read() {
    let text = r#"{"candidate":"","sdpMid":null,"sdpMLineIndex":null,"usernameFragment":null}"#;
    let candidate: IceCandidate = from_str(text).expect("is read");
    assert_eq!(candidate, IceCandidate { candidate: Some(String::new()), ..IceCandidate::default() });

    let description: SessionDescription = from_str(r#"{"type":"rollback","sdp":""}"#).expect("is read");
    assert_eq!(description.r#type, "rollback");
}

#[test]
fn reading_is_lenient_where_the_mapping_is() {
    let hello = Hello {
        metadata: HashMap::new(),
        resume: Some(Resume {
            last_seq: 7,
            room_versions: HashMap::from([("demo".to_owned(), 3)]),
            ..Resume::default()
        }),
        ..Hello::default()
    };
    let expected = ClientFrame { body: Some(Up::Hello(hello)), ..ClientFrame::default() };
    for text in [
        r#"{"hello":{"resume":{"lastSeq":7,"roomVersions":{"demo":3}}}}"#,
        r#"{"hello":{"resume":{"last_seq":"7","room_versions":{"demo":"3"}}}}"#,
        r#"{"seq":null,"join":null,"hello":{"token":null,"metadata":null,"resume":{"lastSeq":7,"roomVersions":{"demo":3}}}}"#,
        r#"{"new":{"deep":[1,{"a":null}]},"hello":{"newer":1,"resume":{"lastSeq":7,"roomVersions":{"demo":3}}}}"#,
    ] {
        assert_eq!(from_str::<ClientFrame>(text).expect(text), expected, "{text}");
    }
    for (value, number) in [("\"DUPLICATE_USERS_REJECT\"", 2), ("2", 2), ("null", 0)] {
        let create: CreateRoom = from_str(&format!(r#"{{"duplicateUsers":{value}}}"#)).expect(value);
        assert_eq!(create.duplicate_users, number);
    }
}

#[test]
fn reading_is_strict_where_the_mapping_is() {
    for text in [
        r#"{"join":5}"#,
        r#"{"join":{"room":5}}"#,
        r#"{"join":{"room":"a","room":"b"}}"#,
        r#"{"join":{},"leave":{}}"#,
        r#"{"seq":-1}"#,
        r#"{"seq":4294967296}"#,
        r#"{"seq":1.5}"#,
        r#"{"createRoom":{"duplicateUsers":"SOMETIMES"}}"#,
        r#"{"envelope":{"sealed":"not base64!"}}"#,
        r#"[]"#,
        r#"{"seq":1}{}"#,
        "null",
        "",
    ] {
        assert!(from_str::<ClientFrame>(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let join = Join {
        room: "räum \u{1F600}".into(),
        display_name: "A\"\\\u{2028}".into(),
        metadata: HashMap::from([("k".to_owned(), "v".to_owned())]),
    };
    let frame = up(9, Up::Join(join));
    let text = to_string(&frame).expect("is written");
    assert_eq!(from_str::<ClientFrame>(&text).expect("is read"), frame);
}
