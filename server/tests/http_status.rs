//! `/health`, `/rooms`, `/ready` and `/metrics`.

#[path = "shell/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use running::{Listening, Running};
use serde_json::json;
use wigwag_server::config::{AllowedOrigins, Config};
use wigwag_server::http::{Census, Hosts, Origins, Pages, ParticipantView, Readiness, RoomView, admin_router, router};

/// Two rooms, one of them empty.
struct Rooms;

impl Census for Rooms {
    fn connections(&self) -> usize {
        3
    }

    fn rooms(&self) -> Vec<RoomView> {
        let ada = ParticipantView { id: "p1".to_owned(), name: "Ada".to_owned(), joined_at_ms: 1_795_193_347_120 };
        let bob = ParticipantView { id: "p2".to_owned(), name: String::new(), joined_at_ms: 1_795_193_348_000 };
        vec![
            RoomView { id: "demo".to_owned(), participants: vec![ada, bob] },
            RoomView { id: "empty".to_owned(), participants: Vec::new() },
        ]
    }
}

fn app(readiness: &Readiness) -> Router {
    let pages = Pages {
        census: Arc::new(Rooms),
        readiness: readiness.clone(),
        origins: Origins::new(&AllowedOrigins::Loopback),
        hosts: Hosts::new(&Config::default()),
        demo: false,
    };
    router(Router::new().route("/a.v1.A/Do", post(|| async {})), Router::new(), pages)
}

#[tokio::test]
async fn rooms_and_health_have_the_shape_existing_clients_read() {
    let listening = Listening::start(app(&Readiness::default()), |_| {}).await;
    let details = json!([
        {
            "roomId": "demo",
            "participantCount": 2,
            "participants": [
                {"id": "p1", "name": "Ada", "joinedAt": "2026-11-20T16:49:07.120Z"},
                {"id": "p2", "name": "", "joinedAt": "2026-11-20T16:49:08.000Z"},
            ],
        },
        {"roomId": "empty", "participantCount": 0, "participants": []},
    ]);
    let rooms = http1::get(listening.addr, "/rooms").await;
    assert_eq!(rooms.header("content-type"), "application/json");
    assert_eq!(rooms.json(), json!({"rooms": details}));

    let health = http1::get(listening.addr, "/health").await.json();
    let timestamp = health["timestamp"].clone();
    let expected =
        json!({"status": "ok", "rooms": 2, "connections": 3, "roomDetails": details, "timestamp": timestamp});
    assert_eq!(health, expected);
    let timestamp = timestamp.as_str().expect("a text");
    assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    listening.stop().await;
}

#[tokio::test]
async fn a_page_whose_name_points_here_learns_of_nobody() {
    let listening = Listening::start(app(&Readiness::default()), |_| {}).await;
    let foreign = "rooms.example:8080";
    let mut client = http1::connect(listening.addr).await;
    let rooms = http1::send_as(&mut client, "/rooms", foreign).await;
    assert_eq!((rooms.status, rooms.json()["error"].as_str()), (StatusCode::FORBIDDEN, Some("FORBIDDEN")));
    assert!(rooms.json()["hint"].as_str().is_some_and(|hint| hint.contains("cors.allowed_hosts")));
    let health = http1::send_as(&mut client, "/health", foreign).await;
    assert_eq!((health.status, &health.json()["rooms"]), (StatusCode::OK, &json!(2)));
    assert_eq!(health.json()["roomDetails"], json!([]));
    listening.stop().await;
}

#[tokio::test]
async fn browsers_get_the_icon_they_ask_for() {
    let listening = Listening::start(app(&Readiness::default()), |_| {}).await;
    let icon = http1::get(listening.addr, "/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (StatusCode::OK, "image/svg+xml"));
    assert!(icon.body.starts_with(b"<svg"));
    listening.stop().await;
}

#[tokio::test]
async fn readiness_ends_with_the_drain_and_health_does_not() {
    let readiness = Readiness::default();
    let listening = Listening::start(app(&readiness), |_| {}).await;
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
    let listening = Listening::start(admin_router(|| "wigwag_rooms 2\n".to_owned()), |_| {}).await;
    let metrics = http1::get(listening.addr, "/metrics").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4");
    assert_eq!(metrics.body, "wigwag_rooms 2\n");
    assert_eq!(http1::get(listening.addr, "/health").await.status, StatusCode::NOT_FOUND);
    listening.stop().await;

    let server = Running::start(|_| {}).await;
    assert_eq!(http1::get(server.addr, "/metrics").await.status, StatusCode::NOT_FOUND);
    server.stop().await;
}

#[tokio::test]
async fn the_admin_listener_counts_connections_of_the_public_one() {
    // Port 0 cannot be asked for here: nobody would learn which one it became.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let admin = free.local_addr().expect("bound");
    drop(free);
    let server = Running::start(|config| config.admin.listen = Some(admin)).await;
    let mut client = http1::connect(server.addr).await;
    http1::send(&mut client, http::Method::GET, "/health", &[], b"").await;
    let metrics = http1::get(admin, "/metrics").await;
    let text = String::from_utf8_lossy(&metrics.body).into_owned();
    assert!(text.contains("\nwigwag_connections_open 1\n"), "{text}");
    assert!(text.contains("\nwigwag_connections_accepted_total 1\n"), "{text}");
    server.stop().await;
}
