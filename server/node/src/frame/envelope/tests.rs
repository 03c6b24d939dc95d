use prost::Message;
use wigwag_proto::v1::{AppData, Envelope, IceCandidate, SessionDescription, app_data::Content, envelope::Payload};

use super::*;

fn envelope(payload: Payload) -> Envelope {
    Envelope { room: "demo".into(), to: "bob".into(), receipt: true, payload: Some(payload), ..Envelope::default() }
}

fn payloads() -> Vec<Payload> {
    vec![
        Payload::Description(SessionDescription { r#type: "offer".into(), sdp: "v=0\r\n".into() }),
        Payload::Description(SessionDescription { r#type: "rollback".into(), sdp: String::new() }),
        Payload::Candidate(IceCandidate { candidate: Some(String::new()), ..IceCandidate::default() }),
        Payload::Candidate(IceCandidate {
            candidate: Some("candidate:1".into()),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some("x".into()),
        }),
        Payload::Candidate(IceCandidate::default()),
        Payload::Message(AppData { content: Some(Content::Text(String::new())) }),
        Payload::Message(AppData { content: Some(Content::Binary(vec![0, 255])) }),
        Payload::Sealed(vec![0xff; 300]),
    ]
}

fn field_of(bytes: &[u8]) -> &'static str {
    check(bytes).expect_err("invalid").field
}

#[test]
fn every_payload_passes_unchanged_after_the_routing_fields_of_the_server() {
    for payload in payloads() {
        let sent = envelope(payload);
        let bytes = sent.encode_to_vec();
        let signal = check(&bytes).expect("valid");
        assert_eq!((signal.room, signal.to, signal.receipt), ("demo", "bob", true));
        let got = Envelope::decode(signal.encode("alice")).expect("decodes");
        assert_eq!(got, Envelope { from: "alice".into(), ..sent });
    }
}

#[test]
fn a_client_may_not_set_the_sender() {
    let mut sent = envelope(Payload::Sealed(vec![1]));
    sent.from = "mallory".into();
    assert_eq!(field_of(&sent.encode_to_vec()), "envelope.from");
    // Nor after the payload, where a second value would override the first.
    let mut bytes = envelope(Payload::Sealed(vec![1])).encode_to_vec();
    bytes.extend([0x12, 1, b'm']);
    assert_eq!(field_of(&bytes), "envelope.from");
}

#[test]
fn exactly_one_payload() {
    assert_eq!(field_of(&Envelope { room: "demo".into(), ..Envelope::default() }.encode_to_vec()), "envelope.payload");
    let mut twice = envelope(Payload::Sealed(vec![1])).encode_to_vec();
    twice.extend(Envelope { payload: Some(Payload::Sealed(vec![2])), ..Envelope::default() }.encode_to_vec());
    assert_eq!(field_of(&twice), "envelope.payload");
}

#[test]
fn what_a_strict_receiver_would_refuse_is_refused() {
    let bad_utf8 = |tag: u8| {
        let mut bytes = Envelope { room: "demo".into(), ..Envelope::default() }.encode_to_vec();
        bytes.extend([tag, 3, 0x0a, 1, 0xff]);
        bytes
    };
    assert_eq!(field_of(&bad_utf8(0x2a)), "envelope.description.type");
    assert_eq!(field_of(&bad_utf8(0x32)), "envelope.candidate.candidate");
    assert_eq!(field_of(&bad_utf8(0x3a)), "envelope.message.text");
    let kind = Payload::Description(SessionDescription { r#type: "hello".into(), sdp: String::new() });
    assert_eq!(field_of(&envelope(kind).encode_to_vec()), "envelope.description.type");
    assert_eq!(field_of(&envelope(Payload::Message(AppData { content: None })).encode_to_vec()), "envelope.message");
    let unknown = [envelope(Payload::Sealed(vec![1])).encode_to_vec(), vec![0x7a, 0]].concat();
    assert_eq!(field_of(&unknown), "envelope");
}

#[test]
fn no_bytes_make_it_panic_and_what_passes_decodes() {
    let mut state = 7_u64;
    let mut passed = 0;
    for payload in payloads() {
        let bytes = envelope(payload).encode_to_vec();
        for _ in 0..20_000 {
            let mut mutated = bytes.clone();
            for _ in 0..2 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (state >> 33) as usize % mutated.len();
                mutated[at] = (state >> 20) as u8;
            }
            if let Ok(signal) = check(&mutated) {
                passed += 1;
                Envelope::decode(signal.encode("alice")).expect("what passes the check decodes");
            }
        }
    }
    assert!(passed > 1_000, "mutations that stay valid are checked too: {passed}");
}
