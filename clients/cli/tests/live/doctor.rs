//! `wigwag doctor`, with good servers, and with servers and proxies that are set up wrong.

use std::{
    io::{Read, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::Value;

use crate::support::{SECRET, Server, Tool};

/// Returns the verdict of a check and what is said about it.
fn line(report: &Value, check: &str) -> (String, String) {
    let checks = report["checks"].as_array().expect("checks");
    let found = checks.iter().find(|found| found["check"] == check).unwrap_or_else(|| panic!("{check}: {report:#}"));
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("verdict"), format!("{} -> {}", text("found"), text("remedy")))
}

#[track_caller]
fn expect(report: &Value, check: &str, verdict: &str, words: &[&str]) {
    let (found, text) = line(report, check);
    assert_eq!(found, verdict, "{check}: {text}");
    for word in words {
        assert!(text.contains(word), "{check}: {word}: {text}");
    }
}

fn examine(tool: &Tool, arguments: &[&str], code: i32) -> Value {
    let done = tool.run(&[&["doctor", "-o", "json", "--timeout", "60s"], arguments].concat());
    assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
    serde_json::from_str(&done.stdout).expect("JSON")
}

/// Runs `serve` for every connection of a listener.
fn listen(serve: impl Fn(TcpStream) + Send + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// Copies both ways until `cut` after the start.
fn carry(client: TcpStream, server: SocketAddr, first: &[u8], cut: Option<Duration>) {
    let Ok(mut upstream) = TcpStream::connect(server) else { return };
    let _ = upstream.write_all(first);
    let copies = [(&client, &upstream), (&upstream, &client)];
    let threads = copies.map(|(from, to)| {
        let (mut from, mut to) = (from.try_clone().expect("a socket"), to.try_clone().expect("a socket"));
        thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        })
    });
    if let Some(cut) = cut {
        thread::sleep(cut);
        let _ = client.shutdown(std::net::Shutdown::Both);
    }
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

/// Reads the head of a request.
fn head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

#[test]
fn a_good_server_is_found_good() {
    let server = Server::start(&[]);
    let report = examine(&Tool::new(), &[&server.url(), "--idle", "1s"], 0);
    for check in ["dns", "tcp", "http", "clock", "preflight", "grpc-web", "websocket", "grpc", "session", "idle"] {
        expect(&report, check, "ok", &[]);
    }
    let shown = Tool::of(&server).run(&["doctor"]).ok();
    assert!(shown.contains("session     ok") && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn a_server_that_needs_a_token_is_good_without_one() {
    let server = Server::with_authentication();
    let tool = Tool::of(&server).with("WIGWAG_SECRET", SECRET);
    expect(&examine(&tool, &[], 0), "session", "skipped", &["token"]);
    let token = tool.run(&["token", "create", "--sub", "ada"]).ok();
    expect(&examine(&tool, &["--token", token.trim()], 0), "session", "ok", &[]);
    expect(&examine(&tool, &["--token", "a.b.c"], 1), "session", "wrong", &["TOKEN_INVALID"]);
}

#[test]
fn no_name_and_no_listener_are_named() {
    let report = examine(&Tool::new(), &["http://no-such-host.invalid"], 1);
    expect(&report, "dns", "wrong", &["no-such-host.invalid", "spelling"]);
    let report = examine(&Tool::new(), &["http://127.0.0.1:1"], 1);
    expect(&report, "tcp", "wrong", &["refused", "firewall"]);
}

#[test]
fn an_origin_that_may_not_call_is_named() {
    let server = Server::start(&[]);
    let report = examine(&Tool::of(&server), &["--origin", "https://elsewhere.example"], 1);
    expect(&report, "preflight", "wrong", &["https://elsewhere.example", "cors.allowed_origins"]);
    expect(&report, "grpc-web", "wrong", &["cors.allowed_origins"]);
    expect(&report, "websocket", "wrong", &["cors.allowed_origins"]);
    expect(&report, "session", "ok", &[]);
}

#[test]
fn a_clock_that_is_off_by_an_hour_is_named() {
    let hour_ago = "HTTP/1.1 200 OK\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\ncontent-length: 0\r\n\r\n";
    let fake = listen(move |mut stream| {
        head(&mut stream);
        let _ = stream.write_all(hour_ago.as_bytes());
    });
    let report = examine(&Tool::new(), &[&format!("http://{fake}")], 1);
    expect(&report, "clock", "wrong", &["behind", "NTP"]);
}

#[test]
fn a_proxy_without_websocket_and_http2_is_named() {
    let server = Server::start(&[]);
    let address = server.address;
    let proxy = listen(move |mut stream| {
        let head = head(&mut stream);
        if head.starts_with("PRI ") || head.to_lowercase().contains("upgrade: websocket") {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        } else {
            carry(stream, address, head.as_bytes(), None);
        }
    });
    let report = examine(&Tool::new(), &[&format!("http://{proxy}")], 1);
    expect(&report, "http", "ok", &[]);
    expect(&report, "grpc-web", "ok", &[]);
    expect(&report, "websocket", "wrong", &["400", "Upgrade", "docs/proxies.md"]);
    expect(&report, "grpc", "wrong", &["HTTP/2", "docs/proxies.md"]);
    expect(&report, "session", "skipped", &[]);
}

#[test]
fn a_proxy_that_ends_idle_streams_is_named() {
    let server = Server::start(&[]);
    let address = server.address;
    let proxy = listen(move |stream| carry(stream, address, &[], Some(Duration::from_secs(3))));
    let report = examine(&Tool::new(), &[&format!("http://{proxy}"), "--idle", "20s"], 1);
    expect(&report, "session", "ok", &[]);
    expect(&report, "idle", "wrong", &["was cut after", "proxy_read_timeout"]);
}

/// A key, and a certificate for a name, which is good for years from 1 January to 1 January.
fn certificate(name: &str, years: Option<(i32, i32)>) -> (rcgen::Certificate, rcgen::KeyPair) {
    let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).expect("a name");
    if let Some((from, to)) = years {
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(to, 1, 1);
    }
    let key = rcgen::KeyPair::generate().expect("a key");
    (parameters.self_signed(&key).expect("a certificate"), key)
}

/// A server with a certificate, and the certificate's file.
fn with_certificate(folder: &Tool, name: &str) -> (Server, String) {
    let (certificate, key) = certificate(name, None);
    let file = |file: &str, text: &str| folder.file(file, text).to_str().expect("UTF-8").to_owned();
    let (certificate, key) = (file("certificate.pem", &certificate.pem()), file("key.pem", &key.serialize_pem()));
    let settings = [format!("tls.cert_file={certificate}"), format!("tls.key_file={key}")];
    let server = Server::start(&["--set", &settings[0], "--set", &settings[1]]);
    (server, certificate)
}

/// A proxy that ends TLS with this certificate and does not offer HTTP/2.
fn tls_proxy(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .expect("a key of the certificate");
    let config = Arc::new(config);
    listen(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).expect("a configuration");
        let mut stream = rustls::StreamOwned::new(connection, stream);
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    })
}

#[test]
fn certificates_are_judged() {
    let folder = Tool::new();
    let (server, certificate) = with_certificate(&folder, "127.0.0.1");
    let url = format!("https://{}", server.address);
    let report = examine(&Tool::new(), &[&url, "--ca-file", &certificate], 0);
    for check in ["tls", "alpn", "grpc", "session", "websocket"] {
        expect(&report, check, "ok", &[]);
    }
    let report = examine(&Tool::new(), &[&url], 1);
    expect(&report, "tls", "wrong", &["not from an authority", "--ca-file"]);
    expect(&report, "grpc", "skipped", &["certificate"]);

    let folder = Tool::new();
    let (server, certificate) = with_certificate(&folder, "signal.example.com");
    let url = format!("https://{}", server.address);
    let report = examine(&Tool::new(), &[&url, "--ca-file", &certificate], 1);
    expect(&report, "tls", "wrong", &["other names than 127.0.0.1", "signal.example.com"]);
}

#[test]
fn an_expired_certificate_and_a_proxy_without_http2_are_named() {
    let folder = Tool::new();
    let (expired, key) = certificate("127.0.0.1", Some((2020, 2021)));
    let file = folder.file("certificate.pem", &expired.pem());
    let url = format!("https://{}", tls_proxy(&expired, &key));
    let report = examine(&Tool::new(), &[&url, "--ca-file", file.to_str().expect("UTF-8")], 1);
    expect(&report, "tls", "wrong", &["expired", "2021-01-01", "renew"]);
    expect(&report, "alpn", "wrong", &["HTTP/2 is not offered"]);
    expect(&report, "http", "warning", &["404"]);
    expect(&report, "websocket", "wrong", &["404"]);
    expect(&report, "session", "skipped", &["certificate"]);
}

#[test]
fn a_port_without_tls_is_named() {
    let server = Server::start(&[]);
    let report = examine(&Tool::new(), &[&format!("https://{}", server.address)], 1);
    expect(&report, "tls", "wrong", &["handshake", "http URL"]);
}
