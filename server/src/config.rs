//! The configuration: what can be set, and how it is put together.
//!
//! Flags win over the environment, the environment over the file, the file over the defaults. Everything is checked
//! before a port is bound, and everything that is wrong is told at once. `server/config.example.toml` lists every setting.

mod admin;
mod connections;
mod cors;
mod dialects;
mod drain;
mod http2;
mod ice;
mod load;
mod log;
mod problem;
mod range;
mod rooms;
mod secret;
mod session;
mod source;

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

pub use admin::Admin;
pub use connections::Connections;
pub use cors::{AllowedHosts, AllowedOrigins, Cors};
pub use dialects::Dialects;
pub use drain::Drain;
pub use http2::Http2;
pub use ice::{Ice, IceServer};
pub use load::{Override, Overrides};
pub use log::{Log, LogFormat};
use range::Range;

pub use problem::{Problem, Problems};
pub use rooms::Rooms;
pub use secret::Secret;
pub use session::Session;
pub use source::{Environment, Origin, variable_of};

/// All settings of a server. [`Config::default`] is a server on loopback, open to this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// IP address and port of the public listener. Port 0 takes a free one. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Allows `listen` to be reachable from other machines although nobody has to log in. Default: false.
    pub insecure_open: bool,
    /// This node's name, told to clients and logs. Empty, the default: [`Config::load`] draws one.
    pub node_name: String,
    /// Whether the demo page is served at `/`. Default: true.
    pub demo: bool,
    /// Whether gRPC server reflection is served. Default: true.
    pub reflection: bool,
    /// Threads connections are spread over. 0, the default: one for each processor.
    pub workers: usize,
    /// Sessions.
    pub session: Session,
    /// Rooms.
    pub rooms: Rooms,
    /// The way out.
    pub drain: Drain,
    /// The compatibility dialects.
    pub dialects: Dialects,
    /// STUN and TURN servers.
    pub ice: Ice,
    /// Cross-origin access.
    pub cors: Cors,
    /// The log.
    pub log: Log,
    /// Connections.
    pub connections: Connections,
    /// HTTP/2.
    pub http2: Http2,
    /// The admin listener.
    pub admin: Admin,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            insecure_open: false,
            node_name: String::new(),
            demo: true,
            reflection: true,
            workers: 0,
            session: Session::default(),
            rooms: Rooms::default(),
            drain: Drain::default(),
            dialects: Dialects::default(),
            ice: Ice::default(),
            cors: Cors::default(),
            log: Log::default(),
            connections: Connections::default(),
            http2: Http2::default(),
            admin: Admin::default(),
        }
    }
}

const RANGES: &[Range] = &[Range::new("workers", 0, 1024)];

/// Longest node name, in bytes.
const MAX_NODE_NAME: usize = 64;

impl Config {
    /// The configuration as TOML, with secrets redacted. What it prints can be loaded again.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every setting has a TOML form")
    }

    /// Whether anyone who reaches the listener may use the server: always, as there is no authentication.
    pub fn is_open(&self) -> bool {
        true
    }

    /// Whether other machines can reach the listener.
    pub fn is_exposed(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }

    /// What settings of the right kind may still get wrong, alone or together.
    fn check(&self, problems: &mut Problems) {
        if self.is_open() && self.is_exposed() && !self.insecure_open {
            let allowed = "a loopback address, or insecure_open (--insecure-open): this server has no authentication, \
                           and every machine that reaches this address could use it";
            problems.add("listen", self.listen, allowed);
        }
        let printable = self.node_name.chars().all(|c| c.is_ascii_graphic());
        if self.node_name.len() > MAX_NODE_NAME || !printable {
            let allowed = format!("at most {MAX_NODE_NAME} printable ASCII characters, no spaces");
            problems.add("node_name", format!("{:?}", self.node_name), allowed);
        }
        self.session.check(problems);
        self.drain.check(problems);
        self.ice.check(problems);
        self.log.check(problems);
        self.connections.check(problems);
        self.http2.check(problems);
        self.admin.check(self.listen, problems);
    }
}
