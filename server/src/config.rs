//! The configuration: its settings, and how they are loaded and checked.
//!
//! Flags override the environment, the environment overrides the file, the file overrides the defaults. `PORT` replaces the
//! port of what the environment, the file or the defaults say. All settings are checked before a port is bound, and all errors are reported at once. `server/config.example.toml` lists every setting.

mod admin;
mod auth;
mod compat;
mod connections;
mod cors;
mod deny;
mod drain;
mod error;
mod http2;
mod ice;
mod load;
mod log;
mod memory;
mod networks;
mod parts;
mod public_url;
mod range;
mod renamed;
mod room_service;
mod rooms;
mod secret;
mod session;
mod source;
mod tls;
mod users;
mod warnings;

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};
use wigwag_net::tls::ClientAuth;

use self::range::Range;

pub use admin::AdminSection;
pub use auth::{AuthCertificate, AuthIssuer, AuthKey, AuthSection, CertificateGrants, NamePattern, WebhookWhen};
pub use compat::CompatSection;
pub use connections::ConnectionsSection;
pub use cors::{AllowedHosts, AllowedOrigins, CorsSection};
pub use deny::{DenyFile, DenyFileError, DenyNames, DenySection};
pub use drain::DrainSection;
pub use error::ValueOrigin;
pub use error::{ConfigError, ConfigErrors};
pub use http2::Http2Section;
pub use ice::{IceSection, IceServer, TurnProvider};
pub use load::{Override, Overrides};
pub use log::{LogFormat, LogSection, LogUsers};
pub use networks::Networks;
pub use public_url::PublicUrl;
pub use room_service::RoomServiceAccess;
pub use rooms::RoomsSection;
pub use secret::Secret;
pub use session::SessionSection;
pub use source::{Environment, variable_of};
pub use tls::TlsSection;
pub use users::UsersSection;

/// All settings of a server. [`Config::default`] is a server on loopback, open to this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// IP address and port of the public listener. Port 0 chooses a free one. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Allows `listen` to be reachable from other machines although clients need no token. Default: false.
    pub insecure_open: bool,
    /// Whether a server that other machines can reach names its rooms and their members at `/rooms` and `/health`, to everyone.
    /// A server on loopback does so for this machine in any case. Default: false, which shows counts only.
    pub public_rooms: bool,
    /// The URL under which other machines reach the server through a proxy, such as `https://signal.example.com`. Pages of
    /// its origin may call, pages under its host name are the server's own, and the banner shows it. Default: none.
    pub public_url: PublicUrl,
    /// Where RoomService is served, over gRPC and REST. Default: `local`.
    pub room_service: RoomServiceAccess,
    /// Calls per second to RoomService from one source (IPv4 address or IPv6 /64) without a token, on average. 0 = no limit.
    /// Further ones get RATE_LIMITED. Default: 1000.
    pub room_service_calls_per_second: u32,
    /// The same at once after a pause. Default: 10000.
    pub room_service_calls_burst: u32,
    /// The name of this node, in the log and in the welcome of clients. Empty, the default: [`Config::load`] generates one.
    pub node_name: String,
    /// Whether the demo page is served at `/`. Default: true.
    pub demo: bool,
    /// Whether gRPC server reflection is served. Default: true.
    pub reflection: bool,
    /// Whether a server that requires tokens serves reflection (if `reflection`), `/docs` and `/openapi.json`, to everyone.
    /// One without authentication does in any case. Default: false.
    pub public_docs: bool,
    /// Threads that serve connections. 0, the default: one per processor.
    pub workers: usize,
    /// Who signs the tokens that clients must have.
    pub auth: AuthSection,
    /// Sessions.
    pub session: SessionSection,
    /// Rooms.
    pub rooms: RoomsSection,
    /// Users.
    pub users: UsersSection,
    /// The drain at shutdown.
    pub drain: DrainSection,
    /// The compatibility protocols.
    pub compat: CompatSection,
    /// STUN and TURN servers.
    pub ice: IceSection,
    /// Cross-origin access.
    pub cors: CorsSection,
    /// The log.
    pub log: LogSection,
    /// Connections.
    pub connections: ConnectionsSection,
    /// Addresses, users and rooms that are not served.
    pub deny: DenySection,
    /// HTTP/2.
    pub http2: Http2Section,
    /// TLS.
    pub tls: TlsSection,
    /// The admin listener.
    pub admin: AdminSection,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            insecure_open: false,
            public_rooms: false,
            public_url: PublicUrl::default(),
            room_service: RoomServiceAccess::default(),
            room_service_calls_per_second: 1_000,
            room_service_calls_burst: 10_000,
            node_name: String::new(),
            demo: true,
            reflection: true,
            public_docs: false,
            workers: 0,
            auth: AuthSection::default(),
            session: SessionSection::default(),
            rooms: RoomsSection::default(),
            users: UsersSection::default(),
            drain: DrainSection::default(),
            compat: CompatSection::default(),
            ice: IceSection::default(),
            cors: CorsSection::default(),
            log: LogSection::default(),
            connections: ConnectionsSection::default(),
            deny: DenySection::default(),
            http2: Http2Section::default(),
            tls: TlsSection::default(),
            admin: AdminSection::default(),
        }
    }
}

const RANGES: &[Range] = &[
    Range::new("workers", 0, 1024),
    Range::new("room_service_calls_per_second", 0, 1_000_000),
    Range::new("room_service_calls_burst", 1, 1_000_000),
];

/// Longest node name, in bytes.
const MAX_NODE_NAME: usize = 64;

impl Config {
    /// Returns the configuration as TOML that can be loaded again, with secrets redacted.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("every setting has a TOML form")
    }

    /// Returns whether anyone who can reach the listener may use the server: clients need no token.
    pub fn is_open(&self) -> bool {
        !self.auth.is_required()
    }

    /// Returns whether other machines can reach the listener.
    pub fn is_exposed(&self) -> bool {
        !self.listen.ip().to_canonical().is_loopback()
    }

    /// Returns whether the documentation of the APIs is served.
    pub fn shows_docs(&self) -> bool {
        self.is_open() || self.public_docs
    }

    /// Returns whether server reflection is served at the public listener.
    pub fn shows_reflection(&self) -> bool {
        self.reflection && self.shows_docs()
    }

    /// Returns whether `/rooms` and `/health` name rooms and members, or tell only how many there are.
    pub fn shows_rooms(&self) -> bool {
        self.public_rooms || !self.is_exposed()
    }

    /// Checks what the types and ranges of single settings cannot express.
    fn check(&self, errors: &mut ConfigErrors) {
        if self.is_open() && self.is_exposed() && !self.insecure_open {
            let allowed = "must be a loopback address, unless auth.keys, auth.issuers, auth.certificates or auth.webhook_url is set, so \
                           that clients need a token or a certificate or are asked about, or insecure_open (--insecure-open): every machine that can reach this address could \
                           use it";
            errors.add("listen", self.listen, allowed);
        }
        let printable = self.node_name.chars().all(|c| c.is_ascii_graphic());
        if self.node_name.len() > MAX_NODE_NAME || !printable {
            let allowed = format!("at most {MAX_NODE_NAME} printable ASCII characters, no spaces");
            errors.add("node_name", format!("{:?}", self.node_name), allowed);
        }
        if self.room_service == RoomServiceAccess::Admin && self.admin.listen.is_none() {
            let allowed = "\"local\" or \"off\", unless admin.listen is set: RoomService would be served nowhere";
            errors.add("room_service", "\"admin\"", allowed);
        }
        self.auth.check(errors);
        self.session.check(errors);
        self.compat.check(errors);
        self.drain.check(errors);
        self.ice.check(errors);
        self.cors.check(errors);
        self.log.check(errors);
        self.connections.check(errors);
        self.deny.check(errors);
        self.http2.check(errors);
        self.tls.check(errors);
        self.admin.check(self.listen, self.tls.is_on(), !self.is_open(), errors);
        self.check_certificates(errors);
        if self.auth.tells_cookies() && self.cors.allowed_origins == AllowedOrigins::Any {
            let allowed = "a list, since auth.webhook_headers names cookie: a page of any site could act with the cookies of who \
                           opens it";
            errors.add("cors.allowed_origins", "\"*\"", allowed);
        }
    }

    fn check_certificates(&self, errors: &mut ConfigErrors) {
        if self.auth.certificates.is_empty() {
            return;
        }
        if self.tls.client_auth == ClientAuth::Off {
            let allowed =
                "needs tls.client_auth = \"optional\" or \"required\": no client shows a certificate otherwise";
            errors.add("auth.certificates", "", allowed);
        }
        // A browser adds its certificate to whatever a page requests.
        if self.cors.allowed_origins == AllowedOrigins::Any {
            let allowed = "a list, since auth.certificates is set: a page of any site could act with the certificate of who \
                           opens it";
            errors.add("cors.allowed_origins", "\"*\"", allowed);
        }
    }
}
