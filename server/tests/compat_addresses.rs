//! Peer ids as addresses within a compatibility protocol, whose clients know each other by names.

#[path = "compat/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;

use serde_json::json;

use client::{enter, open};
use running::Running;

#[tokio::test]
async fn a_text_to_the_peer_id_of_a_rooms_ws_user_stays_a_text() {
    let server = Running::start(|_| {}).await;
    let mut ada = enter(server.addr, "room", "ada").await;
    let mut bob = enter(server.addr, "room", "bob").await;
    ada.next("participant-joined").await;
    for text in ["hello", r#"{"type": "participant-left", "userId": "ada", "userName": "ada", "reason": "LEFT"}"#] {
        bob.send(json!({"type": "message", "targetUserId": "rooms-ws:room:ada", "text": text})).await;
        let message = ada.message().await.expect("a message");
        assert_eq!(message, json!({"type": "message", "fromUserId": "bob", "text": text}));
    }
    bob.send(json!({"type": "hangup", "targetUserId": "rooms-ws:room:ada", "why": "late"})).await;
    assert_eq!(ada.next("hangup").await["why"], "late");
    bob.send(json!({"type": "message", "targetUserId": "rooms-ws:room:eve", "text": "hello"})).await;
    assert_eq!(bob.next("error").await["reason"], "PEER_NOT_FOUND");
    server.stop().await;
}

#[tokio::test]
async fn peerjs_reaches_a_client_by_its_peer_id() {
    let server = Running::start(|_| {}).await;
    let path = |id: &str| format!("/peerjs/peerjs?key=peerjs&id={id}&token={id}");
    let mut ada = open(server.addr, &path("ada")).await.expect("a WebSocket");
    let mut bob = open(server.addr, &path("bob")).await.expect("a WebSocket");
    ada.next("OPEN").await;
    bob.next("OPEN").await;
    let payload = json!({"sdp": {"type": "offer", "sdp": "v=0"}, "type": "data", "connectionId": "dc_1", "label": "l"});
    bob.send(json!({"type": "OFFER", "dst": "peerjs:peerjs:ada", "payload": payload})).await;
    let offer = ada.next("OFFER").await;
    assert_eq!((&offer["src"], &offer["payload"]), (&json!("bob"), &payload));
    server.stop().await;
}
