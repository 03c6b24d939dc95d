//! A whole server that speaks TLS: gRPC, curl, openssl, the certificate on disk, and what the configuration says.

#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;
#[path = "../net/tests/support/tls.rs"]
mod tls;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use process::{Process, run};
use running::{Running, soon};
use tls::Authority;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio_stream::StreamExt as _;
use tonic::transport::{Channel, Endpoint};
use wigwag_proto::v1::signaling_service_client::SignalingServiceClient;
use wigwag_proto::v1::{ClientFrame, Join, client_frame, server_frame};
use wigwag_server::config::Config;

const BAD_USAGE: Option<i32> = Some(64);

/// Returns the flags of a server with these files.
fn flags(authority: &Authority) -> [String; 2] {
    let path = |path: &Path| path.to_str().expect("text").to_owned();
    [format!("tls.cert_file={}", path(&authority.cert())), format!("tls.key_file={}", path(&authority.key()))]
}

async fn start(authority: &Authority, more: &[&str]) -> Process {
    let [cert, key] = flags(authority);
    Process::start(&[&["--set", &cert, "--set", &key], more].concat()).await
}

/// Opens an HTTP/2 connection with TLS, for any service.
async fn channel(addr: SocketAddr, authority: &Authority) -> Channel {
    let config = authority.client_config(&["h2"]);
    let connect = tower::service_fn(move |_| {
        let config = config.clone();
        async move { tls::connect(addr, config).await.map(TokioIo::new) }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    soon("a connection", endpoint.connect_with_connector(connect)).await.expect("connects")
}

#[tokio::test]
async fn a_signal_stream_runs_over_tls() {
    let authority = Authority::new();
    let running = Running::start(|config: &mut Config| {
        config.tls.cert_file = authority.cert();
        config.tls.key_file = authority.key();
    })
    .await;
    let mut client = SignalingServiceClient::new(channel(running.addr, &authority).await);
    let join = client_frame::Body::Join(Join { room: "tls".to_owned(), ..Join::default() });
    let frames = tokio_stream::iter([ClientFrame { body: Some(join), ..ClientFrame::default() }]);
    let frames = frames.chain(tokio_stream::pending());
    let mut stream = soon("a stream", client.signal(frames)).await.expect("a stream").into_inner();
    loop {
        let frame = soon("a frame", stream.next()).await.expect("open").expect("a frame");
        if let Some(server_frame::Body::Joined(joined)) = frame.body {
            assert_eq!(joined.room, "tls");
            break;
        }
    }
    drop(stream);
    running.stop().await;
}

/// Runs a program; its output with what it wrote to standard error. `None`: it is not installed.
async fn tool(program: &str, args: &[&str]) -> Option<(bool, String)> {
    let mut command = Command::new(program);
    let output = command.args(args).stdin(Stdio::null()).kill_on_drop(true).output();
    match soon(program, output).await {
        Ok(output) => {
            let text = [output.stdout, output.stderr].concat();
            Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("{program} is not installed: nothing is tested with it");
            None
        }
        Err(error) => panic!("cannot run {program}: {error}"),
    }
}

#[tokio::test]
async fn curl_and_openssl_are_served() {
    let authority = Authority::new();
    let server = start(&authority, &[]).await;
    let (ca, ca_path) = (authority.ca(), server.addr);
    let ca = ca.to_str().expect("text");
    let url = format!("https://{ca_path}/health");
    for (version, shown) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let args = ["-sS", version, "--cacert", ca, "-w", "\n%{http_version} %{http_code}", &url];
        if let Some((success, text)) = tool("curl", &args).await {
            assert!(success && text.ends_with(&format!("{shown} 200")), "{text}");
        }
    }
    // Without the authority it is not trusted, and over http the port says what to do.
    if let Some((success, text)) = tool("curl", &["-sS", &url]).await {
        assert!(!success && text.contains("certificate"), "{text}");
    }
    if let Some((_, text)) = tool("curl", &["-sS", &url.replace("https", "http")]).await {
        assert!(text.contains("use https://"), "{text}");
    }
    let connect = server.addr.to_string();
    let s_client = |version: &'static str, alpn: &'static str| {
        let args = ["s_client", "-connect", &connect, "-CAfile", ca, version, "-alpn", alpn].map(str::to_owned);
        async move { tool("openssl", &args.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    for (version, alpn, success, expected) in [
        ("-tls1_3", "h2,http/1.1", true, "ALPN protocol: h2"),
        ("-tls1_2", "http/1.1", true, "ALPN protocol: http/1.1"),
        ("-tls1_2", "h2", true, "Verify return code: 0 (ok)"),
        ("-tls1_3", "spdy/3", false, "no application protocol"),
        ("-tls1_1", "h2", false, "alert"),
        ("-tls1", "h2", false, "alert"),
    ] {
        if let Some((succeeded, text)) = s_client(version, alpn).await {
            // OpenSSL 3 refuses to speak the old versions by itself, which says nothing about the server.
            let by_itself = text.contains("no protocols available");
            assert!(succeeded == success && (text.contains(expected) || by_itself), "{version} {alpn}: {text}");
        }
    }
    let (code, _) = {
        server.signal("TERM").await;
        server.end().await
    };
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn a_certificate_on_disk_is_replaced_at_a_hangup_while_connections_live() {
    let authority = Authority::new();
    let server = start(&authority, &["--set", "admin.listen=127.0.0.1:0"]).await;
    let config = || authority.client_config(&["http/1.1"]);
    let mut open = tls::connect(server.addr, config()).await.expect("a handshake");
    let second = authority.server("second.example");
    authority.write(&second);
    server.signal("HUP").await;
    let served = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let stream = tls::connect(server.addr, config()).await.expect("a handshake");
            if stream.get_ref().1.peer_certificates().expect("one")[0] == second.certificate {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    served.await.expect("within five seconds");
    open.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("open");
    let mut answer = String::new();
    soon("an answer", open.read_to_string(&mut answer)).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    std::fs::write(authority.key(), "nothing").expect("a file");
    server.signal("HUP").await;
    // A line of the log for each.
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, Some(0));
    assert!(log.contains("TLS certificate replaced"), "{log}");
    assert_eq!(log.matches("TLS certificate not replaced").count(), 1, "{log}");
    assert!(log.contains("key.pem holds no private key"), "{log}");
}

#[tokio::test]
async fn wrong_files_are_errors_of_the_configuration() {
    let authority = Authority::new();
    let [cert, key] = flags(&authority);
    let swapped = [cert.replace("cert.pem", "key.pem"), key.replace("key.pem", "cert.pem")];
    let ca = format!("tls.client_ca_file={}", authority.ca().display());
    for (settings, expected) in [
        (vec![&*cert], "tls.key_file"),
        (vec![&*key], "tls.cert_file"),
        (vec![&*swapped[0], &*swapped[1]], "swapped?"),
        (vec![&*cert, "tls.key_file=/nonexistent/key.pem"], "/nonexistent/key.pem does not exist"),
        (vec![&*cert, &*key, "tls.self_signed=true"], "tls.self_signed"),
        (vec![&*cert, &*key, "tls.client_auth=required"], "tls.client_ca_file"),
        (vec![&*cert, &*key, &*ca], "tls.client_auth"),
        (vec!["tls.client_auth=optional"], "tls.cert_file is set"),
        (vec!["tls.min_version=1.1"], "\"1.2\" or \"1.3\""),
        (vec!["tls.client_auth=maybe"], "\"off\", \"optional\" or \"required\""),
    ] {
        let args: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let (status, _, stderr) = run(&[], &[&["check-config"][..], &args].concat()).await;
        assert!(status.code() == BAD_USAGE && stderr.contains(expected), "{settings:?}: {stderr}");
        assert!(!stderr.contains("PRIVATE KEY-----\n"), "{stderr}");
    }
    let args = ["check-config", "--set", &*cert, "--set", &*key, "--set", &*ca, "--set", "tls.client_auth=required"];
    assert!(run(&[], &args).await.0.success());
}

#[tokio::test]
async fn a_self_signed_server_says_where_it_is() {
    let server = Process::start(&["--tls-self-signed"]).await;
    assert!(server.banner.contains(&format!("https://{}/", server.addr)), "{}", server.banner);
    let url = format!("https://{}/health", server.addr);
    if let Some((success, text)) = tool("curl", &["-sSk", "--http2", &url]).await {
        assert!(success && text.contains("status"), "{text}");
    }
    let (status, _, stderr) = run(&[], &["--tls-self-signed", "--listen", "0.0.0.0:0"]).await;
    assert!(status.code() == BAD_USAGE && stderr.contains("--insecure-open"), "{stderr}");
}
