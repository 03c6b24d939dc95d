//! Every fuzz target over mutations of good input: a first look that each test run takes.

#![cfg(feature = "fuzzing")]

use prost::Message as _;
use wigwag_compat::fuzzing::{connector, peerjs, plain_json, rooms_ws, socketio};
use wigwag_http2::fuzzing::any as http2;
use wigwag_net::forwarded::fuzzing::forwarded;
use wigwag_net::listener::fuzzing::header as proxy_header;
use wigwag_net::websocket::fuzzing::frames as websocket;
use wigwag_node::fuzzing::{client_frame, json_frame};
use wigwag_proto::v1 as pb;
use wigwag_server::api::rest::fuzzing::rest_request;
use wigwag_token::fuzzing::token;

/// A seeded generator (splitmix64), so that failures can be reproduced.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from(z >> 33).unwrap_or(0) % below.max(1)
    }

    /// Changes, drops, doubles or inserts a few bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const LIKELY: &[u8] = b"{}[]\",:\\0 \x00\x0A\x12\x22\xFF\x80\xC3%/";
        for _ in 0..=self.next(4) {
            let at = self.next(bytes.len() + 1);
            match self.next(5) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.next(256)).unwrap_or(0),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.insert(at, LIKELY[self.next(LIKELY.len())]),
                3 => bytes.truncate(at),
                _ => {
                    let from = self.next(bytes.len() + 1);
                    let piece = bytes[from..(from + self.next(16)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
    }
}

const FRAMES: [&str; 5] = [
    r#"{"seq":1,"ack":7,"envelope":{"room":"demo","to":"p2","receipt":true,"description":{"type":"offer","sdp":"v=0\r\n"}}}"#,
    r#"{"seq":2,"envelope":{"room":"é","candidate":{"candidate":"","sdpMid":null,"sdpMLineIndex":0,"usernameFragment":"u"}}}"#,
    r#"{"envelope":{"to":"p","message":{"binary":"AP8="}},"new":[{"a":[1e9,null,true]}]}"#,
    r#"{"hello":{"token":"t","metadata":{"k":"v"},"resumable":true,"resume":{"lastSeq":"3","roomVersions":{"demo":4}}}}"#,
    r#"{"seq":4294967295,"createRoom":{"room":"demo","duplicateUsers":"DUPLICATE_USERS_REJECT","maxMembers":3}}"#,
];
const REQUESTS: [&str; 3] = [
    "/v1/rooms/a%2Fb:send?x=1\n{\"envelope\":{\"message\":{\"text\":\"x\"}},\"requestId\":\"r\"}",
    "/v1/rooms/%C3%A9/members/p%3Ax?ban=true\n{\"displayName\":\"B\",\"metadata\":{\"k\":\"\"}}",
    "/v1/rooms?pageSize=5&pageToken=a%26b\n{\"room\":\"demo\",\"emptyTimeoutMs\":5}",
];

const SOCKETS: [&[u8]; 3] = [
    b"\x81\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58\x89\x80\0\0\0\0\x82\xFE\0\x03\0\0\0\0\0\x01\x02\x88\x85\0\0\0\0\x03\xE8bye",
    b"\x01\x82\0\0\0\0a\xC3\x8A\x82\x01\x02\x03\x04ok\0\x80\0\0\0\0\x80\x81\0\0\0\0\xA9\x02\x80\0\0\0\0\x80\x83\x05\x06\x07\x08abc",
    b"\x82\xFE\x02\x58\0\0\0\0\x81\xFF\0\0\0\0\0\0\0\x02\0\0\0\0{}\x88\x80\0\0\0\0",
];

type Target = fn(&[u8]);
const CONVERSATIONS: &[(Target, &str)] = &[
    (
        rooms_ws,
        "roomId=room&userId=bad&userName=B%20%C3%A9\n\
         {\"type\":\"offer\",\"targetUserId\":\"good\",\"sdp\":{\"type\":\"offer\",\"sdp\":\"v=0\"}}\n\
         {\"type\":\"ice-candidate\",\"targetUserId\":\"aaaaaaaaaaaaaaaaaaaaaaaaae\",\"candidate\":null}",
    ),
    (
        plain_json,
        "room?name=bad\n\
         {\"type\":\"new-ice-candidate\",\"to\":\"@bystander\",\"candidate\":{\"candidate\":\"c\",\"sdpMid\":\"0\"}}\n\
         {\"type\":\"answer\",\"to\":\"aaaaaaaaaaaaaaaaaaaaaaaaae\",\"sdp\":\"v=0\"}",
    ),
    (
        connector,
        "\n{\"type\":\"join_room\",\"data\":{\"room\":\"room\"}}\n\
         {\"type\":\"connect\",\"to\":\"@bystander\",\"data\":{\"sdp\":\"v=0\",\"candidate\":\"c\"}}\n\
         {\"type\":\"offer\",\"to\":\"aaaaaaaaaaaaaaaaaaaaaaaaae\",\"data\":{\"sdp\":{\"sdp\":\"v=0\"}}}\n\
         {\"type\":\"leave_room\",\"to\":\"@bystander\",\"data\":{\"room\":\"room\"}}",
    ),
    (
        peerjs,
        "key=peerjs&id=bad&token=t\n\
         {\"type\":\"OFFER\",\"dst\":\"aaaaaaaaaaaaaaaaaaaaaaaaae\",\"payload\":{\"sdp\":\"v=0\",\"connectionId\":\"dc_1\"}}\n\
         {\"type\":\"CANDIDATE\",\"dst\":\"absent\",\"payload\":{}}\n{\"type\":\"LEAVE\",\"dst\":\"good\"}\n{\"type\":\"LEAVE\"}",
    ),
    #[cfg(feature = "socketio")]
    (
        socketio,
        "\n[\"offer_sdp\",{\"target\":\"@bystander\",\"sdp\":\"v=0\"}]\n\
         [\"send_ice\",{\"target\":\"aaaaaaaaaaaaaaaaaaaaaaaaae\",\"candidate\":\"c\",\"mid\":0}]",
    ),
];

#[test]
fn an_adapter_bears_mutations_of_good_conversations() {
    let mut random = Random(20_261_124);
    for (play, conversation) in CONVERSATIONS {
        play(conversation.as_bytes());
        for _ in 0..200 {
            let mut text = conversation.as_bytes().to_vec();
            random.mutate(&mut text);
            play(&text);
        }
    }
}

#[test]
fn http2_bears_mutations_of_good_connections() {
    let seeds = ["call", "continued", "leaves", "padded", "resets", "tunnel"].map(|name| {
        let path = format!("{}/http2/fuzz/seeds/http2/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).expect("a seed")
    });
    let mut random = Random(20_261_125);
    seeds.iter().for_each(|seed| http2(seed));
    for round in 0..4_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        random.mutate(&mut bytes);
        http2(&bytes);
    }
}

#[test]
fn promises_hold_for_mutations_of_good_input() {
    let frames = FRAMES.map(|text| serde_json::from_str::<pb::ClientFrame>(text).expect(text));
    let encoded = frames.each_ref().map(pb::ClientFrame::encode_to_vec);
    let mut random = Random(20_261_120);
    for round in 0..2_000 {
        let mut text = FRAMES[round % FRAMES.len()].as_bytes().to_vec();
        random.mutate(&mut text);
        json_frame(&text);
        let mut bytes = encoded[round % encoded.len()].clone();
        random.mutate(&mut bytes);
        client_frame(&bytes);
        let mut request = REQUESTS[round % REQUESTS.len()].as_bytes().to_vec();
        random.mutate(&mut request);
        rest_request(&request);
        let mut frames = SOCKETS[round % SOCKETS.len()].to_vec();
        random.mutate(&mut frames);
        websocket(&frames);
    }
}

#[test]
fn tokens_bear_mutations_of_good_ones() {
    let seeds = ["full", "jwks", "session", "short"].map(|name| {
        let path = format!("{}/token/fuzz/seeds/token/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).expect("a seed")
    });
    let mut random = Random(20_261_130);
    seeds.iter().for_each(|seed| token(seed));
    for round in 0..4_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        random.mutate(&mut bytes);
        token(&bytes);
    }
}

#[test]
fn what_proxies_write_bears_mutations_of_good_input() {
    let seeds = |target: &str, names: &[&str]| -> Vec<Vec<u8>> {
        let read = |name: &&str| {
            let path = format!("{}/net/fuzz/seeds/{target}/{name}", env!("CARGO_MANIFEST_DIR"));
            std::fs::read(path).expect("a seed")
        };
        names.iter().map(read).collect()
    };
    let headers = seeds("proxy_protocol", &["local", "unknown", "v1", "v1_6", "v2"]);
    let fields = seeds("forwarded", &["list", "quoted"]);
    let mut random = Random(20_261_201);
    for round in 0..4_000 {
        let mut bytes = headers[round % headers.len()].clone();
        random.mutate(&mut bytes);
        proxy_header(&bytes);
        let mut bytes = fields[round % fields.len()].clone();
        random.mutate(&mut bytes);
        forwarded(&bytes);
    }
}
