use prost::Message;
use wigwag_proto::v1::{
    AppData, Envelope, IceCandidate, Negotiation, SessionDescription, app_data::Content, envelope::Payload,
};

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
        Payload::Message(AppData { content: Some(Content::Text("grüße, 世界".into())) }),
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

/// A field of the envelope with this number, in every wire type that has an end.
fn fields(number: u32) -> [Vec<u8>; 4] {
    let field = |wire_type: u32, value: &[u8]| {
        let mut bytes = Vec::new();
        encode_varint(u64::from(number << 3 | wire_type), &mut bytes);
        bytes.extend(value);
        bytes
    };
    // The text is not UTF-8, and would be another sender.
    [field(0, &[0xff, 1]), field(1, &[1; 8]), field(2, &[3, 0x12, 1, 0xff]), field(5, &[1; 4])]
}

#[test]
fn a_hint_that_is_unknown_is_dropped_and_the_rest_passes_unchanged() {
    for payload in payloads() {
        let sent = envelope(payload);
        for number in [101, 127, 150, 199] {
            for hint in fields(number) {
                for bytes in [[sent.encode_to_vec(), hint.clone()].concat(), [hint, sent.encode_to_vec()].concat()] {
                    let signal = check(&bytes).expect("valid");
                    assert_eq!((signal.room, signal.to, signal.receipt), ("demo", "bob", true));
                    let plain = sent.encode_to_vec();
                    let without = check(&plain).expect("valid").encode("alice");
                    assert_eq!(signal.encode("alice"), without, "{number}");
                }
            }
        }
    }
}

#[test]
fn the_negotiation_is_checked_and_dropped() {
    let with = |negotiation| Envelope { negotiation: Some(negotiation), ..envelope(Payload::Sealed(vec![1])) };
    let valid = Negotiation { connection: "c".repeat(64), offer: 7, to_connection: "d".repeat(64), kind: 3 };
    let bytes = with(valid.clone()).encode_to_vec();
    let got = Envelope::decode(check(&bytes).expect("valid").encode("alice")).expect("decodes");
    assert_eq!(got, Envelope { from: "alice".into(), negotiation: None, ..with(valid.clone()) });
    for negotiation in [
        Negotiation { connection: "c".repeat(65), ..valid.clone() },
        Negotiation { to_connection: "c".repeat(65), ..valid },
    ] {
        assert_eq!(field_of(&with(negotiation).encode_to_vec()), "envelope.negotiation");
    }
    // Not a message, and one whose text is not UTF-8.
    let plain = envelope(Payload::Sealed(vec![1])).encode_to_vec();
    for field in [vec![0xa0, 0x06, 1], vec![0xa5, 0x06, 1, 1, 1, 1], vec![0xa2, 0x06, 3, 0x0a, 1, 0xff]] {
        assert_eq!(field_of(&[plain.clone(), field].concat()), "envelope.negotiation");
    }
}

#[test]
fn any_other_unknown_field_is_refused_and_so_is_a_hint_without_an_end() {
    let sent = envelope(Payload::Sealed(vec![1])).encode_to_vec();
    for number in [9, 15, 16, 99, 200, 1_000, 536_870_911] {
        for field in fields(number) {
            assert_eq!(field_of(&[sent.clone(), field].concat()), "envelope", "{number}");
        }
    }
    for cut in fields(101) {
        for end in 0..cut.len() {
            let bytes = [sent.as_slice(), &cut[..end]].concat();
            assert!(end == 0 || field_of(&bytes) == "envelope", "{end} bytes");
        }
    }
    // A group, which has its end in another field.
    for group in [[0xab, 0x06], [0xac, 0x06]] {
        assert_eq!(field_of(&[sent.as_slice(), &group].concat()), "envelope");
    }
    // A message within has no hints.
    let hint = fields(100)[2].clone();
    let inside = [&[0x3a, u8::try_from(hint.len() + 3).expect("short"), 0x0a, 1, b'x'], hint.as_slice()].concat();
    assert_eq!(field_of(&inside), "envelope.message");
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
