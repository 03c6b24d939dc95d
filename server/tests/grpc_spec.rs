//! What gRPC's specifications ask of a server: compression, deadlines, sizes, health, reflection.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/http2.rs"]
mod http2;
#[path = "shell/running.rs"]
mod running;

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;
use tokio_stream::{StreamExt as _, once};
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use running::{Running, soon};

const SIGNAL: &str = "/wigwag.v1.SignalingService/Signal";
/// A message whose flag says that it is compressed.
const COMPRESSED: &[u8] = &[1, 0, 0, 0, 2, 8, 1];

fn channel(addr: SocketAddr) -> Channel {
    Endpoint::try_from(format!("http://{addr}")).expect("an address").connect_lazy()
}

/// The methods of each kind: routed by hand, by tonic, unary, streaming.
const METHODS: [&str; 5] = [
    SIGNAL,
    "/wigwag.v1.SignalingService/Listen",
    "/wigwag.v1.SignalingService/Push",
    "/wigwag.v1.RoomService/ListRooms",
    "/grpc.health.v1.Health/Check",
];

/// compression.md: "the server will then include a grpc-accept-encoding response header".
#[tokio::test]
async fn a_compressed_call_is_told_what_the_server_accepts() {
    let server = Running::start(|_| {}).await;
    for path in METHODS {
        for encoding in ["gzip", "deflate", "snappy"] {
            let answer = http2::post(server.addr, path, &[("grpc-encoding", encoding)], COMPRESSED).await;
            assert_eq!((answer.status, answer.grpc_status()), (StatusCode::OK, "12"), "{path} {encoding}: {answer:?}");
            assert_eq!(answer.header("grpc-accept-encoding"), "identity", "{path} {encoding}");
            assert!(!answer.grpc_message().is_empty(), "{path} {encoding}");
        }
    }
    server.stop().await;
}

/// compression.md: a compressed message without an encoding other than identity fails with INTERNAL.
#[tokio::test]
async fn a_compressed_message_without_an_encoding_is_internal() {
    let server = Running::start(|_| {}).await;
    for path in METHODS {
        for headers in [&[][..], &[("grpc-encoding", "identity")]] {
            let answer = http2::post(server.addr, path, headers, COMPRESSED).await;
            assert_eq!(answer.grpc_status(), "13", "{path} {headers:?}: {answer:?}");
            assert!(answer.grpc_message().contains("ompress"), "{path}: {answer:?}");
        }
    }
    server.stop().await;
}

/// PROTOCOL-HTTP2.md: the server may end a call whose deadline has passed, and a client that has lost its clock relies
/// on it.
#[tokio::test]
async fn a_deadline_is_kept_on_streams() {
    let server = Running::start(|_| {}).await;
    let empty = &[0, 0, 0, 0, 0][..];
    for path in [
        SIGNAL,
        "/wigwag.v1.SignalingService/Listen",
        "/wigwag.v1.RoomService/WatchRooms",
        "/grpc.health.v1.Health/Watch",
    ] {
        let began = Instant::now();
        let answer = http2::post(server.addr, path, &[("grpc-timeout", "300m")], empty).await;
        assert_eq!(answer.grpc_status(), "4", "{path}: {answer:?}");
        assert!(began.elapsed() >= Duration::from_millis(300), "{path}");
        assert!(!answer.body.is_empty(), "{path} has sent its first messages");
    }
    // Over gRPC-Web the status is in the body.
    let headers = [("content-type", "application/grpc-web+proto"), ("grpc-timeout", "300000u")];
    let mut client = http1::connect(server.addr).await;
    let call = http1::send(&mut client, Method::POST, "/wigwag.v1.RoomService/WatchRooms", &headers, empty_message());
    let answer = soon("the end", call).await;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("grpc-status:4"), "{text}");
    server.stop().await;
}

fn empty_message() -> &'static [u8] {
    http1::EMPTY_MESSAGE
}

#[tokio::test]
async fn a_malformed_deadline_is_refused() {
    let server = Running::start(|_| {}).await;
    for text in ["5", "S", "-1S", "123456789S", "1x", "1 S", ""] {
        let headers = [("grpc-timeout", text)];
        let answer = http2::post(server.addr, "/grpc.health.v1.Health/Check", &headers, &[0; 5]).await;
        assert_eq!(answer.grpc_status(), "13", "{text:?}: {answer:?}");
        assert!(answer.grpc_message().contains("grpc-timeout"), "{text:?}: {answer:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_exhausts_a_resource() {
    let server = Running::start(|_| {}).await;
    // 5 MiB are announced; nothing of them is sent.
    let announced = [0, 0, 0x50, 0, 0];
    for path in &METHODS[1..] {
        let answer = http2::post(server.addr, path, &[], &announced).await;
        assert_eq!(answer.grpc_status(), "8", "{path}: {answer:?}");
        assert!(answer.grpc_message().contains("5242880"), "{path}: {answer:?}");
    }
    server.stop().await;
}

/// statuscodes.md: a "request cardinality violation" is UNIMPLEMENTED.
#[tokio::test]
async fn a_request_of_one_message_has_exactly_one() {
    let server = Running::start(|_| {}).await;
    for body in [&[][..], &[0; 10], &[0; 7]] {
        let answer = http2::post(server.addr, "/wigwag.v1.SignalingService/Listen", &[], body).await;
        assert_eq!(answer.grpc_status(), "12", "{} bytes: {answer:?}", body.len());
        assert!(answer.grpc_message().contains("one%20message"), "{} bytes: {answer:?}", body.len());
    }
    let answer = http2::post(server.addr, "/wigwag.v1.SignalingService/Listen", &[], &[0, 0, 0, 0, 5, 0]).await;
    assert_eq!(answer.grpc_status(), "13", "{answer:?}");
    server.stop().await;
}

/// health.proto: "If the requested service is unknown when the call is received, the server must immediately send
/// SERVICE_UNKNOWN … the server must not end the call".
#[tokio::test]
async fn a_watch_of_an_unknown_service_says_so_in_the_stream() {
    let server = Running::start(|_| {}).await;
    let mut client = HealthClient::new(channel(server.addr));
    let request = |service: &str| HealthCheckRequest { service: service.to_owned() };
    let mut unknown = client.watch(request("nothing.v1.Nothing")).await.expect("a stream").into_inner();
    let first = soon("a status", unknown.message()).await.expect("no error").expect("a status");
    assert_eq!(first.status(), ServingStatus::ServiceUnknown);
    let mut known = client.watch(request("wigwag.v1.RoomService")).await.expect("a stream").into_inner();
    let first = soon("a status", known.message()).await.expect("no error").expect("a status");
    assert_eq!(first.status(), ServingStatus::Serving);
    let missing = client.check(request("nothing.v1.Nothing")).await.expect_err("unknown");
    assert_eq!(missing.code(), tonic::Code::NotFound);
    server.stop().await;
}

/// The questions of reflection, asked on one stream in either version.
macro_rules! reflection {
    ($version:ident, $addr:expr) => {{
        use tonic_reflection::pb::$version::{
            ExtensionRequest, ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
            server_reflection_request::MessageRequest as Ask, server_reflection_response::MessageResponse as Answer,
        };
        let questions = [
            Ask::FileContainingSymbol("google.rpc.ErrorInfo".to_owned()),
            Ask::FileContainingSymbol("nothing.Nothing".to_owned()),
            Ask::FileByFilename("google/rpc/status.proto".to_owned()),
            Ask::FileByFilename("google/protobuf/any.proto".to_owned()),
            Ask::FileByFilename("google/protobuf/duration.proto".to_owned()),
            Ask::FileByFilename("nothing.proto".to_owned()),
            // An enum's values are siblings of the enum.
            Ask::FileContainingSymbol("wigwag.v1.ERROR_REASON_ROOM_FULL".to_owned()),
            Ask::FileContainingExtension(ExtensionRequest {
                containing_type: "wigwag.v1.Envelope".to_owned(),
                extension_number: 100,
            }),
            Ask::AllExtensionNumbersOfType("wigwag.v1.Envelope".to_owned()),
            Ask::AllExtensionNumbersOfType("nothing.Nothing".to_owned()),
            Ask::FileContainingSymbol("wigwag.v1.SignalingService.Signal".to_owned()),
        ];
        let requests = questions.map(|ask| ServerReflectionRequest { host: "h".into(), message_request: Some(ask) });
        let mut client = ServerReflectionClient::new(channel($addr));
        let stream = client.server_reflection_info(tokio_stream::iter(requests.clone())).await.expect("served");
        let answers: Vec<_> = stream.into_inner().collect::<Vec<_>>().await;
        assert_eq!(answers.len(), requests.len(), "no question ends the stream: {:?}", answers.last());
        let kinds: Vec<String> = answers
            .into_iter()
            .zip(&requests)
            .map(|(answer, request)| {
                let answer = answer.expect("no status");
                assert_eq!(answer.original_request.as_ref(), Some(request));
                match answer.message_response.expect("an answer") {
                    Answer::FileDescriptorResponse(files) => {
                        assert!(!files.file_descriptor_proto.is_empty());
                        "file".to_owned()
                    }
                    Answer::AllExtensionNumbersResponse(all) => format!("{} {:?}", all.base_type_name, all.extension_number),
                    Answer::ErrorResponse(error) => {
                        assert!(!error.error_message.is_empty());
                        format!("error {}", error.error_code)
                    }
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "file", "error 5", "file", "file", "file", "error 5", "file", "error 5", "wigwag.v1.Envelope []", "error 5",
                "file"
            ]
        );
        let empty = ServerReflectionRequest { host: String::new(), message_request: None };
        let answers = client.server_reflection_info(once(empty)).await.expect("served").into_inner();
        let answers: Vec<_> = answers.collect::<Vec<_>>().await;
        let Some(Ok(answer)) = answers.into_iter().next() else { panic!("no answer") };
        assert!(matches!(answer.message_response, Some(Answer::ErrorResponse(error)) if error.error_code == 3));
    }};
}

#[tokio::test]
async fn reflection_answers_misses_in_the_stream_and_knows_the_types_of_errors() {
    let server = Running::start(|_| {}).await;
    reflection!(v1, server.addr);
    reflection!(v1alpha, server.addr);
    server.stop().await;
}
