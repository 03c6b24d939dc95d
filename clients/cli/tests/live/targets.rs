//! Which server and which token: flags, profiles and the environment.

use crate::support::{SECRET, Server, Tool};

fn token(subject: &str) -> String {
    let tool = Tool::new().with("WIGWAG_SECRET", SECRET);
    tool.run(&["token", "create", "--sub", subject, "--can", "list,manage"]).ok().trim().to_owned()
}

#[test]
fn a_profile_has_a_server_and_a_token() {
    let server = Server::with_authentication();
    let tool = Tool::new();
    tool.file("wigwag/token", &format!("{}\n", token("ops")));
    tool.profiles(&format!(
        "default = \"main\"\n[profiles.main]\nurl = \"{}\"\ntoken_file = \"token\"\n[profiles.open]\nurl = \"{}\"\n",
        server.url(),
        server.url()
    ));
    tool.run(&["rooms", "list"]).ok();
    tool.run(&["rooms", "list", "--profile", "main"]).ok();
    tool.run(&["rooms", "list", "--profile", "open"]).fails(77);
    let error = tool.run(&["rooms", "list", "--profile", "other"]).fails(78);
    assert!(error.contains("\"other\"") && error.contains("main, open"), "{error}");
}

#[test]
fn the_token_of_a_profile_is_for_its_server_alone() {
    let (server, other) = (Server::with_authentication(), Server::with_authentication());
    let tool = Tool::new();
    tool.profiles(&format!(
        "default = \"main\"\n[profiles.main]\nurl = \"{}\"\ntoken = \"{}\"\n",
        server.url(),
        token("ops")
    ));
    tool.run(&["rooms", "list"]).ok();
    tool.run(&["rooms", "list", "--url", &other.url()]).fails(77);
    tool.run(&["rooms", "list", "--profile", "main", "--url", &other.url()]).fails(77);
    // And a token of the environment is not for a profile that was asked for.
    let tool = Tool::new().with("WIGWAG_TOKEN", token("ops"));
    tool.profiles(&format!("[profiles.bare]\nurl = \"{}\"\n", server.url()));
    tool.run(&["rooms", "list", "--profile", "bare"]).fails(77);
    tool.run(&["rooms", "list", "--url", &server.url()]).ok();
}

#[test]
fn flags_come_before_the_environment() {
    let server = Server::start(&[]);
    let tool = Tool::new().with("WIGWAG_URL", "http://127.0.0.1:1");
    tool.run(&["rooms", "list"]).fails(69);
    tool.run(&["rooms", "list", "--url", &server.url()]).ok();
    tool.run(&["--url", &server.url(), "rooms", "list"]).ok();
}

#[test]
fn a_broken_file_of_profiles_names_its_line_and_shows_no_token() {
    let tool = Tool::new();
    tool.profiles("[profiles.main]\nurl = \"http://127.0.0.1:1\"\ntoken = \"SECRET\"\ntokne_file = \"x\"\n");
    let error = tool.run(&["rooms", "list"]).fails(78);
    assert!(error.contains("line 4") && error.contains("tokne_file") && !error.contains("SECRET"), "{error}");
    tool.profiles("[profiles.main]\nurl = \"http://127.0.0.1:1\"\ntoken = \"SECRET\n");
    let error = tool.run(&["rooms", "list"]).fails(78);
    assert!(error.contains("line 3") && !error.contains("SECRET"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_with_a_token_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let tool = Tool::new();
    let path = tool.profiles("[profiles.main]\nurl = \"http://127.0.0.1:1\"\ntoken = \"SECRET\"\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("permissions");
    let error = tool.run(&["rooms", "list", "--profile", "main"]).fails(78);
    assert!(error.contains("chmod 600"), "{error}");
}

#[test]
fn urls_and_files_that_cannot_be_used_are_named() {
    let tool = Tool::new();
    for url in ["", "localhost:8080", "ftp://example.com", "http://", "http:// x"] {
        let error = tool.run(&["rooms", "list", "--url", url]).fails(64);
        assert!(error.contains("http://127.0.0.1:8080"), "{url}: {error}");
    }
    let bad = tool.file("ca.pem", "not a certificate");
    let error = tool
        .run(&["rooms", "list", "--url", "https://127.0.0.1:1", "--ca-file", bad.to_str().expect("UTF-8")])
        .fails(64);
    assert!(error.contains("BEGIN CERTIFICATE"), "{error}");
    let error = tool.run(&["rooms", "list", "--token", "a\nb"]).fails(77);
    assert!(error.contains("TOKEN_INVALID"), "{error}");
}

#[test]
fn https_needs_a_certificate_that_is_trusted() {
    let folder = Tool::new();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let certificate = folder.file("certificate.pem", &made.cert.pem());
    let certificate = certificate.to_str().expect("UTF-8");
    let key = folder.file("key.pem", &made.signing_key.serialize_pem());
    let server = Server::start(&[
        "--set",
        &format!("tls.cert_file={certificate}"),
        "--set",
        &format!("tls.key_file={}", key.to_str().expect("UTF-8")),
    ]);
    let url = format!("https://{}", server.address);
    Tool::new().run(&["rooms", "list", "--url", &url, "--ca-file", certificate]).ok();
    Tool::new().with("WIGWAG_CA_FILE", certificate).run(&["join", "lobby", "--url", &url]).ok();
    let error = Tool::new().run(&["rooms", "list", "--url", &url]).fails(69);
    assert!(error.contains("certificate"), "{error}");
}
