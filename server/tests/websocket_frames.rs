//! Frames over `/v1/signal`, in both subprotocols.

#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};
use wigwag_proto::v1::{
    Envelope, Hello, IceCandidate, client_frame::Body as Up, envelope::Payload, server_frame::Body as Down,
};

use client::{Client, JSON, PROTO, text};
use running::{Running, soon};

async fn start() -> Running {
    Running::start(|_| {}).await
}

/// A resumable session in a room.
async fn member(server: &Running, subprotocol: &str, room: &str) -> (Client, String) {
    let mut client = Client::connect(server.addr, subprotocol).await;
    let welcome = client.hello(Hello { resumable: true, ..Hello::default() }).await;
    client.join(1, room).await;
    (client, welcome.peer_id)
}

/// The next envelope; presence in between is skipped.
async fn envelope(client: &mut Client) -> Envelope {
    loop {
        match client.next().await.1 {
            Down::Envelope(envelope) => return envelope,
            Down::MemberJoined(_) | Down::MemberLeft(_) => {}
            other => panic!("no envelope: {other:?}"),
        }
    }
}

#[tokio::test]
async fn envelopes_pass_between_both_forms_unchanged() {
    let server = start().await;
    for (one, other) in [(JSON, JSON), (JSON, PROTO), (PROTO, JSON), (PROTO, PROTO)] {
        let (mut ada, ada_id) = member(&server, one, "demo").await;
        let (mut bob, bob_id) = member(&server, other, "demo").await;
        let sdp = format!("v=0\r\no=- {}\r\n \u{1F600}\"\\", "x".repeat(3_000));
        let payloads = [
            Payload::Description(wigwag_proto::v1::SessionDescription { r#type: "offer".into(), sdp }),
            Payload::Candidate(IceCandidate { candidate: Some(String::new()), ..IceCandidate::default() }),
            Payload::Candidate(IceCandidate { sdp_m_line_index: Some(0), ..IceCandidate::default() }),
            Payload::Sealed(vec![0, 255, 7]),
        ];
        for (payload, seq) in payloads.into_iter().zip(2..) {
            let sent =
                Envelope { room: "demo".into(), to: bob_id.clone(), payload: Some(payload), ..Envelope::default() };
            ada.send(seq, 0, Some(Up::Envelope(sent.clone()))).await;
            assert_eq!(envelope(&mut bob).await, Envelope { from: ada_id.clone(), ..sent });
        }
        for client in [&mut ada, &mut bob] {
            client.send(0, 0, None).await;
        }
        bob.send(2, 0, Some(Up::Bye(Default::default()))).await;
        assert_eq!(bob.closed().await, (1000, String::new()));
        ada.send(6, 0, Some(Up::Bye(Default::default()))).await;
        assert_eq!(ada.closed().await, (1000, String::new()));
    }
}

/// What a person types into a browser's console: no hello, no numbers.
#[tokio::test]
async fn a_first_frame_may_be_a_join() {
    let server = start().await;
    let mut ada = Client::connect(server.addr, JSON).await;
    ada.raw(Message::text(r#"{"join":{"room":"demo","displayName":"Ada"}}"#)).await;
    assert_eq!(ada.welcome().await.grace_ms, 0);
    let Down::Joined(joined) = ada.next().await.1 else { panic!("joined") };
    assert!(joined.created);
    assert_eq!(joined.me.expect("me").display_name, "Ada");
}

#[tokio::test]
async fn a_bad_request_is_answered_and_the_connection_goes_on() {
    let server = start().await;
    let (mut ada, _) = member(&server, JSON, "demo").await;
    let (mut bob, _) = member(&server, JSON, "demo").await;
    let cases = [
        (r#"{"seq":2,"join":{"room":5}}"#, "INVALID_FIELD"),
        (r#"{"seq":3,"envelope":{"room":"demo","from":"me","message":{"text":"x"}}}"#, "INVALID_FIELD"),
        (r#"{"seq":4,"envelope":{"room":"demo"}}"#, "INVALID_FIELD"),
        (r#"{"seq":5,"envelope":{"room":"other","message":{"text":"x"}}}"#, "NOT_JOINED"),
        (r#"{"seq":6,"createRoom":{"room":"r","duplicateUsers":"SOMETIMES"}}"#, "INVALID_FIELD"),
        (r#"{"seq":7,"createRoom":{"room":"r","duplicateUsers":99}}"#, "INVALID_FIELD"),
        (r#"{"seq":8,"somethingNew":{"room":"demo"}}"#, "UNKNOWN_FRAME"),
        (r#"{"seq":9,"envelope":{"room":"demo","description":{"type":"bid","sdp":""}}}"#, "INVALID_FIELD"),
        (r#"{"seq":10,"envelope":{"room":"demo","sealed":"no base64!"}}"#, "INVALID_FIELD"),
    ];
    for ((frame, reason), seq) in cases.into_iter().zip(2..) {
        ada.raw(Message::text(frame)).await;
        loop {
            match ada.next().await {
                (reply, Down::Error(error)) => {
                    assert_eq!((reply, error.reason.as_str(), error.fatal), (seq, reason, false), "{frame}");
                    break;
                }
                (_, Down::MemberJoined(_)) => {}
                other => panic!("{frame}: {other:?}"),
            }
        }
    }
    // An unknown field is accepted, and nothing of the above was delivered.
    let known =
        r#"{"seq":11,"envelope":{"room":"demo","message":{"text":"still here"},"priority":{"high":[1]}},"x":null}"#;
    ada.raw(Message::text(known)).await;
    let Some(Payload::Message(message)) = envelope(&mut bob).await.payload else { panic!("a message") };
    assert_eq!(message.content, Some(wigwag_proto::v1::app_data::Content::Text("still here".to_owned())));
}

#[tokio::test]
async fn the_position_of_an_error_is_reported() {
    let server = start().await;
    let mut ada = Client::connect(server.addr, JSON).await;
    ada.hello(Hello::default()).await;
    ada.raw(Message::text("{\"seq\": 1,\n \"createRoom\": {\"maxMembers\": \"many\"}}")).await;
    let (_, error) = ada.error().await;
    assert_eq!(error.metadata["field"], "createRoom.maxMembers");
    assert!(error.message.contains("line 2 column"), "{}", error.message);
}

#[tokio::test]
async fn invalid_frames_end_the_connection() {
    let server = start().await;
    let deep = format!("{{\"new\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_in_the_envelope = format!("{{\"envelope\":{{\"x\":{}", "{\"a\":".repeat(10_000));
    let texts =
        ["", "hello", "[]", "null", "{\"join\":{\"room\":\"demo\"}", "{\"seq\":-1}", &deep, &deep_in_the_envelope];
    for text in texts {
        for fresh in [true, false] {
            let mut ada = Client::connect(server.addr, JSON).await;
            if !fresh {
                ada.hello(Hello::default()).await;
            }
            ada.raw(Message::text(text)).await;
            let (_, error) = ada.error().await;
            assert_eq!((error.reason.as_str(), error.fatal), ("PROTOCOL", true), "{:.40}", text);
            assert!(error.message.len() < 400);
            assert_eq!(ada.closed().await, (4506, "PROTOCOL".to_owned()));
        }
    }
}

#[tokio::test]
async fn each_subprotocol_takes_its_own_kind_of_message() {
    let server = start().await;
    for (subprotocol, message) in
        [(JSON, Message::binary(vec![255])), (PROTO, Message::text("{}")), (PROTO, Message::binary(vec![255]))]
    {
        let mut ada = Client::connect(server.addr, subprotocol).await;
        ada.hello(Hello::default()).await;
        ada.raw(message).await;
        let (_, error) = ada.error().await;
        assert_eq!((error.reason.as_str(), error.fatal), ("PROTOCOL", true));
        assert_eq!(ada.closed().await, (4506, "PROTOCOL".to_owned()));
    }
}

#[tokio::test]
async fn json_may_be_binary_begin_with_a_byte_order_mark_and_write_integers_as_floats() {
    let server = start().await;
    let mut ada = Client::connect(server.addr, JSON).await;
    for (seq, room, message) in [
        (1, "binary", Message::binary(b"{\"seq\":1.0,\"join\":{\"room\":\"binary\"}}".as_slice())),
        (2, "mark", Message::text("\u{feff}{\"seq\":2e0,\"join\":{\"room\":\"mark\"}}")),
    ] {
        ada.raw(message).await;
        loop {
            match ada.next().await {
                (_, Down::Welcome(_)) => {}
                (reply, Down::Joined(joined)) => break assert_eq!((reply, joined.room.as_str()), (seq, room)),
                other => panic!("not joined: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_frame_over_the_limit_is_answered_and_one_over_the_transports_ends_the_session() {
    let server = start().await;
    for subprotocol in [JSON, PROTO] {
        let (mut ada, _) = member(&server, subprotocol, "large").await;
        ada.send(2, 0, Some(text("large", "", &"x".repeat(70_000)))).await;
        let (reply, error) = ada.error().await;
        assert_eq!((reply, error.reason.as_str(), error.fatal), (2, "FRAME_TOO_LARGE", false));
        // The connection goes on.
        ada.join(3, "another").await;
        let mut next = 4;
        if subprotocol == JSON {
            // However the number is written.
            let quoted = format!(r#"{{"seq":"4","join":{{"room":"large","displayName":"{}"}}}}"#, "x".repeat(70_000));
            ada.raw(Message::text(quoted)).await;
            let (reply, error) = ada.error().await;
            assert_eq!((reply, error.reason.as_str()), (4, "FRAME_TOO_LARGE"));
            next = 5;
        }

        ada.send(next, 0, Some(text("large", "", &"x".repeat(1 << 20)))).await;
        let (_, error) = ada.error().await;
        assert_eq!((error.reason.as_str(), error.fatal), ("FRAME_TOO_LARGE", true));
        assert_eq!(ada.closed().await, (1009, "FRAME_TOO_LARGE".to_owned()));
        // And the session is over: the room is empty again.
        let mut bob = Client::connect(server.addr, subprotocol).await;
        bob.hello(Hello::default()).await;
        assert!(bob.join(1, "large").await.is_empty());
        bob.send(2, 0, Some(Up::Bye(Default::default()))).await;
        bob.closed().await;
    }
}

#[tokio::test]
async fn a_message_may_come_in_fragments() {
    let server = start().await;
    let (mut ada, _) = member(&server, JSON, "demo").await;
    let (mut bob, _) = member(&server, PROTO, "demo").await;
    let frame = r#"{"seq":2,"envelope":{"room":"demo","message":{"text":"é€😀 in pieces"}}}"#.as_bytes();
    for (at, byte) in frame.iter().enumerate() {
        let kind = if at == 0 { Data::Text } else { Data::Continue };
        let fragment = Frame::message(vec![*byte], OpCode::Data(kind), at + 1 == frame.len());
        ada.socket.feed(Message::Frame(fragment)).await.expect("is queued");
        if at == 10 {
            // Control frames may come in between.
            ada.socket.feed(Message::Ping(vec![1].into())).await.expect("is queued");
        }
    }
    ada.socket.flush().await.expect("is sent");
    let Some(Payload::Message(message)) = envelope(&mut bob).await.payload else { panic!("a message") };
    assert_eq!(message.content, Some(wigwag_proto::v1::app_data::Content::Text("é€😀 in pieces".to_owned())));
}

/// A roster of a large room is larger than one fragment.
#[tokio::test]
async fn a_large_frame_arrives_whole() {
    let server = start().await;
    let metadata = std::collections::HashMap::from([("k".to_owned(), "é".repeat(2_000))]);
    let mut others = Vec::new();
    for _ in 0..12 {
        let mut other = Client::connect(server.addr, PROTO).await;
        other.hello(Hello { metadata: metadata.clone(), ..Hello::default() }).await;
        other.join(1, "demo").await;
        others.push(other);
    }
    for subprotocol in [JSON, PROTO] {
        let mut ada = Client::connect(server.addr, subprotocol).await;
        ada.hello(Hello::default()).await;
        assert_eq!(ada.join(1, "demo").await.len(), 12);
        ada.send(2, 0, Some(Up::Bye(Default::default()))).await;
        ada.closed().await;
    }
}

#[tokio::test]
async fn times_in_json_are_canonical() {
    let server = start().await;
    let mut ada = Client::connect(server.addr, JSON).await;
    ada.raw(Message::text(r#"{"join":{"room":"demo"}}"#)).await;
    let mut times = 0;
    while times < 2 {
        let Some(Ok(Message::Text(text))) = soon("a frame", ada.socket.next()).await else { panic!("a text") };
        for key in ["\"createdAt\":\"", "\"joinedAt\":\""] {
            if let Some((_, rest)) = text.split_once(key) {
                let (time, _) = rest.split_once('"').expect("a closing quote");
                assert!(time.len() >= "2026-11-20T17:00:00Z".len() && time.ends_with('Z'), "{time}");
                times += 1;
            }
        }
    }
}
