//! The binary's exit codes, and what it prints.

#[path = "shell/process.rs"]
mod process;
#[path = "shell/running.rs"]
mod running;

use std::net::TcpListener;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use process::{Process, run};

const BAD_USAGE: Option<i32> = Some(64);

#[tokio::test]
async fn all_errors_of_a_configuration_are_printed_before_a_port_is_bound() {
    let env = [("WIGWAG_SESSION__GRACE_MS", "soon"), ("PORT", "-1")];
    for command in [&["--log-format", "xml"][..], &["check-config", "--log-format", "xml"]] {
        let (status, stdout, stderr) = run(&env, command).await;
        assert_eq!(status.code(), BAD_USAGE);
        assert_eq!(stdout, "");
        for key in ["session.grace_ms", "PORT", "log.format"] {
            assert!(stderr.contains(key), "{key} in {stderr}");
        }
    }
}

#[tokio::test]
async fn a_bad_command_line_has_the_same_exit_code() {
    for args in [&["--nope"][..], &["serve"], &["--set", "novalue"]] {
        assert_eq!(run(&[], args).await.0.code(), BAD_USAGE, "{args:?}");
    }
    let (status, stdout, _) = run(&[], &["--help"]).await;
    assert!(status.success() && stdout.contains("--insecure-open"));
}

#[tokio::test]
async fn an_open_server_on_a_public_address_is_refused() {
    let (status, _, stderr) = run(&[], &["--listen", "0.0.0.0:0"]).await;
    assert_eq!(status.code(), BAD_USAGE);
    assert!(stderr.contains("--insecure-open"), "{stderr}");
}

#[tokio::test]
async fn the_configuration_is_checked_and_printed() {
    let (status, stdout, _) = run(&[], &["check-config"]).await;
    assert!(status.success() && stdout.contains("can be used"));

    let ice = "ice.servers=[{urls=[\"turn:t\"],username=\"u\",credential=\"hunter2\"}]";
    let (status, stdout, _) = run(&[("PORT", "9000")], &["print-config", "--set", ice, "--node-name", "n1"]).await;
    assert!(status.success());
    assert!(stdout.contains("listen = \"127.0.0.1:9000\"") && stdout.contains("node_name = \"n1\""), "{stdout}");
    assert!(stdout.contains("[redacted]") && !stdout.contains("hunter2"), "{stdout}");
}

#[tokio::test]
async fn licenses_are_printed_whatever_the_configuration_is() {
    let (status, stdout, stderr) = run(&[("PORT", "-1")], &["licenses"]).await;
    assert!(status.success(), "{stderr}");
    for part in
        ["\n  tokio 1.", "\n  @bufbuild/protobuf 2.", "Permission is hereby granted", "END OF TERMS AND CONDITIONS"]
    {
        assert!(stdout.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = taken.local_addr().expect("bound").to_string();
    let (status, _, stderr) = run(&[], &["--listen", &addr]).await;
    assert_eq!(status.code(), Some(1));
    assert!(stderr.contains(&addr) && stderr.contains("another program uses this port"), "{stderr}");
}

#[tokio::test]
async fn the_banner_lists_the_next_steps() {
    let server = Process::start(&["--node-name", "n1"]).await;
    let page = format!("http://{}/", server.addr);
    for text in ["n1", "bound to loopback", "grpcurl -plaintext", "--help", page.as_str()] {
        assert!(server.banner.contains(text), "{text} in {}", server.banner);
    }
    assert!(!server.banner.contains("WARNING") && !server.banner.contains("make "));
    server.signal("TERM").await;
    server.end().await;
}

#[tokio::test]
async fn a_signal_drains_and_ends_with_success() {
    for signal in ["TERM", "INT", "QUIT"] {
        let server = Process::start(&["--log-format", "json"]).await;
        // A connection that sends nothing does not delay the shutdown.
        let mut silent = TcpStream::connect(server.addr).await.expect("connects");
        server.signal(signal).await;
        let (code, log) = server.end().await;
        assert_eq!(code, Some(0));
        assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0, "closed");
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
        assert!(lines.iter().any(|line| line["message"] == "draining"), "{log}");
        assert!(!log.contains("127.0.0.1"), "no addresses in the log: {log}");
    }
}

#[tokio::test]
async fn an_engine_that_is_not_the_default_is_named_in_the_log() {
    for (engine, named) in [("hyper", true), ("wigwag", false)] {
        let setting = format!("http2.engine={engine}");
        let server = Process::start(&["--log-format", "json", "--set", &setting]).await;
        server.signal("TERM").await;
        let (_, log) = server.end().await;
        assert_eq!(log.contains("HTTP/2 is served by hyper"), named, "{log}");
    }
}

#[tokio::test]
async fn signals_without_a_meaning_are_ignored_with_a_line() {
    let server = Process::start(&["--log-format", "json"]).await;
    for signal in ["HUP", "USR1", "USR2"] {
        server.signal(signal).await;
    }
    // Signals are handled one after the other: it has seen them all when it answers after this.
    server.signal("TERM").await;
    let (code, log) = server.end().await;
    assert_eq!(code, Some(0), "{log}");
    for signal in ["SIGHUP", "SIGUSR1", "SIGUSR2"] {
        let line = log.lines().find(|line| line.contains(signal)).unwrap_or_else(|| panic!("{signal} in {log}"));
        assert!(line.contains("signal ignored"), "{line}");
    }
}

#[tokio::test]
async fn mistyped_variables_and_levels_are_reported() {
    let env = [("WIGWAG_SESSION_GRACE_MS", "1000")];
    let (status, _, stderr) = run(&env, &["check-config"]).await;
    assert!(status.success() && stderr.contains("did you mean WIGWAG_SESSION__GRACE_MS?"), "{stderr}");
    let command = process::command(
        env!("CARGO_BIN_EXE_wigwag-server"),
        &[("WIGWAG_NOPE", "1")],
        &["--listen", "127.0.0.1:0", "--log-format", "json"],
    );
    let server = process::start(command).await;
    server.signal("TERM").await;
    let (_, log) = server.end().await;
    assert!(log.contains("WIGWAG_NOPE"), "{log}");

    let (status, _, stderr) = run(&[], &["check-config", "--log-level", "warning"]).await;
    assert_eq!(status.code(), BAD_USAGE);
    assert!(stderr.contains("log.level") && stderr.contains("error, warn, info, debug, trace"), "{stderr}");
    let (status, _, stderr) = run(&[], &["print-config", "--log-level", "trace"]).await;
    // Release builds refuse it; no library comments on it.
    assert_eq!(status.success(), stderr.is_empty(), "{stderr}");
}

#[tokio::test]
async fn a_message_that_cannot_be_written_changes_no_exit_code() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").expect("the device");
    for (args, code) in [(&["--log-level", "warning"][..], 64), (&["--listen", "192.0.2.1:1", "--insecure-open"], 1)] {
        let mut command = process::command(env!("CARGO_BIN_EXE_wigwag-server"), &[], args);
        let status = running::soon("the end", command.stderr(full()).status()).await.expect("it starts");
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}

#[tokio::test]
async fn a_token_is_signed_with_a_key_of_the_configuration() {
    let key = ("WIGWAG_AUTH__KEYS", "[{ id = \"main\", secret = \"hunter2 hunter2 hunter2 hunter2 hunter2\" }]");
    let args = ["token", "--sub", "ada", "--room", "team-*", "--room", "lobby", "--can", "join,send", "--ttl", "15m"];
    let (status, stdout, stderr) = run(&[key], &args).await;
    assert!(status.success() && stderr.is_empty(), "{stderr}");
    let section = wigwag_server::config::AuthSection {
        keys: vec![wigwag_server::config::AuthKey {
            id: "main".to_owned(),
            secret: "hunter2 hunter2 hunter2 hunter2 hunter2".to_owned().into(),
            secret_file: String::new(),
        }],
        ..Default::default()
    };
    let now_ms = wigwag_node::clock::unix_ms();
    let claims = section.verifier().expect("a key").verify(stdout.trim(), now_ms).expect("a good token");
    assert_eq!((&*claims.subject, claims.grants.can.names().collect::<Vec<_>>()), ("ada", vec!["join", "send"]));
    assert!(claims.grants.admits("team-7") && claims.grants.admits("lobby") && !claims.grants.admits("other"));
    assert!((now_ms + 890_000..=now_ms + 900_000).contains(&claims.expires_at_ms), "{}", claims.expires_at_ms);

    for (args, text) in [
        (&["token", "--sub", "ada", "--key-id", "old"][..], "main"),
        (&["token", "--sub", "ada", "--can", "jion"], "join, create"),
        (&["token", "--sub", "ada", "--ttl", "60"], "15m"),
        (&["token"], "--sub"),
    ] {
        let (status, stdout, stderr) = run(&[key], args).await;
        assert_eq!((status.code(), stdout.as_str()), (BAD_USAGE, ""), "{args:?}");
        assert!(stderr.contains(text) && !stderr.contains("hunter2"), "{stderr}");
    }
    let (status, _, stderr) = run(&[], &["token", "--sub", "ada"]).await;
    assert!(status.code() == BAD_USAGE && stderr.contains("auth.keys"), "{stderr}");
}

#[tokio::test]
async fn a_run_for_development_prints_a_key_and_a_token_of_it() {
    let process = Process::start(&["dev"]).await;
    let shown = &process.banner;
    assert!(shown.contains("clients need a token") && !shown.contains("open: no login"), "{shown}");
    let token = shown.split("TOKEN=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a token");
    let secret = shown.lines().skip_while(|line| !line.contains("\"dev\"")).nth(1).expect("a key").trim();
    let key = wigwag_token::Key::hmac("dev", secret.as_bytes()).expect("a key");
    let issuer = wigwag_token::Issuer::of_hmac_keys(wigwag_token::KeySet::from(vec![key]));
    let verifier = wigwag_token::Verifier::new(vec![issuer]).expect("an issuer");
    let claims = verifier.verify(token, wigwag_node::clock::unix_ms()).expect("a good token");
    assert_eq!(claims.grants.can, wigwag_token::Permissions::all());
    assert!(shown.contains(&format!("http://{}/#token={token}", process.addr)), "{shown}");
}
