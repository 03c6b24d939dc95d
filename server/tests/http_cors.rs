//! Which web pages may call, by the rule of `cors.allowed_origins`.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use http::{Method, StatusCode};
use wigwag_server::config::AllowedOrigins;

use http1::Answer;
use running::Running;

const CALL: &str = "/grpc.health.v1.Health/Check";

async fn server(rule: AllowedOrigins) -> Running {
    Running::start(|config| config.cors.allowed_origins = rule).await
}

async fn preflight(server: &Running, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-grpc-web"),
    ];
    http1::request(server.addr, Method::OPTIONS, CALL, &headers).await
}

async fn call(server: &Running, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", "application/grpc-web+proto")], headers].concat();
    let mut client = http1::connect(server.addr).await;
    http1::send(&mut client, Method::POST, CALL, &headers, http1::EMPTY_MESSAGE).await
}

/// Asks in every way a browser asks, and expects the same verdict each time.
async fn expect(server: &Running, origin: &str, allowed: bool, shown: &str) {
    let shown = if allowed { shown } else { "" };
    let preflight = preflight(server, origin).await;
    assert_eq!(preflight.status, StatusCode::OK);
    assert_eq!(preflight.header("access-control-allow-origin"), shown, "preflight of {origin}");

    let answer = call(server, &[("origin", origin)]).await;
    let status = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
    assert_eq!(answer.status, status, "call of {origin}");
    assert_eq!(answer.header("access-control-allow-origin"), shown, "call of {origin}");
    if !allowed {
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("cors.allowed_origins"), "{text}");
    }

    let page = http1::request(server.addr, Method::GET, "/health", &[("origin", origin)]).await;
    assert_eq!(page.header("access-control-allow-origin"), shown, "/health for {origin}");
}

#[tokio::test]
async fn pages_of_this_machine_may_call_by_default() {
    let server = server(AllowedOrigins::Loopback).await;
    for origin in [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:8443",
        "http://127.0.0.1:8080",
        "https://127.0.0.1",
        "http://[::1]:5173",
    ] {
        expect(&server, origin, true, origin).await;
    }
    for origin in [
        "https://example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://example.com:80",
        "ftp://localhost",
        "null",
        "localhost",
        "http://192.0.2.7:8080",
    ] {
        expect(&server, origin, false, "").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_this_server_may_call_it_under_an_address_but_not_under_a_name() {
    let server = server(AllowedOrigins::Loopback).await;
    for (origin, host, allowed) in [
        ("http://192.0.2.7:8080", "192.0.2.7:8080", true),
        ("http://[2001:db8::1]:8080", "[2001:db8::1]:8080", true),
        ("http://192.0.2.7:8080", "192.0.2.7:9090", false),
        // The owner of the name could resolve it to this machine (DNS rebinding).
        ("http://rebound.example.com:8080", "rebound.example.com:8080", false),
    ] {
        let mut client = http1::connect(server.addr).await;
        let request = http::Request::post(CALL)
            .header("host", host)
            .header("origin", origin)
            .header("content-type", "application/grpc-web+proto")
            .body(http_body_util::Full::from(http1::EMPTY_MESSAGE))
            .expect("a request");
        let status = client.send_request(request).await.expect("an answer").status();
        assert_eq!(status == StatusCode::OK, allowed, "{origin} at {host}: {status}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_list_is_taken_by_the_letter() {
    let listed = "https://app.example.com";
    let server = server(AllowedOrigins::List(vec![listed.to_owned()])).await;
    expect(&server, listed, true, listed).await;
    for origin in ["http://app.example.com", "https://app.example.com:8443", "https://example.com", "http://localhost"]
    {
        expect(&server, origin, false, "").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_star_allows_every_page() {
    let server = server(AllowedOrigins::Any).await;
    for origin in ["https://example.com", "null"] {
        expect(&server, origin, true, "*").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn requests_without_an_origin_are_not_checked() {
    let server = server(AllowedOrigins::List(vec!["https://app.example.com".to_owned()])).await;
    assert_eq!(call(&server, &[]).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn a_preflight_allows_what_grpc_web_needs() {
    let server = server(AllowedOrigins::Loopback).await;
    let answer = preflight(&server, "http://localhost:3000").await;
    let allowed = answer.header("access-control-allow-headers");
    for name in ["content-type", "x-grpc-web", "x-user-agent", "grpc-timeout", "authorization"] {
        assert!(allowed.split(',').any(|header| header == name), "{name} in {allowed}");
    }
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("access-control-max-age"), "7200");
    assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookies");
    assert_eq!(answer.header("vary").to_ascii_lowercase(), "origin");

    let answer = call(&server, &[("origin", "http://localhost:3000")]).await;
    let exposed = answer.header("access-control-expose-headers");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        assert!(exposed.split(',').any(|header| header == name), "{name} in {exposed}");
    }
    assert_eq!(answer.header("vary").to_ascii_lowercase(), "origin");
    server.stop().await;
}
