//! The servers that are measured, and the protocol each is measured with.

use std::path::Path;

use crate::protocol::Protocol;

/// One row of the tables.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Its name in tables and on the command line.
    pub(crate) name: String,
    pub(crate) protocol: Protocol,
    /// The command that starts it; `{port}`, `{cert}` and `{key}` are replaced.
    pub(crate) command: Vec<String>,
}

/// The server everything is compared with.
pub(crate) const PEER: &str = "node-ws";
/// The same with TLS.
pub(crate) const PEER_TLS: &str = "node-ws-tls";
/// The limit everything is compared with.
pub(crate) const LIMIT: &str = "tcp-relay";

/// The label of the build that another one is compared with.
pub(crate) const BASE: &str = "base";
/// The label of the same build, measured a second time.
pub(crate) const AGAIN: &str = "again";
/// The label of the build that is compared with it.
pub(crate) const NEW: &str = "new";

/// Wigwag's transports, in the order of the tables.
const TRANSPORTS: [(&str, Protocol); 3] =
    [("grpc", Protocol::Grpc), ("ws-proto", Protocol::Proto), ("ws-json", Protocol::Json)];

/// The same with TLS.
const TLS_TRANSPORTS: [(&str, Protocol); 2] = [("grpc-tls", Protocol::Grpc), ("ws-proto-tls", Protocol::Proto)];

/// Returns Wigwag over each of its transports, for a server started by this command. `label` tells builds apart; it is
/// empty for the usual one.
pub(crate) fn wigwag(label: &str, command: &str) -> Vec<Subject> {
    // A generator that sends as fast as it can is what the limits are for.
    let limits = ["session.frames", "session.bytes", "session.deliveries", "rooms.deliveries"];
    let off: String = limits.iter().map(|limit| format!(" --set {limit}_per_second=0")).collect();
    let command = &format!("{command}{off}");
    let clear = TRANSPORTS.map(|(transport, protocol)| build(label, command, transport, protocol));
    let tls = TLS_TRANSPORTS.map(|(transport, protocol)| {
        let mut subject = build(label, command, transport, protocol);
        subject.command.extend(["--set", "tls.cert_file={cert}", "--set", "tls.key_file={key}"].map(Into::into));
        subject
    });
    clear.into_iter().chain(tls).collect()
}

/// Returns the subjects of a comparison, those with the same transport one after the other.
pub(crate) fn compared(base: &str, new: &str) -> Vec<Subject> {
    let of_transport = |(transport, protocol)| {
        [(BASE, base), (AGAIN, base), (NEW, new)].map(|(label, command)| build(label, command, transport, protocol))
    };
    TRANSPORTS.map(of_transport).into_iter().flatten().collect()
}

fn build(label: &str, command: &str, transport: &str, protocol: Protocol) -> Subject {
    let words = command.split_whitespace().map(Into::into);
    let listen = ["--listen", "127.0.0.1:{port}"].map(Into::into);
    let name = format!("wigwag-{transport}{}", if label.is_empty() { String::new() } else { format!("@{label}") });
    Subject { name, protocol, command: words.chain(listen).collect() }
}

/// Returns the other servers. `root` is the folder of the baselines, `tools` that of installed programs, `own` that of this one.
pub(crate) fn baselines(root: &Path, tools: &Path, own: &Path) -> Vec<Subject> {
    let subject = |name: &str, protocol, command: Vec<String>| Subject { name: name.into(), protocol, command };
    let node = |script: &str| vec!["node".into(), root.join(script).display().to_string(), "{port}".into()];
    // It logs a line for each request otherwise.
    let host = |path: &Path| {
        let words = ["env", "RUST_LOG=error", "HOST=127.0.0.1:{port}"].map(Into::into);
        words.into_iter().chain([path.display().to_string()]).collect()
    };
    vec![
        subject(PEER, Protocol::RoomsWs, node("node-ws.js")),
        subject(PEER_TLS, Protocol::RoomsWs, [node("node-ws.js"), vec!["{cert}".into(), "{key}".into()]].concat()),
        subject("socket.io", Protocol::SocketIo, node("socket-io.js")),
        subject("peerjs", Protocol::PeerJs, node("peerjs.js")),
        subject("matchbox", Protocol::Matchbox, host(&tools.join("matchbox_server"))),
        subject(LIMIT, Protocol::Tcp, vec![own.join("bench-tcp-relay").display().to_string(), "{port}".into()]),
    ]
}

impl Subject {
    /// Returns whether it speaks TLS.
    pub(crate) fn has_tls(&self) -> bool {
        self.command.iter().any(|word| word.contains("{cert}"))
    }

    /// Returns the program it needs if that is missing, or if packages that it needs are.
    pub(crate) fn missing(&self) -> Option<&str> {
        // Neither an option nor a variable for env.
        let path = |word: &&String| word.contains('/') && !word.contains('=') && !word.starts_with('-');
        let program = self.command.iter().find(path)?;
        let is_there = match self.command.first() {
            // Its packages, beside the script.
            Some(first) if first == "node" => Path::new(program).with_file_name("node_modules").exists(),
            _ => Path::new(program).exists(),
        };
        (!is_there).then_some(program)
    }
}
