//! One port for everything: HTTP/1.1 and HTTP/2, gRPC, gRPC-Web and pages.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/running.rs"]
mod running;

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio_stream::StreamExt as _;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use running::Running;

fn channel(addr: SocketAddr) -> Channel {
    Endpoint::try_from(format!("http://{addr}")).expect("an address").connect_lazy()
}

#[tokio::test]
async fn http1_and_http2_share_the_port() {
    let server = Running::start(|_| {}).await;
    let over_http1 = http1::get(server.addr, "/health").await;
    assert_eq!(over_http1.status, StatusCode::OK);

    let io = TokioIo::new(TcpStream::connect(server.addr).await.expect("connects"));
    let (mut client, connection) = http2::handshake(TokioExecutor::new(), io).await.expect("handshake");
    tokio::spawn(connection);
    let request = Request::get("http://localhost/health").body(Full::<Bytes>::default()).expect("a request");
    let answer = client.send_request(request).await.expect("an answer");
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2));
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    assert!(body.starts_with(b"{\"status\":\"ok\""));
    server.stop().await;
}

#[tokio::test]
async fn health_is_reported_for_the_server_and_each_service() {
    let server = Running::start(|_| {}).await;
    let mut client = HealthClient::new(channel(server.addr));
    for service in ["", "wigwag.v1.SignalingService", "wigwag.v1.RoomService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = client.check(request).await.expect("known").into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service:?}");
    }
    let unknown = HealthCheckRequest { service: "nobody.v1.Nothing".to_owned() };
    assert_eq!(client.check(unknown).await.expect_err("unknown").code(), tonic::Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn both_versions_of_reflection_list_the_services() {
    let server = Running::start(|_| {}).await;
    let wanted = ["grpc.health.v1.Health", "wigwag.v1.RoomService", "wigwag.v1.SignalingService"];

    let mut new = v1::server_reflection_client::ServerReflectionClient::new(channel(server.addr));
    let ask = v1::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = new.server_reflection_info(tokio_stream::once(request)).await.expect("served").into_inner();
    let answer = answers.next().await.expect("an answer").expect("no error").message_response;
    let Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("{answer:?}");
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    assert!(wanted.iter().all(|name| names.iter().any(|listed| listed == name)), "{names:?}");

    let mut old = v1alpha::server_reflection_client::ServerReflectionClient::new(channel(server.addr));
    let ask = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest { host: String::new(), message_request: Some(ask) };
    let mut answers = old.server_reflection_info(tokio_stream::once(request)).await.expect("served").into_inner();
    let answer = answers.next().await.expect("an answer").expect("no error").message_response;
    let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("{answer:?}");
    };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    assert!(wanted.iter().all(|name| names.iter().any(|listed| listed == name)), "{names:?}");
    server.stop().await;
}

#[tokio::test]
async fn reflection_and_the_demo_page_can_be_switched_off() {
    let server = Running::start(|config| (config.reflection, config.demo) = (false, false)).await;
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(channel(server.addr));
    let refused = client.server_reflection_info(tokio_stream::empty()).await.expect_err("not served");
    assert_eq!(refused.code(), tonic::Code::Unimplemented);
    for path in ["/", "/app.js", "/style.css"] {
        assert_eq!(http1::get(server.addr, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn grpc_web_works_over_http1() {
    let server = Running::start(|_| {}).await;
    for content_type in ["application/grpc-web", "application/grpc-web+proto"] {
        let answer = grpc_web(server.addr, "/grpc.health.v1.Health/Check", content_type).await;
        assert_eq!(answer.status, StatusCode::OK);
        // A message (SERVING), then a frame with the trailers.
        assert_eq!(answer.body, b"\0\0\0\0\x02\x08\x01\x80\0\0\0\x0fgrpc-status:0\r\n".as_slice());
        assert_eq!(answer.header("x-accel-buffering"), "no");
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented_in_the_callers_protocol() {
    let server = Running::start(|_| {}).await;
    for path in ["/wigwag.v1.Nothing/Do", "/grpc.health.v1.Health/Nope", "/nope"] {
        let answer = grpc_web(server.addr, path, "application/grpc-web+proto").await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("grpc-status"), "12", "{path}");
        assert_eq!(answer.header("content-type"), "application/grpc-web+proto", "{path}");
    }
    let mut client = tonic::client::Grpc::new(channel(server.addr));
    client.ready().await.expect("connects");
    let codec = tonic_prost::ProstCodec::<(), ()>::default();
    let path = http::uri::PathAndQuery::from_static("/wigwag.v1.Nothing/Do");
    let status = client.unary(tonic::Request::new(()), path, codec).await.expect_err("no such service");
    assert_eq!(status.code(), tonic::Code::Unimplemented);
    assert!(status.message().contains("no such method"), "{status:?}");
    server.stop().await;
}

#[tokio::test]
async fn requests_that_are_not_calls_get_a_json_error() {
    let server = Running::start(|_| {}).await;
    let method = "/grpc.health.v1.Health/Check";
    let grpc = [("content-type", "application/grpc")];
    let json = [("content-type", "application/json")];
    for (verb, path, headers, status, error) in [
        (Method::GET, "/nope", &[][..], StatusCode::NOT_FOUND, "NOT_FOUND"),
        (Method::GET, method, &[], StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
        (Method::POST, method, &json, StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
        (Method::POST, method, &grpc, StatusCode::HTTP_VERSION_NOT_SUPPORTED, "HTTP2_REQUIRED"),
    ] {
        let answer = http1::request(server.addr, verb, path, headers).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.json()["error"], error);
        assert!(answer.json()["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    }
    server.stop().await;
}

/// A client of gRPC and of Connect, which has errors in JSON, takes JSON for the latter.
#[tokio::test]
async fn a_grpc_client_with_another_verb_gets_text() {
    let server = Running::start(|_| {}).await;
    let path = "/grpc.health.v1.Health/Check";
    for kind in ["application/grpc", "application/grpc-web", "application/grpc-web-text+proto", "application/grpc+json"]
    {
        for verb in [Method::GET, Method::DELETE] {
            let answer = http1::request(server.addr, verb.clone(), path, &[("content-type", kind)]).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{verb} {kind}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{verb} {kind}");
            assert_eq!(answer.header("allow"), "POST", "{verb} {kind}");
            assert!(String::from_utf8_lossy(&answer.body).contains("POST"), "{verb} {kind}: {answer:?}");
        }
    }
    let answer = http1::request(server.addr, Method::GET, path, &[]).await;
    assert_eq!((answer.json()["error"].as_str(), answer.header("allow")), (Some("METHOD_NOT_ALLOWED"), "POST"));
    server.stop().await;
}

#[tokio::test]
async fn the_demo_page_comes_with_its_parts_and_a_policy() {
    let server = Running::start(|_| {}).await;
    for (path, content_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
    ] {
        let answer = http1::get(server.addr, path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), content_type);
        assert!(answer.header("content-security-policy").starts_with("default-src 'self';"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.body.is_empty());
    }
    server.stop().await;
}

async fn grpc_web(addr: SocketAddr, path: &str, content_type: &str) -> http1::Answer {
    let mut client = http1::connect(addr).await;
    let headers = [("content-type", content_type), ("x-grpc-web", "1")];
    http1::send(&mut client, Method::POST, path, &headers, http1::EMPTY_MESSAGE).await
}
