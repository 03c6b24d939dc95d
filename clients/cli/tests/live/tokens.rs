//! `wigwag token`.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{SECRET, Server, Tool};

fn tool() -> Tool {
    Tool::new().with("WIGWAG_SECRET", SECRET)
}

#[test]
fn a_token_is_printed_alone_and_the_server_takes_it() {
    let server = Server::with_authentication();
    let token = tool().run(&["token", "create", "--sub", "ops", "--can", "list,manage"]).ok();
    assert_eq!(token.lines().count(), 1);
    let with_token = Tool::of(&server).with("WIGWAG_TOKEN", token.trim());
    assert_eq!(with_token.run(&["rooms", "list", "-o", "json"]).json(), Value::Array(vec![]));
    let without = Tool::of(&server).run(&["rooms", "list"]).fails(77);
    assert!(without.contains("TOKEN_MISSING") && without.contains("wigwag token create"), "{without}");
}

#[test]
fn a_created_token_says_what_was_asked_for() {
    let created = tool()
        .run(&[
            "token",
            "create",
            "--sub",
            "ada",
            "--name",
            "Ada",
            "--room",
            "team-*",
            "--room",
            "lobby",
            "--can",
            "join,send",
            "--ttl",
            "15m",
            "--jti",
            "t1",
            "--namespace",
            "acme",
            "--max-members",
            "4",
            "--duplicate-users",
            "replace",
            "--metadata",
            "plan=pro",
            "--audience",
            "signal",
            "--key-id",
            "second",
            "--output",
            "json",
        ])
        .json();
    let shown = tool().run(&["token", "inspect", created["token"].as_str().expect("a token"), "-o", "json"]).json();
    assert_eq!(shown["header"]["kid"], "second");
    let claims = &shown["claims"];
    assert_eq!((&claims["sub"], &claims["name"], &claims["jti"]), (&"ada".into(), &"Ada".into(), &"t1".into()));
    assert_eq!(claims["aud"], "signal");
    let lifetime = claims["exp"].as_f64().expect("exp") - claims["iat"].as_f64().expect("iat");
    assert!((lifetime - 900.0).abs() < 0.01, "{lifetime}");
    let expected = serde_json::json!({
        "ns": "acme", "rooms": ["team-*", "lobby"], "can": ["join", "send"], "max_members": 4,
        "duplicate_users": "replace", "metadata": { "plan": "pro" },
    });
    assert_eq!(claims["wigwag"], expected);
    assert_eq!((&shown["problem"], &shown["expires_at"]), (&Value::Null, &created["expires_at"]));
}

#[test]
fn inspect_shows_a_token_without_its_key() {
    let token = tool().run(&["token", "create", "--sub", "ada", "--can", "join"]).ok();
    let from_input = Tool::new().run_with_input(&["token", "inspect", "-"], &token).ok();
    for word in ["header alg", "HS256", "ada", "(in 59m", "wigwag can", "join", "not checked"] {
        assert!(from_input.contains(word), "{word}: {from_input}");
    }
    let from_environment = Tool::new().with("WIGWAG_TOKEN", token.trim()).run(&["token", "inspect", "-o", "yaml"]).ok();
    assert!(from_environment.contains("sub: ada"), "{from_environment}");
}

#[test]
fn inspect_says_what_every_server_objects_to() {
    // {"alg":"HS256"} and {"sub":"ada","exp":1000,"wigwag":{"can":["fly"]}}
    let unknown = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjEwMDAsIndpZ3dhZyI6eyJjYW4iOlsiZmx5Il19fQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let shown = Tool::new().run(&["token", "inspect", unknown, "-o", "json"]).json();
    assert!(shown["problem"].as_str().is_some_and(|problem| problem.contains("can")), "{shown}");
    // {"alg":"HS256"} and {"sub":"ada","exp":1000}
    let expired = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjEwMDB9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let shown = Tool::new().run(&["token", "inspect", expired]).ok();
    assert!(shown.contains("servers refuse it: the token expired"), "{shown}");
}

#[test]
fn what_is_not_a_token_is_refused() {
    for text in ["abc", "a.b", "a.b.c", "e30.W10.x", "....", "\u{1b}[2J.\u{1b}.x"] {
        let error = Tool::new().run(&["token", "inspect", text]).fails(1);
        assert!(error.contains("not a token") && !error.contains('\u{1b}'), "{error}");
    }
    let error = Tool::new().run(&["token", "inspect"]).fails(64);
    assert!(error.contains("WIGWAG_TOKEN"), "{error}");
}

#[test]
fn verify_tells_good_tokens_from_bad_ones() {
    let token = tool().run(&["token", "create", "--sub", "ada", "--key-id", "any"]).ok();
    let token = token.trim();
    assert_eq!(tool().run(&["token", "verify", token, "-o", "json"]).json()["valid"], true);
    assert!(tool().run(&["token", "verify", token]).ok().contains("good"));

    let other = Tool::new().with("WIGWAG_SECRET", SECRET.replace('a', "b"));
    let error = other.run(&["token", "verify", token]).fails(1);
    assert!(error.contains("signature does not match"), "{error}");
    let error = tool().run(&["token", "verify", token, "--key-id", "main", "-o", "json"]).fails(1);
    let error: Value = serde_json::from_str(&error).expect("one JSON object");
    assert_eq!((&error["reason"], &error["exit_code"]), (&"UNKNOWN_KEY".into(), &1.into()));
    let error = tool().run(&["token", "verify", token, "--audience", "signal"]).fails(1);
    assert!(error.contains("aud"), "{error}");
}

#[test]
fn keys_come_from_files_and_say_what_is_wrong_with_them() {
    let tool = Tool::new();
    let file = tool.file("key", &format!("{SECRET}\n"));
    let file = file.to_str().expect("UTF-8");
    let token = tool.run(&["token", "create", "--sub", "ada", "--key-file", file]).ok();
    // The line end of the file is not part of the secret.
    Tool::new().with("WIGWAG_SECRET", SECRET).run(&["token", "verify", token.trim()]).ok();

    let short = tool.file("short", "secret");
    let error = tool.run(&["token", "create", "--sub", "ada", "--key-file", short.to_str().expect("UTF-8")]).fails(65);
    assert!(error.contains("at least 32"), "{error}");
    let error = tool.run(&["token", "create", "--sub", "ada", "--key-file", "/no/such/file"]).fails(66);
    assert!(error.contains("/no/such/file"), "{error}");
    let error = tool.run(&["token", "create", "--sub", "ada"]).fails(64);
    assert!(error.contains("--key-file") && error.contains("openssl rand"), "{error}");
    let with_secret = Tool::new().with("WIGWAG_SECRET", SECRET);
    let error = with_secret.run(&["token", "create", "--sub", ""]).fails(65);
    assert!(error.contains("sub"), "{error}");
}

#[test]
fn a_private_key_signs_and_its_public_key_checks() {
    let tool = Tool::new();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).stdin(Stdio::null()).output().expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("PEM")
    };
    let private = tool.file("private.pem", &openssl(&["genpkey", "-algorithm", "ed25519"]));
    let private = private.to_str().expect("UTF-8");
    let public = tool.file("public.pem", &openssl(&["pkey", "-pubout", "-in", private]));
    let public = public.to_str().expect("UTF-8");
    let token = tool.run(&["token", "create", "--sub", "ada", "--key-file", private, "--issuer", "login"]).ok();
    let token = token.trim();
    tool.run(&["token", "verify", token, "--key-file", public, "--issuer", "login"]).ok();
    tool.run(&["token", "verify", token, "--key-file", public, "--issuer", "other"]).fails(1);
    let error = tool.run(&["token", "verify", token, "--key-file", private]).fails(65);
    assert!(error.contains("private key"), "{error}");
}
