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
    GetRoomRequest, Hello, ListMembersRequest, ListRoomsRequest, client_frame::Body as Up, envelope::Payload,
    room_service_client::RoomServiceClient, server_frame::Body as Down,
};
use wigwag_server::config::{AllowedOrigins, RoomServiceAccess};

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
        // The same path to clients that encode colons.
        ("POST", "/v1/rooms%3Awatch", None, 405, "UNIMPLEMENTED"),
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
    let cases: [(&str, &str, u16); 18] = [
        ("host", "localhost", 200),
        ("host", "127.0.0.1:8080", 200),
        // A name may have been made to point here.
        ("host", "rooms.example.com", 403),
        ("host", "localhost.example.com", 403),
        // A proxy on the same machine forwards for another client.
        ("x-forwarded-for", "203.0.113.9", 403),
        ("forwarded", "for=203.0.113.9", 403),
        ("x-forwarded-proto", "https", 403),
        ("x-real-ip", "203.0.113.9", 403),
        ("via", "1.1 proxy", 403),
        ("x-request-id", "5f1c", 403),
        ("x-envoy-expected-rq-timeout-ms", "15000", 403),
        ("cf-connecting-ip", "203.0.113.9", 403),
        ("true-client-ip", "203.0.113.9", 403),
        // A local program that is traced.
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", 200),
        ("authorization", "Bearer x", 200),
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
    for (host, header, allowed) in [
        ("localhost:8080", None, true),
        ("localhost:8080", Some("traceparent"), true),
        ("rooms.example.com", None, false),
        ("localhost:8080", Some("x-forwarded-for"), false),
        ("127.0.0.1:8080", Some("via"), false),
        ("localhost", Some("x-request-id"), false),
        ("localhost", Some("x-envoy-external-address"), false),
        ("localhost", Some("cf-ray"), false),
    ] {
        let channel = Endpoint::from_shared(format!("http://{}", server.addr)).expect("an address");
        let channel =
            channel.origin(format!("http://{host}").parse().expect("a name")).connect().await.expect("connects");
        let mut grpc = RoomServiceClient::new(channel);
        let mut request = tonic::Request::new(GetRoomRequest { room: "nobody".into() });
        if let Some(name) = header {
            request.metadata_mut().insert(name, "203.0.113.9".parse().expect("a value"));
        }
        let code = grpc.get_room(request).await.expect_err("no room").code();
        let expected = if allowed { tonic::Code::NotFound } else { tonic::Code::PermissionDenied };
        assert_eq!(code, expected, "{host} {header:?}");
    }
}

#[tokio::test]
async fn over_grpc_web_too_it_is_for_this_machine_only() {
    let server = start().await;
    for (header, status) in [("traceparent", None), ("via", Some("7")), ("x-request-id", Some("7"))] {
        let request = Request::builder().method("POST").uri("/wigwag.v1.RoomService/ListRooms");
        let request = request.header("content-type", "application/grpc-web+proto").header(header, "1.1 proxy");
        let response = send(server.addr, request, bytes::Bytes::from_static(&[0; 5])).await;
        let refused = response.headers().get("grpc-status").map(|status| status.to_str().expect("text"));
        assert_eq!(refused, status, "{header}");
    }
}

#[tokio::test]
async fn pages_of_rooms_and_members_follow_each_other_whatever_the_names_are() {
    let server = start().await;
    let names = ["a#b", "a&b", "a+b", "a%b", "a b", "p&pageToken=q", "x+y", "é/ü", "zz"];
    for name in names {
        call(server.addr, "POST", "/v1/rooms", Some(json!({"room": name}))).await.ok();
    }
    let mut listed = Vec::new();
    let mut token = String::new();
    for _ in names {
        // Into the URL as it came.
        let page = call(server.addr, "GET", &format!("/v1/rooms?pageSize=1&pageToken={token}"), None).await.ok();
        listed.push(page["rooms"][0]["room"].as_str().expect("a room").to_owned());
        token = page["nextPageToken"].as_str().unwrap_or_default().to_owned();
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{token}");
    }
    assert_eq!(token, "", "the last page");
    listed.sort_unstable();
    let mut expected = names.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_page_token_holds_for_its_call_and_room_and_not_after_a_change() {
    let server = start().await;
    let mut clients = Vec::new();
    for room in ["one", "one", "two", "two"] {
        clients.push(member(&server, room).await);
    }
    let token = async |path: &str| {
        let page = call(server.addr, "GET", &format!("{path}?pageSize=1"), None).await.ok();
        page["nextPageToken"].as_str().expect("a token").to_owned()
    };
    let rooms = token("/v1/rooms").await;
    let one = token("/v1/rooms/one/members").await;
    let channel = Endpoint::from_shared(format!("http://{}", server.addr)).expect("an address");
    let mut grpc = RoomServiceClient::new(channel.connect().await.expect("connects"));

    let refused = async |path: &str, token: &str| {
        let answer = call(server.addr, "GET", &format!("{path}?pageToken={token}"), None).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"), "{path} {token}");
    };
    refused("/v1/rooms", &one).await;
    refused("/v1/rooms/one/members", &rooms).await;
    refused("/v1/rooms/two/members", &one).await;
    for other in ["mine", "1", "AAAA", "a#b"] {
        refused("/v1/rooms/one/members", &percent(other)).await;
        let page = ListRoomsRequest { page_size: 1, page_token: other.to_owned() };
        let status = grpc.list_rooms(page).await.expect_err("not a token");
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{other}");
    }
    for at in 0..one.len() {
        let mut changed = one.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("text");
        refused("/v1/rooms/one/members", &changed).await;
        let page = ListMembersRequest { room: "one".into(), page_size: 1, page_token: changed };
        assert_eq!(grpc.list_members(page).await.expect_err("changed").code(), tonic::Code::InvalidArgument);
    }
    // The token of one API is that of the other.
    let page = ListMembersRequest { room: "one".into(), page_size: 1, page_token: one.clone() };
    assert_eq!(grpc.list_members(page).await.expect("the second page").into_inner().members.len(), 1);
    let page = call(server.addr, "GET", &format!("/v1/rooms/one/members?pageSize=9&pageToken={one}"), None).await.ok();
    assert_eq!(page["members"].as_array().expect("members").len(), 1);
}

fn percent(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn an_update_mask_names_what_changes() {
    let server = start().await;
    call(server.addr, "POST", "/v1/rooms", Some(json!({"room": "demo", "displayName": "A", "maxMembers": 3})))
        .await
        .ok();
    let change = json!({"displayName": "B", "maxMembers": 9, "metadata": {"k": "v"}, "emptyTimeoutMs": 5});
    let path = |mask: &str| format!("/v1/rooms/demo?updateMask={mask}");
    let info = call(server.addr, "PATCH", &path("displayName"), Some(change.clone())).await.ok()["roomInfo"].clone();
    assert_eq!((&info["displayName"], &info["maxMembers"], &info["metadata"]), (&json!("B"), &json!(3), &Value::Null));
    assert_eq!(info["emptyTimeoutMs"], 300_000);
    // Either spelling, in the query or in the body.
    let info = call(server.addr, "PATCH", &path("max_members,metadata"), Some(change.clone())).await.ok();
    assert_eq!(info["roomInfo"]["maxMembers"], 9);
    assert_eq!(info["roomInfo"]["metadata"], json!({"k": "v"}));
    assert_eq!(info["roomInfo"]["emptyTimeoutMs"], 300_000);
    let body = json!({"displayName": "C", "maxMembers": 4, "updateMask": "displayName"});
    let info = call(server.addr, "PATCH", "/v1/rooms/demo", Some(body)).await.ok()["roomInfo"].clone();
    assert_eq!((&info["displayName"], &info["maxMembers"]), (&json!("C"), &json!(9)));
    // `*` is every field that is there.
    let info = call(server.addr, "PATCH", &path("*"), Some(json!({"maxMembers": 5}))).await.ok()["roomInfo"].clone();
    assert_eq!((&info["displayName"], &info["maxMembers"]), (&json!("C"), &json!(5)));
    for (mask, body) in [
        ("display", json!({"displayName": "D"})),
        ("displayName,room", json!({"displayName": "D"})),
        ("maxMembers", json!({"displayName": "D"})),
        ("displayName", json!({})),
    ] {
        let answer = call(server.addr, "PATCH", &path(mask), Some(body)).await;
        assert_eq!((answer.status, answer.reason()), (StatusCode::BAD_REQUEST, "INVALID_FIELD"), "{mask}");
    }
    let info = call(server.addr, "GET", "/v1/rooms/demo", None).await.ok();
    assert_eq!(info["roomInfo"]["displayName"], "C", "what is refused changes nothing");
}

#[tokio::test]
async fn a_condition_that_cannot_be_checked_is_refused() {
    let server = start().await;
    call(server.addr, "POST", "/v1/rooms", Some(json!({"room": "demo", "displayName": "A"}))).await.ok();
    for (name, value) in [("if-match", "\"5\""), ("if-match", "W/\"5\", \"6\""), ("if-none-match", "*")] {
        for (method, body) in [("PATCH", "{\"displayName\": \"B\"}"), ("DELETE", "")] {
            let request = Request::builder().method(method).uri("/v1/rooms/demo").header(name, value);
            let request = request.header("content-type", "application/json");
            let answer = answer(send(server.addr, request, body.into()).await).await;
            assert_eq!(
                (answer.status, answer.reason()),
                (StatusCode::PRECONDITION_FAILED, "INVALID_FIELD"),
                "{method}"
            );
        }
    }
    // "The room exists" holds, and a read has no effect to protect.
    for (method, name, value) in
        [("PATCH", "if-match", "*"), ("GET", "if-match", "\"5\""), ("GET", "if-none-match", "*")]
    {
        let request = Request::builder().method(method).uri("/v1/rooms/demo").header(name, value);
        answer(send(server.addr, request, "".into()).await).await.ok();
    }
    assert_eq!(call(server.addr, "GET", "/v1/rooms/demo", None).await.ok()["roomInfo"]["displayName"], "A");
}

/// The answers of RoomService over REST, gRPC and gRPC-Web: an HTTP status and two gRPC statuses.
async fn rooms_over_all(addr: std::net::SocketAddr) -> (u16, Option<tonic::Code>, String) {
    let rest = send(addr, Request::builder().uri("/v1/rooms/nothing"), "".into()).await.status().as_u16();
    let channel = Endpoint::from_shared(format!("http://{addr}")).expect("an address");
    let mut grpc = RoomServiceClient::new(channel.connect().await.expect("connects"));
    let code = grpc.list_rooms(ListRoomsRequest::default()).await.err().map(|status| {
        assert!(!status.message().is_empty());
        status.code()
    });
    let request = Request::builder().method("POST").uri("/wigwag.v1.RoomService/ListRooms");
    let request = request.header("content-type", "application/grpc-web+proto");
    let web = send(addr, request, bytes::Bytes::from_static(&[0; 5])).await;
    let web = web.headers().get("grpc-status").map(|status| status.to_str().expect("text").to_owned());
    (rest, code, web.unwrap_or_default())
}

#[tokio::test]
async fn room_service_can_be_moved_to_the_admin_listener_or_switched_off() {
    let served = (404, None, String::new());
    let refused = (404, Some(tonic::Code::Unimplemented), "12".to_owned());
    let admin = admin_address().await;
    let server = Running::start(|config| {
        config.room_service = RoomServiceAccess::Admin;
        config.admin.listen = Some(admin);
    })
    .await;
    assert_eq!(rooms_over_all(server.addr).await, refused);
    let hint = call(server.addr, "GET", "/v1/rooms", None).await;
    assert_eq!((hint.status, hint.reason()), (StatusCode::NOT_FOUND, "UNIMPLEMENTED"));
    assert!(hint.json["message"].as_str().expect("a text").contains("admin.listen"), "{hint:?}");
    assert_eq!(rooms_over_all(admin).await, served);
    // The metrics are still there; another machine, and a page that is not the listener's own, is not answered.
    assert_eq!(send(admin, Request::builder().uri("/metrics"), "".into()).await.status(), StatusCode::OK);
    for (name, value) in
        [("x-forwarded-for", "203.0.113.9"), ("host", "evil.example"), ("origin", "http://localhost:1")]
    {
        let request = Request::builder().method("POST").uri("/v1/rooms").header(name, value);
        assert_eq!(send(admin, request, "".into()).await.status(), StatusCode::FORBIDDEN, "{name}");
    }
    server.stop().await;

    let server = Running::start(|config| config.room_service = RoomServiceAccess::Off).await;
    assert_eq!(rooms_over_all(server.addr).await, refused);
    for path in ["/v1/rooms", "/v1/rooms:watch", "/v1/rooms/demo", "/v1/rooms/demo:send", "/v1/rooms/demo/members/x"] {
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            let answer = call(server.addr, method, path, None).await;
            assert_eq!((answer.status, answer.reason()), (StatusCode::NOT_FOUND, "UNIMPLEMENTED"), "{method} {path}");
            assert!(answer.json["message"].as_str().expect("a text").contains("room_service"), "{answer:?}");
        }
    }
    server.stop().await;
}

/// A free loopback address.
async fn admin_address() -> std::net::SocketAddr {
    let probe = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    probe.local_addr().expect("bound")
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
        for (method, operation) in methods.as_object().expect("methods").iter().filter(|_| !path.ends_with(":watch")) {
            // Named in the API, and answered by no version yet.
            let comes = ["UpdateMember", "SendToUser", "CreateTicket"]
                .map(|name| json!(name))
                .contains(&operation["operationId"]);
            let answer = call(server.addr, &method.to_uppercase(), &path, Some(json!({}))).await;
            let served = answer.status.is_success() || answer.reason() != "UNIMPLEMENTED";
            assert!(served != comes, "{method} {path}: {answer:?}");
        }
    }
    for (path, kind) in [
        ("/docs", "text/html"),
        ("/docs/docs.js", "text/javascript"),
        ("/docs/markdown.js", "text/javascript"),
        ("/docs/try.js", "text/javascript"),
        ("/docs/docs.css", "text/css"),
        ("/docs/signaling.json", "application/json"),
        ("/docs/websocket.md", "text/markdown"),
    ] {
        let page = send(server.addr, Request::builder().uri(path), "".into()).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert!(page.headers()["content-type"].to_str().expect("text").starts_with(kind));
        assert!(page.headers()["content-security-policy"].to_str().expect("text").contains("default-src 'self'"));
        // What the page needs comes from this server.
        let text = page.into_body().collect().await.expect("a body").to_bytes();
        let text = String::from_utf8(text.into()).expect("text");
        assert!(!text.contains("src=\"http") && !text.contains("import \"http"), "{path}");
    }
}
