//! Which web pages may call, by the rule of `cors.allowed_origins`.

#[path = "../net/tests/support/http1.rs"]
mod http1;
#[path = "shell/http2.rs"]
mod http2;
#[path = "shell/running.rs"]
mod running;

use http::{Method, StatusCode};
use wigwag_server::config::{AllowedOrigins, PublicUrl};

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
    assert_eq!(preflight.status, if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN }, "preflight of {origin}");
    assert_eq!(preflight.header("access-control-allow-origin"), shown, "preflight of {origin}");

    // A page may read why it is refused.
    let shown = if allowed { shown } else { "*" };
    let answer = call(server, &[("origin", origin)]).await;
    let status = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
    assert_eq!(answer.status, status, "call of {origin}");
    assert_eq!(answer.header("access-control-allow-origin"), shown, "call of {origin}");
    if !allowed {
        let text = String::from_utf8_lossy(&answer.body);
        assert!(text.contains("cors.allowed_origins") && text.contains("public_url"), "{text}");
        // The message of the call, for a page of this server under another name: it needs no preflight.
        assert_eq!(answer.header("grpc-status"), "7");
        assert!(answer.header("grpc-message").contains("cors.allowed_origins"), "{answer:?}");
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
        // React Native on Android writes the port whether or not it is the default one.
        ("http://192.0.2.7:80", "192.0.2.7", true),
        ("https://192.0.2.7", "192.0.2.7:443", true),
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
async fn a_list_allows_its_origins_and_the_servers_own_page() {
    let listed = "https://app.example.com";
    let server = server(AllowedOrigins::List(vec![listed.to_owned()])).await;
    expect(&server, listed, true, listed).await;
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
    ] {
        expect(&server, origin, false, "").await;
    }
    // The helper sends `host: localhost`: a page of this server.
    expect(&server, "http://localhost", true, "http://localhost").await;
    server.stop().await;
}

#[tokio::test]
async fn lists_may_mix_loopback_wildcards_and_the_origins_of_apps() {
    let listed = "loopback https://*.example.com https://app.example.net:443 http://plain.example:80 null file:// \
                  app://shell capacitor://localhost ionic://localhost";
    let server =
        server(AllowedOrigins::List(listed.split(' ').filter(|o| !o.is_empty()).map(str::to_owned).collect())).await;
    for origin in [
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "https://a.example.com",
        "https://b-2.example.com",
        "https://app.example.net",
        "http://plain.example",
        "null",
        "file://",
        "app://shell",
        "capacitor://localhost",
        "ionic://localhost",
    ] {
        expect(&server, origin, true, origin).await;
    }
    for origin in [
        "https://example.com",
        "https://a.b.example.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "https://.example.com",
        "https://evilexample.com",
        "https://a.example.com.evil.example",
        "app://other",
        "capacitor://evil.example",
    ] {
        expect(&server, origin, false, "").await;
    }
    server.stop().await;
}

/// What browsers, and the tools that run in their pages, send.
#[tokio::test]
async fn a_page_that_may_call_may_send_any_header() {
    let listed = "https://app.example.com";
    let server = server(AllowedOrigins::List(vec![listed.to_owned()])).await;
    let wanted =
        "traceparent,baggage,x-request-id,if-match,grpc-accept-encoding,cache-control,connect-protocol-version";
    for path in [CALL, "/v1/rooms", "/v1/rooms/x", "/rooms", "/socket.io/", "/peerjs/id", "/v1/signal", "/nowhere"] {
        for (method, origin, allowed) in
            [("POST", listed, true), ("PATCH", listed, true), ("POST", "https://evil.example", false)]
        {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", method),
                ("access-control-request-headers", wanted),
            ];
            let answer = http1::request(server.addr, Method::OPTIONS, path, &headers).await;
            assert_eq!(answer.header("access-control-allow-origin"), if allowed { listed } else { "" }, "{path}");
            assert_eq!(answer.header("access-control-allow-headers"), if allowed { wanted } else { "" }, "{path}");
            assert_eq!(answer.status, if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN }, "{path}");
            for name in ["origin", "access-control-request-headers"] {
                assert!(answer.header("vary").to_ascii_lowercase().contains(name), "{path}: {answer:?}");
            }
        }
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
    assert_eq!(answer.header("access-control-allow-headers"), "content-type,x-grpc-web");
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("access-control-max-age"), "7200");
    assert_eq!(answer.header("access-control-allow-credentials"), "", "no cookies");

    let answer = call(&server, &[("origin", "http://localhost:3000")]).await;
    let exposed = answer.header("access-control-expose-headers");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "grpc-accept-encoding", "retry-after"] {
        assert!(exposed.split(',').any(|header| header == name), "{name} in {exposed}");
    }
    assert_eq!(answer.header("vary").to_ascii_lowercase(), "origin");
    server.stop().await;
}

#[tokio::test]
async fn credentials_are_for_listed_origins_and_a_setting() {
    let listed = "https://app.example.com";
    let start = async |credentials| {
        Running::start(|config| {
            config.cors.allowed_origins = AllowedOrigins::List(vec![listed.to_owned()]);
            config.cors.allow_credentials = credentials;
        })
        .await
    };
    let with = start(true).await;
    // What socket.io-client asks with `withCredentials` and `extraHeaders`: long polling first.
    for path in ["/socket.io/?EIO=4&transport=polling", "/peerjs/id", "/v1/rooms", CALL] {
        let headers = [
            ("origin", listed),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "my-custom-header"),
        ];
        let answer = http1::request(with.addr, Method::OPTIONS, path, &headers).await;
        assert_eq!(answer.header("access-control-allow-credentials"), "true", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), listed, "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), "my-custom-header", "{path}");
    }
    let headers = [("origin", listed), ("my-custom-header", "abcd"), ("cookie", "a=b")];
    let answer = http1::request(with.addr, Method::GET, "/socket.io/?EIO=4&transport=polling", &headers).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (StatusCode::OK, listed));
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    let evil = [("origin", "https://evil.example"), ("access-control-request-method", "GET")];
    let answer = http1::request(with.addr, Method::OPTIONS, CALL, &evil).await;
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    with.stop().await;

    let without = start(false).await;
    let answer = call(&without, &[("origin", listed)]).await;
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    without.stop().await;
}

/// A page behind a proxy that ends TLS and passes its host name on, as Caddy does.
#[tokio::test]
async fn the_page_of_a_public_url_may_call() {
    let public = "https://signal.example.com";
    let server = Running::start(|config| config.public_url = PublicUrl::parse(public).expect("a URL")).await;
    for (origin, host, allowed) in [
        (public, "signal.example.com", true),
        // A proxy that does not pass the name on.
        (public, "127.0.0.1:8080", true),
        ("https://other.example.com", "other.example.com", false),
        ("http://signal.example.com:8080", "signal.example.com:8080", true),
        // The pages of this machine still may.
        ("http://localhost:5173", "localhost:8080", true),
    ] {
        let mut client = http1::connect(server.addr).await;
        let request = http::Request::post(CALL)
            .header("host", host)
            .header("origin", origin)
            .header("x-forwarded-for", "203.0.113.9")
            .header("content-type", "application/grpc-web+proto")
            .body(http_body_util::Full::from(http1::EMPTY_MESSAGE))
            .expect("a request");
        let status = client.send_request(request).await.expect("an answer").status();
        assert_eq!(status == StatusCode::OK, allowed, "{origin} at {host}: {status}");
    }
    // Who may call from elsewhere need not see everyone.
    let mut client = http1::connect(server.addr).await;
    for host in ["signal.example.com", "other.example.com"] {
        assert_eq!(http1::send_as(&mut client, "/rooms", host).await.status, StatusCode::FORBIDDEN, "{host}");
    }
    server.stop().await;
}

/// Chromium sends `Origin` for the module scripts of a page itself. Under a name that is not configured the page still
/// loads, and shows why its calls are refused.
#[tokio::test]
async fn the_files_of_a_page_load_under_any_name() {
    let server = server(AllowedOrigins::Loopback).await;
    let origin = ("origin", "https://signal.example.com");
    for path in
        ["/", "/app.js", "/style.css", "/favicon.ico", "/docs", "/docs/docs.js", "/docs/try.js", "/openapi.json"]
    {
        let answer = http1::request(server.addr, Method::GET, path, &[origin]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}: another page cannot read it");
    }
    let upgrade = [origin, ("connection", "upgrade"), ("upgrade", "websocket")];
    for (method, path, headers) in [
        (Method::GET, "/?roomId=r&userId=u&userName=n", &upgrade[..]),
        (Method::POST, "/", &[origin]),
        (Method::GET, "/rooms", &[origin]),
        (Method::GET, "/health", &[origin]),
        (Method::GET, "/docs/nothing", &[origin]),
    ] {
        let answer = http1::request(server.addr, method, path, headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    server.stop().await;
}

/// Calls without `Origin` are not from a page: their responses need no CORS headers, and gRPC no `Vary`.
#[tokio::test]
async fn other_responses_carry_no_cors_headers() {
    let server = server(AllowedOrigins::Loopback).await;
    let answer = http1::get(server.addr, "/health").await;
    assert_eq!(answer.header("vary"), "origin");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{answer:?}");
    let answer = http2::post(server.addr, CALL, &[], http1::EMPTY_MESSAGE).await;
    assert_eq!(answer.header("vary"), "");
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{answer:?}");
    // An OPTIONS request that is not a preflight is answered by the API.
    let headers = [("origin", "http://localhost:3000")];
    let answer = http1::request(server.addr, Method::OPTIONS, "/v1/rooms", &headers).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    server.stop().await;
}
