//! The media types of gRPC and gRPC-Web: parsed as RFC 9110 (section 8.3.1) says, and refused in words.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/http2.rs"]
mod http2;
#[path = "shell/running.rs"]
mod running;

use http::{Method, StatusCode};

use running::Running;

const CHECK: &str = "/grpc.health.v1.Health/Check";
const LIST: &str = "/wigwag.v1.RoomService/ListRooms";
const SERVING: &[u8] = b"\0\0\0\0\x02\x08\x01";

#[tokio::test]
async fn grpc_web_may_be_written_in_any_case_and_with_parameters() {
    let server = Running::start(|_| {}).await;
    for kind in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "Application/gRPC-Web+Proto",
        "application/grpc-web; charset=utf-8",
        "application/grpc-web+proto ;charset=\"utf-8\"",
    ] {
        let mut client = http1::connect(server.addr).await;
        let headers = [("content-type", kind)];
        let answer = http1::send(&mut client, Method::POST, CHECK, &headers, http1::EMPTY_MESSAGE).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}");
        assert!(answer.body.starts_with(SERVING), "{kind}: {answer:?}");
        let over_http2 = http2::post(server.addr, CHECK, &headers, http1::EMPTY_MESSAGE).await;
        assert!(over_http2.body.starts_with(SERVING), "{kind}: {over_http2:?}");
        assert!(over_http2.body.ends_with(b"grpc-status:0\r\n"), "{kind}: {over_http2:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn grpc_may_be_written_in_any_case_and_with_parameters() {
    let server = Running::start(|_| {}).await;
    for kind in ["application/grpc", "Application/GRPC+Proto", "application/grpc; charset=utf-8"] {
        let headers = [("content-type", kind)];
        let answer = http2::post(server.addr, CHECK, &headers, http1::EMPTY_MESSAGE).await;
        assert_eq!((answer.status, &answer.body[..], answer.grpc_status()), (StatusCode::OK, SERVING, "0"), "{kind}");
        // Without HTTP/2 it is refused in words.
        let answer = http1::request(server.addr, Method::POST, CHECK, &headers).await;
        assert_eq!(answer.json()["error"], "HTTP2_REQUIRED", "{kind}");
    }
    server.stop().await;
}

#[tokio::test]
async fn other_message_formats_are_unimplemented() {
    let server = Running::start(|_| {}).await;
    // As protobuf, `{}` would be a message with an unknown field.
    let body = b"\0\0\0\0\x02{}";
    for kind in ["application/grpc+json", "APPLICATION/GRPC+JSON; charset=utf-8", "application/grpc+thrift"] {
        for path in [CHECK, LIST, "/wigwag.v1.SignalingService/Signal", "/wigwag.v1.Nothing/Do"] {
            let answer = http2::post(server.addr, path, &[("content-type", kind)], body).await;
            assert_eq!((answer.status, answer.grpc_status()), (StatusCode::OK, "12"), "{kind} {path}: {answer:?}");
            assert_eq!(answer.header("content-type"), "application/grpc", "{kind} {path}");
            assert!(answer.grpc_message().contains("protobuf"), "{kind} {path}: {answer:?}");
        }
    }
    for kind in ["application/grpc-web+json", "application/grpc-web-text+json", "Application/gRPC-Web+JSON; charset=x"]
    {
        for path in [CHECK, LIST, "/wigwag.v1.Nothing/Do"] {
            let mut client = http1::connect(server.addr).await;
            let headers = [("content-type", kind)];
            let answer = http1::send(&mut client, Method::POST, path, &headers, body).await;
            assert_eq!((answer.status, answer.header("grpc-status")), (StatusCode::OK, "12"), "{kind} {path}");
            assert!(answer.header("content-type").starts_with("application/grpc-web"), "{kind} {path}: {answer:?}");
            assert!(answer.header("grpc-message").contains("protobuf"), "{kind} {path}: {answer:?}");
            let over_http2 = http2::post(server.addr, path, &headers, body).await;
            assert_eq!(over_http2.header("grpc-status"), "12", "{kind} {path}: {over_http2:?}");
            assert!(over_http2.header("content-type").starts_with("application/grpc-web"), "{kind} {path}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_only_begins_like_grpc_is_another_type() {
    let server = Running::start(|_| {}).await;
    for kind in ["application/grpc-webs", "application/grpcx", "application/grpc/x", "text/application/grpc", "grpc"] {
        let answer = http1::request(server.addr, Method::POST, CHECK, &[("content-type", kind)]).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        assert_eq!(answer.json()["error"], "UNSUPPORTED_MEDIA_TYPE", "{kind}");
        let answer = http2::post(server.addr, CHECK, &[("content-type", kind)], b"").await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    server.stop().await;
}
