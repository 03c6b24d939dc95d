//! A request that has a header twice, of those that decide something, is refused: what a proxy or firewall has checked may
//! be the one and what counts the other.

#[path = "support/http1.rs"]
mod http1;
#[path = "support/listening.rs"]
mod listening;
#[path = "support/services.rs"]
mod services;

use h2::ext::Protocol;
use http::{Method, Request, Response, StatusCode};
use listening::{Listening, soon};
use tokio::net::TcpStream;
use wigwag_net::listener::Http2Engine;

const ENGINES: [Http2Engine; 2] = [Http2Engine::Wigwag, Http2Engine::Hyper];

/// Pairs of lines that no request may have, of one field each.
const REFUSED: [(&str, [&str; 2]); 9] = [
    ("origin", ["http://localhost:3000", "https://evil.example"]),
    ("origin", ["https://evil.example", "http://localhost:3000"]),
    // Combined by a proxy they would be another value, so that equal ones are no better.
    ("origin", ["http://localhost:3000", "http://localhost:3000"]),
    ("authorization", ["Bearer a", "Bearer b"]),
    ("content-type", ["application/json", "text/plain"]),
    ("sec-websocket-key", ["dGhlIHNhbXBsZSBub25jZQ==", "AQIDBAUGBwgJCgsMDQ4PEA=="]),
    ("sec-websocket-version", ["13", "8"]),
    ("grpc-timeout", ["1S", "1H"]),
    ("grpc-encoding", ["identity", "gzip"]),
];

/// Pairs of lines of fields that are lists.
const ACCEPTED: [(&str, [&str; 2]); 5] = [
    ("x-forwarded-for", ["192.0.2.1", "192.0.2.2"]),
    ("forwarded", ["for=192.0.2.1", "for=192.0.2.2"]),
    ("cookie", ["a=b", "c=d"]),
    ("sec-websocket-protocol", ["a", "b"]),
    ("x-custom", ["a", "b"]),
];

/// Sends a request over HTTP/2 and returns the response with its body.
async fn over_http2(listening: &Listening, request: Request<()>) -> Response<String> {
    let io = TcpStream::connect(listening.addr).await.expect("connects");
    let (client, connection) = soon("a handshake", h2::client::handshake(io)).await.expect("handshake");
    tokio::spawn(connection);
    let mut client = soon("an open connection", client.ready()).await.expect("open");
    // The client may use the extension once the server's settings have arrived.
    while request.method() == Method::CONNECT && !client.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
    }
    let (response, _send) = client.send_request(request, true).expect("a stream");
    let (parts, mut body) = soon("a response", response).await.expect("no reset").into_parts();
    let mut text = String::new();
    while let Some(data) = soon("the body", body.data()).await {
        text.push_str(std::str::from_utf8(&data.expect("no reset")).expect("text"));
    }
    Response::from_parts(parts, text)
}

fn reason(body: &str) -> Option<(String, String)> {
    let json = serde_json::from_str::<serde_json::Value>(body).ok()?;
    Some((json["error"].as_str()?.to_owned(), json["hint"].as_str()?.to_ascii_lowercase()))
}

fn expect_refusal(name: &str, status: StatusCode, body: &str) {
    assert_eq!(status, StatusCode::BAD_REQUEST, "{name}: {body}");
    let (error, hint) = reason(body).unwrap_or_else(|| panic!("{name}: a reason and a hint, not {body:?}"));
    assert_eq!(error, "REPEATED_HEADER", "{name}");
    assert!(hint.contains(&format!("more than one {name} header")), "{name}: {hint}");
}

#[tokio::test]
async fn a_header_that_decides_something_is_not_repeated_over_http1() {
    let listening = Listening::start(services::app(), |_| {}).await;
    for (name, [first, second]) in REFUSED {
        let answer = http1::request(listening.addr, Method::POST, "/ok", &[(name, first), (name, second)]).await;
        expect_refusal(name, answer.status, &String::from_utf8_lossy(&answer.body));
        assert!(!answer.header("date").is_empty(), "{name}");
        let once = http1::request(listening.addr, Method::POST, "/ok", &[(name, first)]).await;
        assert_eq!(once.status, StatusCode::OK, "{name}");
    }
    for (name, [first, second]) in ACCEPTED {
        let answer = http1::request(listening.addr, Method::POST, "/ok", &[(name, first), (name, second)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}");
    }
    listening.stop().await;
}

#[tokio::test]
async fn a_header_that_decides_something_is_not_repeated_over_http2() {
    for engine in ENGINES {
        let listening = Listening::start(services::app(), |settings| settings.http2_engine = engine).await;
        let request = |name: &str, values: &[&str]| {
            let request = Request::post("http://localhost/ok");
            values.iter().fold(request, |request, value| request.header(name, *value)).body(()).expect("a request")
        };
        for (name, values) in REFUSED.into_iter().chain([("host", ["localhost", "evil.example"])]) {
            let response = over_http2(&listening, request(name, &values)).await;
            expect_refusal(name, response.status(), response.body());
            assert!(response.headers().contains_key("date"), "{name}");
            let once = over_http2(&listening, request(name, &values[..1])).await;
            assert_eq!(once.status(), StatusCode::OK, "{name}");
        }
        for (name, values) in ACCEPTED {
            assert_eq!(over_http2(&listening, request(name, &values)).await.status(), StatusCode::OK, "{name}");
        }
        listening.stop().await;
    }
}

#[tokio::test]
async fn a_grpc_call_is_told_why_in_its_status() {
    for engine in ENGINES {
        let listening = Listening::start(services::app(), |settings| settings.http2_engine = engine).await;
        let request = Request::post("http://localhost/ok")
            .header("content-type", "application/grpc")
            .header("authorization", "Bearer a")
            .header("authorization", "Bearer b");
        let response = over_http2(&listening, request.body(()).expect("a request")).await;
        assert_eq!(response.headers()["grpc-status"], "3");
        let message = response.headers()["grpc-message"].to_str().expect("text");
        assert!(message.contains("more than one Authorization header"), "{message}");
        listening.stop().await;
    }
}

#[tokio::test]
async fn a_websocket_handshake_over_http2_has_one_key() {
    let listening = Listening::start(services::app(), |_| {}).await;
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri("http://localhost/ok")
        .extension(Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEA==");
    let response = over_http2(&listening, request.body(()).expect("a request")).await;
    expect_refusal("sec-websocket-key", response.status(), response.body());
    listening.stop().await;
}
