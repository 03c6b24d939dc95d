//! Loading the configuration: sources, precedence and errors.

use std::io::Write as _;
use std::path::PathBuf;

use tempfile::NamedTempFile;
use wigwag_net::listener::Http2Engine;
use wigwag_server::config::{
    AllowedOrigins, Config, ConfigErrors, Environment, LogFormat, Override, Overrides, RoomServiceAccess,
};

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

fn from_file(file: &NamedTempFile) -> Overrides {
    Overrides { file: Some(file.path().to_owned()), settings: Vec::new() }
}

fn set(pairs: &[(&str, &str)]) -> Overrides {
    let one = |(key, value): &(&str, &str)| Override {
        flag: "--set".to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    Overrides { file: None, settings: pairs.iter().map(one).collect() }
}

fn load_file(text: &str) -> Result<Config, ConfigErrors> {
    Config::load(&from_file(&file(text)), &Environment::default())
}

fn keys(result: Result<Config, ConfigErrors>) -> Vec<String> {
    result.expect_err("errors").0.into_iter().map(|error| error.key).collect()
}

#[test]
fn without_settings_the_defaults_apply_with_a_generated_name() {
    let load = || Config::load(&Overrides::default(), &Environment::default()).expect("the defaults can be used");
    let (first, second) = (load(), load());
    assert!(first.node_name.starts_with("node-"));
    assert_ne!(first.node_name, second.node_name);
    assert_eq!(Config { node_name: String::new(), ..first }, Config::default());
}

#[test]
fn flags_win_over_environment_over_file_over_default() {
    let file = file("[session]\ngrace_ms = 1000\nheartbeat_ms = 1001\nhello_timeout_ms = 1002\n");
    let environment =
        Environment::from([("WIGWAG_SESSION__GRACE_MS", "2000"), ("WIGWAG_SESSION__HEARTBEAT_MS", "2001")]);
    let mut overrides = set(&[("session.grace_ms", "3000")]);
    overrides.file = Some(file.path().to_owned());

    let session = Config::load(&overrides, &environment).expect("usable").session;
    assert_eq!(session.grace_ms, 3000, "the flag");
    assert_eq!(session.heartbeat_ms, 2001, "the environment");
    assert_eq!(session.hello_timeout_ms, 1002, "the file");
    assert_eq!(session.max_grace_ms, 600_000, "the default");
}

#[test]
fn the_environment_names_the_file_and_a_flag_another() {
    let (named, flagged) = (file("demo = false\n"), file("reflection = false\n"));
    let environment = Environment::from([("WIGWAG_CONFIG", named.path().to_str().expect("text"))]);
    assert!(!Config::load(&Overrides::default(), &environment).expect("usable").demo);
    let config = Config::load(&from_file(&flagged), &environment).expect("usable");
    assert!(config.demo && !config.reflection);
}

#[test]
fn port_replaces_the_port_wherever_it_came_from_but_a_flag() {
    let listen =
        |overrides: &Overrides, environment| Config::load(overrides, &environment).expect("usable").listen.to_string();
    let port = ("PORT", "9000");
    assert_eq!(listen(&Overrides::default(), Environment::from([port])), "127.0.0.1:9000");
    let file = file("listen = \"[::1]:7000\"\n");
    assert_eq!(listen(&from_file(&file), Environment::from([port])), "[::1]:9000", "the file's address");
    let variable = ("WIGWAG_LISTEN", "127.0.0.2:9001");
    assert_eq!(listen(&Overrides::default(), Environment::from([port, variable])), "127.0.0.2:9000");
    assert_eq!(listen(&from_file(&file), Environment::from([port, variable])), "127.0.0.2:9000");
    let flag = set(&[("listen", "127.0.0.1:9002")]);
    assert_eq!(listen(&flag, Environment::from([port, variable])), "127.0.0.1:9002");

    let bad = Config::load(&Overrides::default(), &Environment::from([("PORT", "http")])).expect_err("no port");
    assert!(bad.to_string().contains("PORT") && bad.to_string().contains("0 to 65535"), "{bad}");
    let both = Environment::from([port, ("WIGWAG_LISTEN", "here")]);
    let bad = Config::load(&Overrides::default(), &both).expect_err("no address").to_string();
    assert!(bad.contains("WIGWAG_LISTEN") && bad.contains("IP address and port"), "{bad}");
}

#[test]
fn every_kind_of_value_can_be_given_as_text() {
    let environment = Environment::from([
        ("WIGWAG_DEMO", "false"),
        ("WIGWAG_LOG__FORMAT", "json"),
        ("WIGWAG_CORS__ALLOWED_ORIGINS", "https://a.example, https://b.example:8443"),
        ("WIGWAG_CORS__ALLOWED_HOSTS", "a.example, b.example"),
        ("WIGWAG_ICE__SERVERS", "[{urls = [\"turn:t.example\"], username = \"u\", credential = \"s3cret\"}]"),
        ("WIGWAG_ADMIN__LISTEN", "127.0.0.1:9090"),
    ]);
    let config = Config::load(&Overrides::default(), &environment).expect("usable");
    assert!(!config.demo);
    assert_eq!(config.log.format, LogFormat::Json);
    let origins = ["https://a.example".to_owned(), "https://b.example:8443".to_owned()];
    assert_eq!(config.cors.allowed_origins, AllowedOrigins::List(origins.into()));
    assert_eq!(config.cors.allowed_hosts.as_slice(), ["a.example", "b.example"]);
    assert_eq!(config.ice.servers[0].credential.expose(), "s3cret");
    assert_eq!(config.admin.listen.map(|addr| addr.port()), Some(9090));
}

#[test]
fn proxies_are_addresses_and_networks() {
    let proxies = |text: &str| load_file(&format!("[connections]\ntrusted_proxies = {text}\n"));
    let config = proxies("[\"127.0.0.1\", \"10.0.0.0/8\", \"2001:db8::/32\"]").expect("usable");
    assert_eq!(config.connections.trusted_proxies.as_slice().len(), 3);
    let environment = Environment::from([("WIGWAG_CONNECTIONS__TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")]);
    let config = Config::load(&Overrides::default(), &environment).expect("usable");
    assert_eq!(config.connections.trusted_proxies.as_slice().len(), 2);
    // Everyone would be believed.
    for bad in ["[\"10.0.0.1/8\"]", "[\"proxy.example\"]", "[\"0.0.0.0/0\"]", "[\"::/0\"]", "5"] {
        assert_eq!(keys(proxies(bad)), ["connections.trusted_proxies"], "{bad}");
    }
    let required = "[connections]\nproxy_protocol = \"required\"\n";
    assert_eq!(keys(load_file(required)), ["connections.proxy_protocol"], "of which proxies?");
    assert!(load_file(&format!("{required}trusted_proxies = [\"10.0.0.1\"]\n")).is_ok());
}

#[test]
fn the_deny_list_is_checked_with_its_file() {
    let list = file("addresses = [\"192.0.2.1\"]\n");
    let with = |path: &std::path::Path| load_file(&format!("[deny]\nfile = {path:?}\n"));
    assert!(with(list.path()).is_ok());
    assert_eq!(keys(with(&list.path().with_extension("absent"))), ["deny.file"]);
    assert_eq!(keys(with(file("addresses = [1]\n").path())), ["deny.file"]);
    for (bad, key) in
        [("users = [\"\"]", "deny.users"), ("rooms = [\"\"]", "deny.rooms"), ("addresses = [\"x\"]", "deny.addresses")]
    {
        assert_eq!(keys(load_file(&format!("[deny]\n{bad}\n"))), [key]);
    }
}

#[test]
fn origins_are_read_in_the_form_of_browsers() {
    let origins =
        |text: &str| load_file(&format!("[cors]\nallowed_origins = {text}\n")).map(|c| c.cors.allowed_origins);
    assert_eq!(origins("\"loopback\"").expect("usable"), AllowedOrigins::Loopback);
    assert_eq!(origins("[\"loopback\"]").expect("usable"), AllowedOrigins::Loopback);
    assert_eq!(origins("[\"*\"]").expect("usable"), AllowedOrigins::Any);
    let mixed = "[\"HTTPS://App.Example.com:443\", \"loopback\", \"https://*.example.com\", \"null\", \"app://shell\"]";
    let list = ["https://app.example.com", "loopback", "https://*.example.com", "null", "app://shell"];
    assert_eq!(origins(mixed).expect("usable"), AllowedOrigins::List(list.map(str::to_owned).into()));
    for bad in ["[\"*\", \"null\"]", "[\"https://*\"]", "[\"https://a.example/\"]", "[\"a.example\"]", "5"] {
        assert_eq!(keys(origins(bad).map(|_| Config::default())), ["cors.allowed_origins"], "{bad}");
    }
    let credentials = "[cors]\nallowed_origins = \"*\"\nallow_credentials = true\n";
    assert_eq!(keys(load_file(credentials)), ["cors.allow_credentials"]);
}

#[test]
fn a_public_url_and_the_place_of_room_service_are_checked() {
    let config = load_file("public_url = \"https://Signal.Example.com/\"\nroom_service = \"off\"\n").expect("usable");
    assert_eq!(config.public_url.url(), Some("https://signal.example.com"));
    assert_eq!(config.room_service, RoomServiceAccess::Off);
    assert!(config.to_toml().contains("public_url = \"https://signal.example.com\""), "{}", config.to_toml());
    let environment = Environment::from([("WIGWAG_PUBLIC_URL", "https://a.example"), ("WIGWAG_ROOM_SERVICE", "off")]);
    let config = Config::load(&Overrides::default(), &environment).expect("usable");
    assert_eq!((config.public_url.host(), config.room_service), (Some("a.example"), RoomServiceAccess::Off));
    let text =
        load_file("public_url = \"signal.example.com\"\nroom_service = \"on\"\n").expect_err("wrong").to_string();
    assert!(text.contains("public_url = ") && text.contains("https://signal.example.com"), "{text}");
    assert!(text.contains("room_service = \"on\"") && text.contains("\"admin\" or \"off\""), "{text}");
    // Without an admin listener RoomService would be nowhere.
    assert_eq!(keys(load_file("room_service = \"admin\"\n")), ["room_service"]);
    load_file("room_service = \"admin\"\n[admin]\nlisten = \"127.0.0.1:9\"\n").expect("usable");
}

#[test]
fn the_http2_engine_is_one_of_two() {
    let engine = |name| Config::load(&Overrides::default(), &Environment::from([("WIGWAG_HTTP2__ENGINE", name)]));
    assert_eq!(Config::default().http2.engine, Http2Engine::Wigwag);
    for (name, expected) in [("wigwag", Http2Engine::Wigwag), ("hyper", Http2Engine::Hyper)] {
        let config = engine(name).expect("usable");
        assert_eq!(config.http2.engine, expected);
        assert!(config.to_toml().contains(&format!("engine = \"{name}\"")), "{}", config.to_toml());
    }
    let text = engine("h2").expect_err("unknown").to_string();
    assert!(text.contains("http2.engine = \"h2\"") && text.contains("\"wigwag\" or \"hyper\""), "{text}");
}

#[test]
fn all_errors_are_reported_at_once_with_value_origin_and_remedy() {
    let file = file(
        "listen = \"0.0.0.0:80\"\ndemo = 1\nnode_name = \"a b\"\nlisten_on = 1\n\
         [session]\ngrace_ms = 4294967296\nheartbeat_ms = \"10s\"\nmailbox_bytes = 5000\n\
         [log]\nlevel = \"info,=\"\nformat = \"xml\"\n[rooms]\nlimit = 3\n[cors]\nallowed_origins = [\"example.com\"]\n\
         allowed_hosts = [\"a.example:80\"]\n\
         [drain]\nwindow_ms = 20000\n[http2]\nstream_window = 1048576\n[admin]\nlisten = \"192.0.2.1:1\"\n[nope]\na = 1\n",
    );
    let environment = Environment::from([("WIGWAG_CONNECTIONS__MAX", "lots"), ("WIGWAG_SESSION__GRACE", "1")]);
    let problems = Config::load(&from_file(&file), &environment).expect_err("many");
    let told: Vec<&str> = problems.0.iter().map(|problem| problem.key.as_str()).collect();
    for key in [
        "listen",
        "demo",
        "node_name",
        "listen_on",
        "session.grace_ms",
        "session.heartbeat_ms",
        "session.mailbox_bytes",
        "session.grace",
        "log.level",
        "log.format",
        "rooms.limit",
        "cors.allowed_origins",
        "cors.allowed_hosts",
        "drain.window_ms",
        "http2.connection_window",
        "admin.listen",
        "nope",
        "connections.max",
    ] {
        assert_eq!(told.iter().filter(|told| **told == key).count(), 1, "{key} once in\n{problems}");
    }
    assert_eq!(told.len(), 18, "{problems}");

    let text = problems.to_string();
    assert!(
        text.contains("connections.max = \"lots\" (from WIGWAG_CONNECTIONS__MAX): a whole number from 1"),
        "{text}"
    );
    assert!(text.contains("rooms.limit") && text.contains("[rooms] has auto_create"), "{text}");
    assert!(text.contains("insecure_open"), "{text}");
}

#[test]
fn an_open_server_stays_on_loopback_without_insecure_open() {
    let load = |listen| Config::load(&set(&[("listen", listen)]), &Environment::default());
    for listen in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1"] {
        assert_eq!(keys(load(listen)), ["listen"], "{listen}");
    }
    for listen in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(!load(listen).expect("loopback").is_exposed(), "{listen}");
    }
    let open = set(&[("listen", "0.0.0.0:1"), ("insecure_open", "true")]);
    assert!(Config::load(&open, &Environment::default()).expect("asked for").is_exposed());
}

#[test]
fn ice_servers_are_checked_and_their_secrets_redacted() {
    let ice = |servers: &str| load_file(&format!("[ice]\nservers = [{servers}]\n"));
    assert_eq!(keys(ice("{ urls = [] }")), ["ice.servers[0].urls"]);
    assert_eq!(keys(ice("{ urls = [\"http://x\"] }")), ["ice.servers[0].urls[0]"]);
    assert_eq!(keys(ice("{ urls = [\"turn:x\"] }")), ["ice.servers[0].urls[0]"], "TURN wants credentials");
    let mistyped = ice("{ urls = [\"stun:x\"], pasword = \"hunter2\" }").expect_err("a typo").to_string();
    assert!(mistyped.contains("ice.servers") && !mistyped.contains("hunter2"), "{mistyped}");

    let config = ice("{ urls = [\"turn:x\"], username = \"u\", credential = \"hunter2\" }").expect("usable");
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!config.to_toml().contains("hunter2"));
}

#[test]
fn what_is_printed_can_be_loaded_again() {
    let config = load_file(
        "listen = \"[::1]:0\"\nnode_name = \"n1\"\ndemo = false\n[session]\ngrace_ms = 5\n[cors]\nallowed_origins = \
         [\"https://a.example\"]\n[log]\nformat = \"text\"\n[admin]\nlisten = \"127.0.0.1:9\"\n[ice]\nservers = [{ urls \
         = [\"turn:t\"], username = \"u\", credential = \"c\" }]\n",
    )
    .expect("usable");
    let mut again = load_file(&config.to_toml()).expect("what was printed can be used");
    assert_eq!(again.ice.servers[0].credential.expose(), "[redacted]");
    again.ice.servers[0].credential = "c".to_owned().into();
    assert_eq!(again, config);
}

#[test]
fn the_example_holds_every_setting_with_its_default() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let text = std::fs::read_to_string(path).expect("the example");
    let example: toml::Table = text.parse().expect("TOML");
    let default = toml::Table::try_from(Config::default()).expect("a table");
    assert_eq!(example, default);
}

#[test]
fn the_limits_of_watches_and_of_connecting_clients_are_settings() {
    let config = load_file(
        "[rooms]\nmax_watches = 7\n[users]\nmax_watches = 3\n\
         [compat]\nsocketio_max_handshakes = 9\nsocketio_max_handshakes_per_source = 4\n",
    )
    .expect("valid");
    let (node, compat) = (config.node(), config.compat());
    assert_eq!((node.max_watches, node.max_watches_per_user), (7, 3));
    assert_eq!((compat.socketio_handshakes, compat.socketio_handshakes_per_source), (9, 4));
    let zero = "[rooms]\nmax_watches = 0\n[users]\nmax_watches = 0\n\
                [compat]\nsocketio_max_handshakes = 0\nsocketio_max_handshakes_per_source = 0\n";
    let refused = keys(load_file(zero));
    for key in [
        "rooms.max_watches",
        "users.max_watches",
        "compat.socketio_max_handshakes",
        "compat.socketio_max_handshakes_per_source",
    ] {
        assert!(refused.iter().any(|told| told == key), "{key}: 0 would allow none");
    }
}

#[test]
fn the_error_of_an_unreadable_file_does_not_quote_it() {
    let missing = Overrides { file: Some("/nonexistent/wigwag.toml".into()), settings: Vec::new() };
    let text = Config::load(&missing, &Environment::default()).expect_err("missing").to_string();
    assert!(text.contains("/nonexistent/wigwag.toml") && text.contains("cannot be read"), "{text}");

    let text =
        load_file("demo = true\n[ice]\nservers = [{ credential = \"hunter2\" ]\n").expect_err("broken").to_string();
    assert!(text.contains("line 3") && !text.contains("hunter2"), "{text}");
}

/// The old name of the section `compat`.
const OLD: &str = "dialects";

#[test]
fn a_renamed_section_is_accepted_with_a_warning() {
    let files = [format!("[{OLD}]\npeerjs = false\n"), format!("{OLD}.peerjs = false\n")];
    let files = files.map(|text| file(&text));
    let mut cases: Vec<(Overrides, Environment)> =
        files.iter().map(|file| (from_file(file), Environment::default())).collect();
    let variable = format!("WIGWAG_{}__PEERJS", OLD.to_uppercase());
    cases.push((Overrides::default(), Environment::from([(variable.as_str(), "false")])));
    cases.push((set(&[(&format!("{OLD}.peerjs"), "false")]), Environment::default()));
    for (overrides, environment) in cases {
        let config = Config::load(&overrides, &environment).expect("accepted");
        assert!(!config.compat.peerjs && config.compat.socketio);
        let warnings = Config::warnings(&overrides, &environment);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        let is_variable = overrides.file.is_none() && overrides.settings.is_empty();
        let new = if is_variable { "WIGWAG_COMPAT__PEERJS" } else { "compat.peerjs" };
        assert!(
            warnings[0].contains(&format!("was renamed to {new}")) && warnings[0].contains("0.3.0"),
            "{warnings:?}"
        );
    }
}

#[test]
fn the_new_name_of_a_setting_precedes_its_old_one() {
    let text = format!("[{OLD}]\npeerjs = true\nsocketio = false\n[compat]\npeerjs = false\n");
    let config = load_file(&text).expect("accepted");
    assert!(!config.compat.peerjs && !config.compat.socketio);
    let old = format!("WIGWAG_{}__PEERJS", OLD.to_uppercase());
    let environment = Environment::from([(old.as_str(), "true"), ("WIGWAG_COMPAT__PEERJS", "false")]);
    assert!(!Config::load(&Overrides::default(), &environment).expect("accepted").compat.peerjs);
}

#[test]
fn an_invalid_value_or_setting_under_an_old_name_is_an_error() {
    let text = load_file(&format!("[{OLD}]\npeerjs = 3\n")).expect_err("a number").to_string();
    assert!(text.contains("compat.peerjs = 3"), "{text}");
    let text = load_file(&format!("[{OLD}]\npeer = true\n")).expect_err("no such setting").to_string();
    assert!(text.contains("compat.peer") && text.contains("peerjs"), "{text}");
    let variable = format!("WIGWAG_{}__PEER", OLD.to_uppercase());
    let environment = Environment::from([(variable.as_str(), "true")]);
    let text = Config::load(&Overrides::default(), &environment).expect_err("no such setting").to_string();
    assert!(text.contains(&variable) && text.contains("peerjs_discovery"), "{text}");
}

#[test]
fn variables_of_other_programs_are_ignored() {
    let environment =
        Environment::from([("WIGWAG_PORT", "tcp://10.0.0.1:8080"), ("WIGWAG_URL", "http://localhost:8080")]);
    Config::load(&Overrides::default(), &environment).expect("Kubernetes and clients set these");
}

const SECRET: &str = "hunter2 hunter2 hunter2 hunter2 hunter2";

#[test]
fn with_keys_clients_need_a_token_and_the_server_may_be_reached() {
    let text = format!("listen = \"0.0.0.0:1\"\n[auth]\nkeys = [{{ id = \"main\", secret = \"{SECRET}\" }}]\n");
    let config = load_file(&text).expect("usable");
    assert!(!config.is_open() && config.auth.verifier().is_ok());
    assert!(Config::default().is_open());
    for shown in [format!("{config:?}"), config.to_toml(), format!("{:?}", config.auth.verifier())] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn keys_are_checked_without_showing_them() {
    let secret = file("short hunter2\n");
    let path = secret.path().display();
    let auth = |keys: &str| load_file(&format!("[auth]\nkeys = [{keys}]\n"));
    for (text, key) in [
        ("{ id = \"a\", secret = \"hunter2\" }".to_owned(), "auth.keys[0].secret"),
        (format!("{{ id = \"a\", secret_file = \"{path}\" }}"), "auth.keys[0].secret_file"),
        ("{ id = \"a\", secret_file = \"/nowhere/hunter\" }".to_owned(), "auth.keys[0]"),
        ("{ id = \"a\" }".to_owned(), "auth.keys[0]"),
        (format!("{{ id = \"a\", secret = \"{SECRET}\", secret_file = \"{path}\" }}"), "auth.keys[0]"),
        (format!("{{ id = \"\", secret = \"{SECRET}\" }}"), "auth.keys[0].id"),
        ("{ id = \"a\", secret = \"-----BEGIN PUBLIC KEY----- hunter2 hunter2\" }".to_owned(), "auth.keys[0].secret"),
        (format!("{{ id = \"a\", secret = \"{SECRET}\" }}, {{ id = \"a\", secret = \"{SECRET}\" }}"), "auth"),
        (format!("{{ id = \"a\", sekret = \"{SECRET}\" }}"), "auth.keys"),
    ] {
        let errors = auth(&text).expect_err(&text);
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
        assert_eq!(keys(Err(errors)), [key], "{text}");
    }
}

#[test]
fn issuers_are_checked() {
    let private = file("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n");
    let issuer = |text: &str| load_file(&format!("[auth]\nissuers = [{{ {text} }}]\n"));
    let with_url = "algorithms = [\"RS256\"], audience = [\"a\"], jwks_url = \"https://issuer.example/jwks\"";
    assert!(issuer(&format!("issuer = \"i\", {with_url}, rooms = [\"a*\"], can = [\"join\"]")).is_ok());
    let with_file = format!("algorithms = [\"EdDSA\"], public_key_files = [\"{}\"]", private.path().display());
    for (text, key) in [
        (with_url.to_owned(), "auth.issuers[0].issuer"),
        (format!("issuer = \"i\", {with_url}, rooms = [\"\"]"), "auth.issuers[0].rooms[0]"),
        (format!("issuer = \"i\", {with_url}, can = [\"jion\"]"), "auth.issuers[0].can[0]"),
        (format!("issuer = \"i\", {}", with_url.replace("RS256", "HS256")), "auth.issuers[0].algorithms"),
        (format!("issuer = \"i\", {}", with_url.replace("RS256", "none")), "auth.issuers[0].algorithms"),
        (format!("issuer = \"i\", {}", with_url.replace("https", "http")), "auth.issuers[0].jwks_url"),
        (format!("issuer = \"i\", {}", with_url.replace("\"a\"", "")), "auth.issuers[0].audience"),
        ("issuer = \"i\", algorithms = [\"RS256\"]".to_owned(), "auth.issuers[0]"),
        (format!("issuer = \"i\", {with_file}"), "auth.issuers[0].public_key_files[0]"),
    ] {
        assert_eq!(keys(issuer(&text)), [key], "{text}");
    }
    assert_eq!(keys(load_file("[auth]\naudience = [\"a\"]\n")), ["auth.audience"]);
    for path in [PathBuf::from("/nowhere"), private.path().to_owned()] {
        assert_eq!(keys(load_file(&format!("[auth]\njwks_ca_file = {path:?}\n"))), ["auth.jwks_ca_file"], "{path:?}");
    }
}

#[test]
fn the_certificates_of_clients_need_mutual_tls() {
    let entry = "[auth]\ncertificates = [{ name = \"bot.example.com\", rooms = [\"*\"], can = [\"join\"] }]\n";
    let problems = load_file(entry).expect_err("no TLS").to_string();
    assert!(problems.contains("needs tls.client_auth"), "{problems}");
    let any = format!("{entry}[cors]\nallowed_origins = \"*\"\n");
    let problems = load_file(&any).expect_err("every page").to_string();
    assert!(problems.contains("a list, since auth.certificates is set"), "{problems}");
    for (entry, wrong) in [
        ("{ name = \"*.com\" }", "a wildcard such as *.bots.example.com"),
        ("{ name = \"192.0.2.1\" }", "IP addresses are not looked at"),
        ("{ name = \"a\", can = [\"fly\"] }", "can[0] = \"fly\": one of join"),
        ("{ name = \"a\" }, { name = \"A\" }", "a name that no other entry has"),
        ("{ cn = \"a\" }", "a list of { name, user"),
    ] {
        let problems = load_file(&format!("[auth]\ncertificates = [{entry}]\n")).expect_err(entry).to_string();
        assert!(problems.contains(wrong), "{problems}");
    }
}

#[test]
fn an_admin_listener_beyond_loopback_needs_tls_and_authentication() {
    let admin = "[admin]\nlisten = \"192.0.2.1:9090\"\n";
    let keys = "[auth]\nkeys = [{ id = \"main\", secret = \"a secret of these tests, 32 bytes or more\" }]\n";
    for (more, missing) in [
        ("", "needs TLS (tls.cert_file) and authentication (auth.keys,"),
        (keys, "needs TLS (tls.cert_file)"),
        ("[tls]\nself_signed = true\n", "needs authentication (auth.keys,"),
    ] {
        let problems = load_file(&format!("{admin}{more}")).expect_err(more).to_string();
        assert!(problems.contains("admin.listen = 192.0.2.1:9090") && problems.contains(missing), "{problems}");
    }
    let config = load_file(&format!("{admin}{keys}[tls]\nself_signed = true\n")).expect("usable");
    assert!(config.admin.is_exposed());
}

#[test]
fn the_settings_of_the_webhook_are_checked() {
    let empty = file("");
    let path = empty.path().display();
    let url = "webhook_url = \"https://app.example.com/ask\"\n";
    let config = load_file(&format!("[auth]\n{url}webhook_when = \"always\"\nwebhook_headers = [\"cookie\"]\n"));
    assert!(!config.expect("usable").is_open(), "clients must be allowed");
    for (text, key) in [
        ("webhook_url = \"http://app.example.com/ask\"\n".to_owned(), "auth.webhook_url"),
        ("webhook_url = \"app\"\n".to_owned(), "auth.webhook_url"),
        (format!("{url}webhook_when = \"sometimes\"\n"), "auth.webhook_when"),
        ("webhook_joins = true\n".to_owned(), "auth.webhook_joins"),
        ("webhook_secret = \"s\"\n".to_owned(), "auth.webhook_secret"),
        (format!("{url}webhook_secret = \"two words\"\n"), "auth.webhook_secret"),
        (format!("{url}webhook_secret = \"s\"\nwebhook_secret_file = \"{path}\"\n"), "auth.webhook_secret"),
        (format!("{url}webhook_secret_file = \"{path}\"\n"), "auth.webhook_secret"),
        (format!("{url}webhook_headers = [\"Cookie\"]\n"), "auth.webhook_headers[0]"),
        (format!("{url}webhook_headers = [\"authorization\"]\n"), "auth.webhook_headers[0]"),
        (format!("{url}webhook_headers = [\"a b\"]\n"), "auth.webhook_headers[0]"),
        (format!("{url}webhook_timeout_ms = 99\n"), "auth.webhook_timeout_ms"),
        (format!("{url}webhook_concurrency = 0\n"), "auth.webhook_concurrency"),
        (format!("{url}webhook_ca_file = \"{path}\"\n"), "auth.webhook_ca_file"),
        (format!("{url}webhook_headers = [\"cookie\"]\n[cors]\nallowed_origins = \"*\"\n"), "cors.allowed_origins"),
    ] {
        assert_eq!(keys(load_file(&format!("[auth]\n{text}"))), [key], "{text}");
    }
}

#[test]
fn the_settings_of_a_turn_service_are_checked() {
    let cloudflare = "provider = \"cloudflare\"\nprovider_key_id = \"0123abc\"\n";
    let twilio = "provider = \"twilio\"\nprovider_account = \"AC1\"\n";
    let local = "provider_url = \"http://127.0.0.1:9\"\n";
    let secret = "provider_secret = \"hunter2\"\n";
    for good in [cloudflare, twilio] {
        let config = load_file(&format!("[ice]\n{good}{local}{secret}")).expect("usable");
        assert!(!config.to_toml().contains("hunter2"));
    }
    for (text, key) in [
        ("provider = \"acme\"\n".to_owned(), "ice.provider"),
        (secret.to_owned(), "ice.provider"),
        (format!("{cloudflare}{local}"), "ice.provider_secret"),
        (format!("{cloudflare}{local}{secret}provider_secret_file = \"/nowhere\"\n"), "ice.provider_secret"),
        (format!("{cloudflare}{local}provider_secret_file = \"/nowhere\"\n"), "ice.provider_secret_file"),
        (format!("{cloudflare}{local}{secret}provider_account = \"AC1\"\n"), "ice.provider_account"),
        (format!("{cloudflare}{secret}provider_url = \"http://turn.example.com\"\n"), "ice.provider_url"),
        (format!("provider = \"cloudflare\"\nprovider_key_id = \"../x\"\n{local}{secret}"), "ice.provider_key_id"),
        (format!("provider = \"twilio\"\n{local}{secret}"), "ice.provider_account"),
        (format!("{twilio}{local}{secret}provider_key_id = \"a/b\"\n"), "ice.provider_key_id"),
    ] {
        let error = load_file(&format!("[ice]\n{text}")).expect_err(&text);
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_eq!(keys(Err(error)), [key], "{text}");
    }
}
