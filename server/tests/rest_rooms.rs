//! `RoomService` over HTTP: every call, its errors, and that it is the same service as over gRPC.

#[path = "rest/call.rs"]
mod call;
#[path = "websocket/client.rs"]
mod client;
#[path = "shell/running.rs"]
mod running;

use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tonic::transport::Endpoint;
use wigwag_proto::v1::{
    GetRoomRequest, Hello, client_frame::Body as Up, envelope::Payload, room_service_client::RoomServiceClient,
    server_frame::Body as Down,
};
use wigwag_server::config::AllowedOrigins;

use call::{answer, call, send};
use client::{Client, JSON};
use running::{Running, soon};

async fn start() -> Running {
    Running::start(|_| {}).await
}

/// A session in a room, and its peer id.
async fn member(server: &Running, room: &str) -> (Client, String) {
    let mut client = Client::connect(server.addr, JSON).await;
    let welcome = client.hello(Hello::default()).await;
    client.join(1, room).await;
    (client, welcome.peer_id)
}

#[tokio::test]
async fn rooms_are_created_described_changed_listed_and_ended() {
    let server = start().await;
    let room = json!({"room": "a/b é", "displayName": "A", "maxMembers": 3, "metadata": {"k": "v"}});
    let created = call(server.addr, "POST", "/v1/rooms", Some(room.clone())).await.ok();
    let info = &created["roomInfo"];
    assert_eq!(info["room"], "a/b é");
    assert_eq!(info["emptyTimeoutMs"], 300_000);
    assert!(info["createdAt"].as_str().expect("a time").ends_with('Z'));
    let again = call(server.addr, "POST", "/v1/rooms", Some(room)).await;
    assert_eq!((again.status, again.reason()), (StatusCode::CONFLICT, "ROOM_EXISTS"));
    assert_eq!(again.json["code"], 6);

    let path = "/v1/rooms/a%2Fb%20%C3%A9";
    assert_eq!(&call(server.addr, "GET", path, None).await.ok()["roomInfo"], info);

    let change = json!({"displayName": "B", "metadata": {"k": "", "l": "w"}});
    let changed = call(server.addr, "PATCH", path, Some(change)).await.ok();
    assert_eq!(changed["roomInfo"]["displayName"], "B");
    assert_eq!(changed["roomInfo"]["maxMembers"], 3);
    assert_eq!(changed["roomInfo"]["metadata"], json!({"l": "w"}));

    // No body is an empty request: the server names the room.
    let unnamed = call(server.addr, "POST", "/v1/rooms", None).await.ok();
    assert_eq!(unnamed["roomInfo"]["room"].as_str().expect("a name").len(), 26);
    let mut listed = Vec::new();
    let mut token = String::new();
    loop {
        let page = call(server.addr, "GET", &format!("/v1/rooms?pageSize=1&pageToken={token}"), None).await.ok();
        let rooms = page["rooms"].as_array().expect("rooms");
        assert_eq!(rooms.len(), 1);
        listed.push(rooms[0]["room"].as_str().expect("a name").to_owned());
        match page["nextPageToken"].as_str() {
            Some(next) => {
                token = percent_encoding::utf8_percent_encode(next, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
            None => break,
        }
    }
    assert_eq!(listed.len(), 2);
    assert!(listed.contains(&"a/b é".to_owned()));

    assert_eq!(call(server.addr, "DELETE", path, None).await.ok(), json!({}));
    let gone = call(server.addr, "GET", path, None).await;
    assert_eq!((gone.status, gone.reason()), (StatusCode::NOT_FOUND, "ROOM_NOT_FOUND"));
}

#[tokio::test]
async fn members_are_listed_described_and_removed() {
    let server = start().await;
    let (_ada, ada_id) = member(&server, "demo").await;
    let (mut bob, bob_id) = member(&server, "demo").await;
    let members = call(server.addr, "GET", "/v1/rooms/demo/members", None).await.ok();
    assert_eq!(members["members"][0]["peerId"], ada_id);
    assert_eq!(members["members"][0]["role"], "ROLE_OWNER");
    assert_eq!(members["members"][1]["peerId"], bob_id);
    let room = call(server.addr, "GET", "/v1/rooms/demo", None).await.ok();
    assert_eq!(members["version"], room["roomInfo"]["version"]);
    let first = call(server.addr, "GET", "/v1/rooms/demo/members?page_size=1", None).await.ok();
    let token = first["nextPageToken"].as_str().expect("a token");
    let second = call(server.addr, "GET", &format!("/v1/rooms/demo/members?pageToken={token}"), None).await.ok();
    assert_eq!(second["members"], json!([members["members"][1]]));

    let path = format!("/v1/rooms/demo/members/{bob_id}");
    assert_eq!(call(server.addr, "GET", &path, None).await.ok()["member"], members["members"][1]);
    assert_eq!(call(server.addr, "DELETE", &format!("{path}?ban=true"), None).await.ok(), json!({}));
    let Down::Left(left) = bob.next().await.1 else { panic!("left") };
    assert_eq!(left.reason, "BANNED");
    let again = call(server.addr, "DELETE", &path, None).await;
    assert_eq!((again.status, again.reason()), (StatusCode::NOT_FOUND, "PEER_NOT_FOUND"));
    bob.send(2, 0, Some(Up::Join(wigwag_proto::v1::Join { room: "demo".into(), ..Default::default() }))).await;
    assert_eq!(bob.error().await.1.reason, "BANNED");
}

#[tokio::test]
async fn envelopes_are_sent_to_rooms_and_members_once() {
    let server = start().await;
    let (mut ada, ada_id) = member(&server, "a:send").await;
    let (mut bob, _) = member(&server, "a:send").await;
    assert!(matches!(ada.next().await.1, Down::MemberJoined(_)));
    let message = json!({"envelope": {"message": {"text": "to all"}}, "requestId": "r1"});
    for _ in 0..2 {
        let sent = call(server.addr, "POST", "/v1/rooms/a%3Asend:send", Some(message.clone())).await.ok();
        assert_eq!(sent, json!({"accepted": 2}));
    }
    let message = json!({"envelope": {"room": "a:send", "to": ada_id, "candidate": {"candidate": ""}}});
    let sent = call(server.addr, "POST", "/v1/rooms/a%3Asend:send", Some(message)).await.ok();
    assert_eq!(sent, json!({"accepted": 1}));
    for client in [&mut ada, &mut bob] {
        let Down::Envelope(envelope) = client.next().await.1 else { panic!("an envelope") };
        assert_eq!((envelope.from.as_str(), envelope.room.as_str()), ("", "a:send"));
    }
    let Down::Envelope(envelope) = ada.next().await.1 else { panic!("an envelope") };
    let Some(Payload::Candidate(candidate)) = envelope.payload else { panic!("a candidate") };
    assert_eq!(candidate.candidate.as_deref(), Some(""));
}

#[tokio::test]
async fn a_request_id_stands_for_one_request() {
    let server = start().await;
    let (mut ada, _) = member(&server, "a").await;
    let _bob = member(&server, "b").await;
    let message = json!({"envelope": {"message": {"text": "once"}}, "requestId": "x"});
    let send = |room: &str| {
        let (path, message) = (format!("/v1/rooms/{room}:send"), message.clone());
        async move { call(server.addr, "POST", &path, Some(message)).await }
    };
    assert_eq!(send("a").await.ok(), json!({"accepted": 1}));
    for other in ["b", "nowhere"] {
        let refused = send(other).await;
        assert_eq!((refused.status, refused.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"), "{other}");
    }
    let create = |room: &str| {
        let request = json!({"room": room, "metadata": {"k": "v", "l": "w", "m": "x"}, "requestId": "x"});
        async move { call(server.addr, "POST", "/v1/rooms", Some(request)).await }
    };
    let created = create("c1").await.ok();
    for _ in 0..8 {
        assert_eq!(create("c1").await.ok(), created, "whatever the order of the pairs");
    }
    let refused = create("c2").await;
    assert_eq!((refused.status, refused.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"));
    assert_eq!(send("a").await.ok(), json!({"accepted": 1}));
    let Down::Envelope(_) = ada.next().await.1 else { panic!("an envelope") };
    let empty = json!({"envelope": {"message": {"text": "anyone there?"}}});
    let sent = call(server.addr, "POST", "/v1/rooms/c1:send", Some(empty)).await.ok();
    assert_eq!(sent, json!({"accepted": 0}), "0 is not left out");
}

#[tokio::test]
async fn errors_have_one_shape_and_the_status_of_their_code() {
    let server = start().await;
    call(server.addr, "POST", "/v1/rooms", Some(json!({"room": "demo"}))).await.ok();
    let long = format!("/v1/rooms/{}", "x".repeat(129));
    let cases = [
        ("GET", "/v1/rooms/nobody", None, 404, "ROOM_NOT_FOUND"),
        ("GET", "/v1/rooms/demo/members/nobody", None, 404, "PEER_NOT_FOUND"),
        ("GET", "/v1/rooms/demo/members/%00", None, 400, "INVALID_FIELD"),
        ("GET", "/v1/rooms/%FF", None, 400, "INVALID_FIELD"),
        ("GET", long.as_str(), None, 400, "INVALID_FIELD"),
        ("GET", "/v1/rooms?pageSize=many", None, 400, "INVALID_FIELD"),
        ("GET", "/v1/rooms/demo/members?pageToken=mine", None, 400, "INVALID_FIELD"),
        ("DELETE", "/v1/rooms/demo/members/x?ban=perhaps", None, 400, "INVALID_FIELD"),
        ("PATCH", "/v1/rooms/demo", Some(json!({"room": "other"})), 400, "INVALID_FIELD"),
        ("PATCH", "/v1/rooms/demo", Some(json!({"maxMembers": "few"})), 400, "INVALID_FIELD"),
        ("PATCH", "/v1/rooms/demo", Some(json!({"metadata": {"k": "v".repeat(5_000)}})), 400, "INVALID_FIELD"),
        ("POST", "/v1/rooms", Some(json!({"duplicateUsers": "SOMETIMES"})), 400, "INVALID_FIELD"),
        ("POST", "/v1/rooms", Some(json!([])), 400, "INVALID_FIELD"),
        ("POST", "/v1/rooms/demo:send", None, 400, "INVALID_FIELD"),
        (
            "POST",
            "/v1/rooms/demo:send",
            Some(json!({"envelope": {"from": "me", "sealed": "AA=="}})),
            400,
            "INVALID_FIELD",
        ),
        ("POST", "/v1/rooms/other:send", Some(json!({"envelope": {"sealed": "AA=="}})), 404, "ROOM_NOT_FOUND"),
        ("GET", "/v1/rooms/demo/nothing", None, 404, "UNIMPLEMENTED"),
        ("GET", "/v1/rooms/", None, 404, "UNIMPLEMENTED"),
        ("PUT", "/v1/rooms", None, 405, "UNIMPLEMENTED"),
        ("POST", "/v1/rooms/demo", Some(json!({})), 405, "UNIMPLEMENTED"),
        ("GET", "/v1/rooms/demo:send", None, 405, "UNIMPLEMENTED"),
        ("DELETE", "/v1/rooms/demo:send", None, 405, "UNIMPLEMENTED"),
        ("POST", "/v1/rooms:watch", None, 405, "UNIMPLEMENTED"),
    ];
    for (method, path, body, status, reason) in cases {
        let answer = call(server.addr, method, path, body).await;
        assert_eq!((answer.status.as_u16(), answer.reason()), (status, reason), "{method} {path}: {answer:?}");
        assert_eq!(answer.headers.contains_key("allow"), status == 405, "{method} {path}");
        let violations = &answer.json["details"][1]["fieldViolations"];
        assert_eq!(violations[0]["field"].is_string(), reason == "INVALID_FIELD", "{answer:?}");
    }
}

#[tokio::test]
async fn bodies_are_json_and_no_larger_than_they_may_be() {
    let server = start().await;
    let post = |kind: &'static str| Request::builder().method("POST").uri("/v1/rooms").header("content-type", kind);
    for kind in ["application/x-www-form-urlencoded", "text/plain", "application/jsonp"] {
        let answer = answer(send(server.addr, post(kind), "{}".into()).await).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "INVALID_FIELD"));
    }
    for (text, place) in [("{\"room\": ", "line 1"), ("{\n\"room\": 5}", "line 2"), ("nonsense", "line 1")] {
        let answer = answer(send(server.addr, post("application/json; charset=utf-8"), text.into()).await).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"));
        assert!(answer.json["message"].as_str().expect("a text").contains(place), "{answer:?}");
    }
    let deep = format!("{{\"new\":{}", "[".repeat(10_000));
    let answer_deep = answer(send(server.addr, post("application/json"), deep.into()).await).await;
    assert_eq!((answer_deep.status, answer_deep.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"));
    let large = format!("{{\"room\":\"{}\"}}", "x".repeat(128 * 1024));
    let answer = answer(send(server.addr, post("application/json"), large.into()).await).await;
    assert_eq!((answer.status, answer.reason()), (StatusCode::PAYLOAD_TOO_LARGE, "FRAME_TOO_LARGE"));
    assert!(call(server.addr, "GET", "/v1/rooms", None).await.ok()["rooms"].is_null(), "nothing was created");
}

#[tokio::test]
async fn remote_callers_are_refused_before_anything_is_read() {
    let server = Running::start(|config| {
        config.cors.allowed_origins = AllowedOrigins::List(vec!["https://app.example.com".to_owned()]);
    })
    .await;
    let cases: [(&str, &str, u16); 9] = [
        ("host", "localhost", 200),
        ("host", "127.0.0.1:8080", 200),
        // A name may have been made to point here.
        ("host", "rooms.example.com", 403),
        ("host", "localhost.example.com", 403),
        // A proxy on the same machine forwards for another client.
        ("x-forwarded-for", "203.0.113.9", 403),
        ("forwarded", "for=203.0.113.9", 403),
        ("origin", "https://app.example.com", 200),
        ("origin", "https://evil.example.com", 403),
        ("origin", "null", 403),
    ];
    for (name, value, status) in cases {
        for path in ["/v1/rooms", "/v1/rooms/x/y/z"] {
            let answer =
                answer(send(server.addr, Request::builder().uri(path).header(name, value), "".into()).await).await;
            let expected = if status == 200 && path.len() > 9 { 404 } else { status };
            assert_eq!(answer.status.as_u16(), expected, "{name}: {value} {path}");
            match name {
                // Refused for every path alike, before an API is chosen.
                "origin" if status == 403 => assert_eq!(answer.json["error"], "FORBIDDEN"),
                _ if status == 403 => assert_eq!(answer.reason(), "FORBIDDEN"),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn rest_and_grpc_are_the_same_service() {
    let server = start().await;
    call(server.addr, "POST", "/v1/rooms", Some(json!({"room": "demo", "displayName": "A"}))).await.ok();
    let channel = Endpoint::from_shared(format!("http://{}", server.addr)).expect("an address");
    let mut grpc = RoomServiceClient::new(channel.connect().await.expect("connects"));
    let info = grpc.get_room(GetRoomRequest { room: "demo".into() }).await.expect("a room").into_inner();
    let rest = call(server.addr, "GET", "/v1/rooms/demo", None).await.ok();
    assert_eq!(serde_json::to_value(info).expect("JSON"), rest);

    let status = grpc.get_room(GetRoomRequest { room: "nobody".into() }).await.expect_err("no room");
    let rest = call(server.addr, "GET", "/v1/rooms/nobody", None).await;
    assert_eq!((status.code() as i32, status.message()), (5, rest.json["message"].as_str().expect("a text")));
}

#[tokio::test]
async fn over_grpc_too_it_is_for_this_machine_only() {
    let server = start().await;
    for (host, proxied, allowed) in
        [("localhost:8080", false, true), ("localhost:8080", true, false), ("rooms.example.com", false, false)]
    {
        let channel = Endpoint::from_shared(format!("http://{}", server.addr)).expect("an address");
        let channel =
            channel.origin(format!("http://{host}").parse().expect("a name")).connect().await.expect("connects");
        let mut grpc = RoomServiceClient::new(channel);
        let mut request = tonic::Request::new(GetRoomRequest { room: "nobody".into() });
        if proxied {
            request.metadata_mut().insert("x-forwarded-for", "203.0.113.9".parse().expect("a value"));
        }
        let code = grpc.get_room(request).await.expect_err("no room").code();
        let expected = if allowed { tonic::Code::NotFound } else { tonic::Code::PermissionDenied };
        assert_eq!(code, expected, "{host} proxied: {proxied}");
    }
}

/// Events of a watch, as they come.
struct Events {
    body: hyper::body::Incoming,
    text: String,
}

impl Events {
    async fn open(server: &Running, query: &str) -> Self {
        let uri = format!("/v1/rooms:watch{query}");
        let response = send(server.addr, Request::builder().uri(uri), "".into()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The name and data of the next event.
    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let data = serde_json::from_str(&line("data: ").expect("data")).expect("JSON");
                let event = (line("event: ").unwrap_or_default(), data);
                self.text = rest.to_owned();
                return event;
            }
            let frame = soon("an event", self.body.frame()).await.expect("no end").expect("no error");
            self.text += std::str::from_utf8(&frame.into_data().expect("data")).expect("text");
        }
    }

    /// The kind of the next event.
    async fn kind(&mut self) -> (String, Value) {
        let (_, data) = self.next().await;
        let (kind, value) = data.as_object().expect("an object").iter().next().expect("a field");
        (kind.clone(), value.clone())
    }
}

#[tokio::test]
async fn a_watch_starts_with_all_rooms_and_continues_with_changes() {
    let server = Running::start(|config| config.drain.timeout_ms = 1_000).await;
    call(server.addr, "POST", "/v1/rooms", Some(json!({"room": "old"}))).await.ok();
    let (mut all, mut one) = (Events::open(&server, "").await, Events::open(&server, "?room=new").await);
    let (kind, snapshot) = all.kind().await;
    assert_eq!((kind.as_str(), &snapshot["roomInfo"]["room"]), ("snapshot", &json!("old")));
    assert_eq!(all.kind().await.0, "synced");
    assert_eq!(one.kind().await.0, "synced");

    call(server.addr, "DELETE", "/v1/rooms/old", None).await.ok();
    let (kind, ended) = all.kind().await;
    assert_eq!((kind.as_str(), &ended["reason"]), ("roomEnded", &json!("ENDED")));
    let (_ada, ada_id) = member(&server, "new").await;
    for events in [&mut all, &mut one] {
        let (kind, created) = events.kind().await;
        assert_eq!((kind.as_str(), &created["roomInfo"]["room"]), ("roomCreated", &json!("new")));
        let (kind, joined) = events.kind().await;
        assert_eq!((kind.as_str(), &joined["member"]["peerId"]), ("memberJoined", &json!(ada_id)));
    }
    let stopping = tokio::spawn(server.stop());
    loop {
        let (event, data) = one.next().await;
        if event == "status" {
            assert_eq!(data["details"][0]["reason"], "DRAINING");
            break;
        }
    }
    stopping.await.expect("no panic");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = start().await;
    let response = send(server.addr, Request::builder().uri("/openapi.json"), "".into()).await;
    let document = answer(response).await;
    assert_eq!(document.json["openapi"], "3.1.0");
    let paths = document.json["paths"].as_object().expect("paths");
    for (path, methods) in paths {
        let path = path.replace("{room}", "nobody").replace("{peer_id}", "nobody");
        for method in methods.as_object().expect("methods").keys().filter(|_| !path.ends_with(":watch")) {
            let answer = call(server.addr, &method.to_uppercase(), &path, Some(json!({}))).await;
            let served = answer.status.is_success() || answer.reason() != "UNIMPLEMENTED";
            assert!(served, "{method} {path}: {answer:?}");
        }
    }
    for (path, kind) in [("/docs", "text/html"), ("/docs/docs.js", "text/javascript"), ("/docs/docs.css", "text/css")] {
        let page = send(server.addr, Request::builder().uri(path), "".into()).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers()["content-type"].to_str().expect("text").starts_with(kind));
        assert!(page.headers()["content-security-policy"].to_str().expect("text").contains("default-src 'self'"));
    }
}
