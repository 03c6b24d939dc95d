//! `/health`, `/rooms`, `/ready` and `/metrics`.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "../net/tests/support/listening.rs"]
mod listening;
#[path = "shell/running.rs"]
mod running;

use axum::Router;
use http::{Method, StatusCode};
use serde_json::json;
use wigwag_net::host::Hosts;
use wigwag_node::auth::Caller;
use wigwag_node::config::NodeConfig;
use wigwag_node::node::Node;
use wigwag_server::ops::{self, Readiness};

use listening::Listening;
use running::Running;

fn pages(readiness: &Readiness) -> Router {
    ops::router(Node::new(NodeConfig::default()), Hosts::own_and(Vec::new()), true, readiness.clone(), |_, _| {
        Caller::default()
    })
}

/// A server with one room, which is empty.
async fn with_a_room() -> Running {
    let server = Running::start(|_| {}).await;
    let mut client = http1::connect(server.addr).await;
    let headers = [("content-type", "application/json")];
    let created = http1::send(&mut client, Method::POST, "/v1/rooms", &headers, br#"{"room":"demo"}"#).await;
    assert_eq!(created.status, StatusCode::OK);
    server
}

#[tokio::test]
async fn rooms_and_health_have_the_shape_existing_clients_read() {
    let server = with_a_room().await;
    let details = json!([{"roomId": "demo", "participantCount": 0, "participants": []}]);
    let rooms = http1::get(server.addr, "/rooms").await;
    assert_eq!(rooms.header("content-type"), "application/json");
    assert_eq!(rooms.json(), json!({"rooms": details}));

    let health = http1::get(server.addr, "/health").await.json();
    let timestamp = health["timestamp"].clone();
    let expected =
        json!({"status": "ok", "rooms": 1, "connections": 0, "roomDetails": details, "timestamp": timestamp});
    assert_eq!(health, expected);
    let timestamp = timestamp.as_str().expect("a text");
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    server.stop().await;
}

#[tokio::test]
async fn a_page_under_another_host_name_does_not_see_members() {
    let server = with_a_room().await;
    let foreign = "rooms.example:8080";
    let mut client = http1::connect(server.addr).await;
    let rooms = http1::send_as(&mut client, "/rooms", foreign).await;
    assert_eq!((rooms.status, rooms.json()["error"].as_str()), (StatusCode::FORBIDDEN, Some("FORBIDDEN")));
    assert!(rooms.json()["hint"].as_str().is_some_and(|hint| hint.contains("cors.allowed_hosts")));
    let health = http1::send_as(&mut client, "/health", foreign).await;
    assert_eq!((health.status, &health.json()["rooms"]), (StatusCode::OK, &json!(1)));
    assert_eq!(health.json()["roomDetails"], json!([]));
    server.stop().await;
}

/// Creates rooms through a client of this machine.
async fn create_rooms(server: &Running, names: impl Iterator<Item = String>) {
    let mut client = http1::connect(server.addr).await;
    for room in names {
        let body: &'static str = json!({ "room": room }).to_string().leak();
        let headers = [("content-type", "application/json")];
        let created = http1::send(&mut client, Method::POST, "/v1/rooms", &headers, body.as_bytes()).await;
        assert_eq!(created.status, StatusCode::OK, "{room}");
    }
}

#[tokio::test]
async fn health_is_bounded_and_rooms_come_in_pages() {
    let server = Running::start(|_| {}).await;
    // Names that mean something in a query.
    let name = |index: usize| format!("r{index:03} a#b&c+d?x=y%");
    create_rooms(&server, (0..201).map(name)).await;

    let health = http1::get(server.addr, "/health").await.json();
    assert_eq!((&health["rooms"], &health["roomDetailsTruncated"]), (&json!(201), &json!(true)));
    assert_eq!(health["roomDetails"].as_array().map(Vec::len), Some(100));

    let (mut path, mut seen) = ("/rooms".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = http1::get(server.addr, &path).await.json();
        let rooms = page["rooms"].as_array().expect("a list");
        seen.extend(rooms.iter().map(|room| room["roomId"].as_str().expect("a name").to_owned()));
        path = page["next"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(path, "", "the third page is the last one");
    assert_eq!(seen, (0..201).map(name).collect::<Vec<_>>());

    let bad = http1::get(server.addr, "/rooms?after=%00").await;
    assert_eq!((bad.status, bad.json()["error"].as_str()), (StatusCode::BAD_REQUEST, Some("INVALID_FIELD")));
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_other_machines_can_reach_names_no_rooms_unless_it_is_set() {
    let exposed = |public_rooms| {
        move |config: &mut wigwag_server::config::Config| {
            // The test's listener is on loopback, whatever is configured.
            config.listen = ([0, 0, 0, 0], 0).into();
            config.insecure_open = true;
            config.public_rooms = public_rooms;
        }
    };
    let server = Running::start(exposed(false)).await;
    create_rooms(&server, std::iter::once("secret-room".to_owned())).await;
    for path in ["/rooms", "/health"] {
        let answer = http1::get(server.addr, path).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!String::from_utf8_lossy(&answer.body).contains("secret-room"), "{path}");
    }
    let rooms = http1::get(server.addr, "/rooms").await.json();
    assert_eq!((&rooms["rooms"], &rooms["roomCount"], &rooms["connections"]), (&json!([]), &json!(1), &json!(0)));
    assert!(rooms["hint"].as_str().is_some_and(|hint| hint.contains("public_rooms")));
    assert_eq!(http1::get(server.addr, "/health").await.json()["rooms"], json!(1));
    server.stop().await;

    let server = Running::start(exposed(true)).await;
    create_rooms(&server, std::iter::once("open-room".to_owned())).await;
    assert_eq!(http1::get(server.addr, "/rooms").await.json()["rooms"][0]["roomId"], "open-room");
    server.stop().await;
}

#[tokio::test]
async fn members_are_not_shown_through_a_proxy() {
    let server = with_a_room().await;
    for name in ["x-forwarded-for", "forwarded", "via", "x-request-id", "x-envoy-external-address", "cf-ray"] {
        // The helper names `localhost`, as a proxy that passes on a host name of the client's choice may do.
        let headers = [(name, "203.0.113.9")];
        let rooms = http1::request(server.addr, Method::GET, "/rooms", &headers).await;
        assert_eq!(rooms.status, StatusCode::FORBIDDEN, "{name}");
        let health = http1::request(server.addr, Method::GET, "/health", &headers).await;
        assert_eq!((&health.json()["rooms"], &health.json()["roomDetails"]), (&json!(1), &json!([])), "{name}");
    }
    server.stop().await;
}

#[tokio::test]
async fn browsers_get_the_icon_they_ask_for() {
    let server = Running::start(|_| {}).await;
    let icon = http1::get(server.addr, "/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert!(icon.body.starts_with(b"<svg"));
    server.stop().await;
}

#[tokio::test]
async fn readiness_ends_with_the_drain_and_health_does_not() {
    let readiness = Readiness::default();
    let listening = Listening::start(pages(&readiness), |_| {}).await;
    let ready = http1::get(listening.addr, "/ready").await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (StatusCode::OK, Some(true)));

    readiness.set_draining();
    let ready = http1::get(listening.addr, "/ready").await;
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (StatusCode::SERVICE_UNAVAILABLE, Some(false)));
    assert_eq!(ready.json()["reason"], "DRAINING");
    assert_eq!(http1::get(listening.addr, "/health").await.status, StatusCode::OK);
    listening.stop().await;
}

#[tokio::test]
async fn metrics_are_served_on_the_admin_router_alone() {
    let listening =
        Listening::start(ops::admin_router(Hosts::own_and(Vec::new()), || "wigwag_rooms 2\n".to_owned()), |_| {}).await;
    let metrics = http1::get(listening.addr, "/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
    assert_eq!(metrics.body, "wigwag_rooms 2\n");
    let other = http1::get(listening.addr, "/health").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let hint = other.json()["hint"].as_str().unwrap_or_default().to_owned();
    assert!(hint.contains("/metrics") && !hint.contains("grpcurl"), "only what is there: {hint}");
    listening.stop().await;

    let server = Running::start(|_| {}).await;
    assert_eq!(http1::get(server.addr, "/metrics").await.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

/// Returns an address for an admin listener. Port 0 cannot be used: the test would not know which port was chosen.
fn admin_addr() -> std::net::SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    free.local_addr().expect("bound")
}

#[tokio::test]
async fn a_page_under_another_host_name_does_not_see_metrics() {
    let admin = admin_addr();
    let server = Running::start(|config| {
        config.admin.listen = Some(admin);
        config.cors.allowed_hosts = vec!["metrics.example".to_owned()].try_into().expect("a name");
    })
    .await;
    // The admin listener is there once the public one answers.
    assert_eq!(http1::get(server.addr, "/ready").await.status, StatusCode::OK);
    let mut client = http1::connect(admin).await;
    for host in ["localhost:9090", "127.0.0.1", "[::1]:9090", "metrics.example:9090"] {
        assert_eq!(http1::send_as(&mut client, "/metrics", host).await.status, StatusCode::OK, "{host}");
    }
    for host in ["evil.example:9090", "localhost.evil.example", "127.0.0.1.evil.example"] {
        let refused = http1::send_as(&mut client, "/metrics", host).await;
        assert_eq!(
            (refused.status, refused.json()["error"].as_str()),
            (StatusCode::FORBIDDEN, Some("FORBIDDEN")),
            "{host}"
        );
        assert!(refused.json()["hint"].as_str().is_some_and(|hint| hint.contains("cors.allowed_hosts")), "{host}");
        assert!(!String::from_utf8_lossy(&refused.body).contains("wigwag_"), "{host}");
    }
    // What a proxy on this machine forwards comes from elsewhere, whatever its host name.
    for name in ["x-forwarded-for", "forwarded", "via"] {
        let forwarded = http1::request(admin, Method::GET, "/metrics", &[(name, "203.0.113.9")]).await;
        assert_eq!(forwarded.status, StatusCode::FORBIDDEN, "{name}");
    }
    // The name of an HTTP/2 request is its authority.
    for (host, expected) in [("localhost:9090", StatusCode::OK), ("evil.example:9090", StatusCode::FORBIDDEN)] {
        let io = hyper_util::rt::TokioIo::new(tokio::net::TcpStream::connect(admin).await.expect("connects"));
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut client, connection) = hyper::client::conn::http2::handshake(executor, io).await.expect("handshake");
        tokio::spawn(connection);
        let request = http::Request::get(format!("http://{host}/metrics")).body(axum::body::Body::empty());
        let response = client.send_request(request.expect("a request")).await.expect("an answer");
        assert_eq!(response.status(), expected, "{host}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_admin_listener_counts_connections_of_the_public_one() {
    let admin = admin_addr();
    let server = Running::start(|config| config.admin.listen = Some(admin)).await;
    let mut client = http1::connect(server.addr).await;
    http1::send(&mut client, http::Method::GET, "/health", &[], b"").await;
    let metrics = http1::get(admin, "/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(text.contains("\nwigwag_connections_open 1\n"), "{text}");
    assert!(text.contains("\nwigwag_connections_accepted_total 1\n"), "{text}");
    server.stop().await;
}
