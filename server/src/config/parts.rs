//! What each part of the server is told of the configuration.

use std::{sync::Arc, time::Duration};

use wigwag_compat::CompatConfig;
use wigwag_hub::{Limits, rate::Rate};
use wigwag_net::{
    address::IpNetworks,
    host::Hosts,
    listener::{DeniedNetworks, ListenerConfig, RuntimePool},
    origin::{OriginPattern, Origins},
    websocket::SocketConfig,
};
use wigwag_node::{
    auth::Denied,
    config::{LimitOpens, NodeConfig, SessionConfig},
    frame::TRANSPORT_LIMIT,
    ice::{FixedServers, IceProvider},
    logged_users::LoggedUsers,
};
use wigwag_proto::v1::IceServer;

use super::{
    AllowedOrigins, CompatSection, Config,
    memory::{default_max_sessions, memory_limit},
};
use crate::{
    opens::OpensPerAddress,
    turn::{IssuedTurn, TurnServers},
};

/// Time open connections have to finish once a listener is stopped.
const STOP_GRACE: Duration = Duration::from_secs(1);

/// How long the kernel keeps a connection whose peer acknowledges nothing, at least.
const LEAST_TCP_SEND_TIMEOUT: Duration = Duration::from_secs(20);

impl Config {
    /// Returns the node's part.
    pub fn node(&self) -> NodeConfig {
        let Self { session, rooms, users, .. } = self;
        let sessions = match session.max_sessions {
            0 => default_max_sessions(memory_limit()),
            max => max,
        };
        NodeConfig {
            name: self.node_name.clone(),
            log_addresses: self.log.addresses,
            // `check` has read the key. If it cannot be read any more, no user id is logged.
            log_users: self.log.logged_users().unwrap_or(LoggedUsers::Off),
            session: SessionConfig {
                heartbeat_ms: session.heartbeat_ms,
                grace_ms: session.grace_ms,
                max_grace_ms: session.max_grace_ms,
                hello_timeout_ms: session.hello_timeout_ms,
                write_timeout_ms: session.write_timeout_ms,
                max_frame_bytes: session.max_frame_bytes,
                direct_messages: session.direct_messages,
            },
            limits: Limits {
                mailbox_frames: session.mailbox_frames,
                mailbox_bytes: session.mailbox_bytes,
                detached_frames: session.detached_frames,
                detached_bytes: session.detached_bytes,
                session_frames: Rate::new(session.frames_per_second, session.frames_burst),
                session_bytes: Rate::new(session.bytes_per_second, session.bytes_burst),
                session_deliveries: Rate::new(session.deliveries_per_second, session.deliveries_burst),
                session_joins: Rate::new(session.joins_per_second, at_least(session.joins_burst, session.max_rooms)),
                room_joins: Rate::new(rooms.joins_per_second, at_least(rooms.joins_burst, rooms.max_members)),
                room_deliveries: Rate::new(rooms.deliveries_per_second, rooms.deliveries_burst),
                user_sessions: if users.max_sessions == 0 { usize::MAX } else { users.max_sessions },
                user_opens: Rate::new(users.opens_per_second, users.opens_burst),
                user_joins: Rate::new(users.joins_per_second, users.joins_burst),
                rooms_per_session: session.max_rooms,
                rooms: rooms.max_rooms,
                members: u32::try_from(rooms.max_members).unwrap_or(u32::MAX),
                sessions,
                detached_sessions: if session.max_detached == 0 { sessions / 2 } else { session.max_detached },
                detached_per_source: match session.max_detached_per_source {
                    0 => usize::MAX,
                    max => max,
                },
                empty_timeout_ms: rooms.empty_timeout_ms,
                created_empty_timeout_ms: rooms.created_empty_timeout_ms,
                ..Limits::default()
            },
            auto_create: rooms.auto_create,
            drain_window: ms(self.drain.window_ms),
            ice: self.ice_provider(),
            opens: OpensPerAddress::new(session.opens_per_second_per_ip, self.uncapped())
                .map(|opens| Arc::new(opens) as Arc<dyn LimitOpens>),
            denied: Denied::default(),
            authenticator: None,
            webhook: None,
            auth_failures: Rate::new(self.auth.failures_per_second, self.auth.failures_burst),
            room_calls: Rate::new(self.room_service_calls_per_second, self.room_service_calls_burst),
            max_watches: rooms.max_watches,
            max_watches_per_user: users.max_watches,
        }
    }

    fn ice_provider(&self) -> Arc<dyn IceProvider> {
        let fixed = self.ice.servers.iter().map(ice_server).collect();
        // `check` has tried it.
        if let Ok(Some(service)) = self.ice.service() {
            return Arc::new(IssuedTurn::new(fixed, service, ms(self.ice.turn_ttl_ms)));
        }
        match self.ice.shared_secret() {
            None => Arc::new(FixedServers(fixed)),
            Some(secret) => {
                let (urls, ttl_ms) = (self.ice.turn_urls.clone(), self.ice.turn_ttl_ms.into());
                Arc::new(TurnServers::new(fixed, urls, secret, ttl_ms))
            }
        }
    }

    /// Returns a listener's part, with connections on the runtimes of `pool`.
    pub fn listener(&self, pool: RuntimePool) -> ListenerConfig {
        let Self { connections, http2, .. } = self;
        ListenerConfig {
            max_connections: connections.max,
            max_connections_per_ip: connections.max_per_ip,
            connections_per_second_per_ip: connections.per_second_per_ip,
            uncapped: self.uncapped(),
            first_byte_timeout: ms(connections.first_byte_timeout_ms),
            handshake_timeout: ms(connections.handshake_timeout_ms),
            http1_head_timeout: ms(connections.http1_idle_timeout_ms),
            http2_engine: http2.engine,
            max_concurrent_streams: http2.max_concurrent_streams,
            stream_window: http2.stream_window,
            connection_window: http2.connection_window,
            request_memory: http2.request_memory,
            send_timeout: ms(http2.send_timeout_ms),
            tcp_send_timeout: self.tcp_send_timeout(),
            keepalive_interval: self.keepalive_interval(),
            keepalive_timeout: ms(http2.keepalive_timeout_ms),
            max_connection_age: (http2.max_connection_age_ms > 0).then(|| ms(http2.max_connection_age_ms)),
            connection_age_grace: ms(http2.connection_age_grace_ms),
            stop_grace: STOP_GRACE,
            pool,
            ..ListenerConfig::default()
        }
    }

    /// As [`listener`](Self::listener) for the public one, which proxies may stand in front of and denied addresses may reach.
    pub fn public_listener(&self, pool: RuntimePool, denied: DeniedNetworks) -> ListenerConfig {
        ListenerConfig {
            trusted_proxies: self.connections.trusted_proxies.to_set(),
            proxy_protocol: self.connections.proxy_protocol,
            denied,
            ..self.listener(pool)
        }
    }

    /// Returns the addresses to which limits per address do not apply: those of this machine and of trusted proxies, which are
    /// the address of a request only if the proxy does not say where it comes from.
    pub(crate) fn uncapped(&self) -> IpNetworks {
        let trusted = self.connections.trusted_proxies.as_slice();
        IpNetworks::loopback_and(trusted.iter().copied())
    }

    /// Returns for how long the kernel keeps a connection that does not take what was sent: as long as any setting allows a
    /// client not to read, and at least 20 s.
    fn tcp_send_timeout(&self) -> Duration {
        let (session, http2) = (&self.session, &self.http2);
        let longest = session.write_timeout_ms.max(http2.send_timeout_ms).max(http2.keepalive_timeout_ms);
        ms(longest).max(LEAST_TCP_SEND_TIMEOUT)
    }

    /// Returns the time that a gRPC call with one request message has for it.
    pub fn message_timeout(&self) -> Duration {
        ms(self.connections.message_timeout_ms)
    }

    /// Returns the limits of WebSockets. Their pings are those of `http2.keepalive_*`: both guard a connection whose
    /// client sends nothing.
    pub fn sockets(&self) -> SocketConfig {
        SocketConfig {
            max_message: TRANSPORT_LIMIT,
            ping_interval: self.keepalive_interval(),
            ping_timeout: ms(self.http2.keepalive_timeout_ms),
        }
    }

    /// Returns the compatibility protocols' part.
    pub fn compat(&self) -> CompatConfig {
        // Where clients must show a token all are off unless the place of their tickets is set.
        let compat = match self.is_open() || !self.compat.ticket_parameter.is_empty() {
            true => self.compat.clone(),
            false => CompatSection::none(),
        };
        CompatConfig {
            rooms_ws: compat.rooms_ws,
            plain_json: compat.plain_json,
            connector: compat.connector,
            socketio: compat.socketio,
            socketio_handshakes: compat.socketio_max_handshakes,
            socketio_handshakes_per_source: compat.socketio_max_handshakes_per_source,
            peerjs: compat.peerjs,
            // A client without a ticket may not see the list.
            peerjs_discovery: compat.peerjs_discovery && self.is_open(),
            ticket_parameter: compat.ticket_parameter,
            message_timeout: self.message_timeout(),
            sockets: self.sockets(),
        }
    }

    /// Returns which web pages may call the public listener.
    pub fn origins(&self) -> Origins {
        if self.cors.allowed_origins == AllowedOrigins::Any {
            return Origins::any();
        }
        let mut patterns = self.cors.allowed_origins.patterns();
        patterns.extend(self.public_url.origin().and_then(|origin| OriginPattern::parse(origin).ok()));
        Origins::list(patterns, self.page_hosts(), self.cors.allow_credentials)
    }

    /// Returns which web pages may call the admin listener: those that it has served itself.
    pub fn admin_origins(&self) -> Origins {
        Origins::list(Vec::new(), Hosts::own_and(Vec::new()), false)
    }

    /// Returns the names under which the admin listener shows metrics: any if other machines can reach it, since callers need
    /// the grant `admin` then, else this machine's own and those of `cors.allowed_hosts`.
    pub fn admin_hosts(&self) -> Hosts {
        if self.admin.is_exposed() {
            return Hosts::any();
        }
        Hosts::own_and(self.cors.allowed_hosts.as_slice().to_vec())
    }

    /// Returns the names under which the server says who is in its rooms: any if other machines can reach the listener,
    /// else this machine's own and those of `cors.allowed_hosts`. Not that of `public_url`: who may call from elsewhere need
    /// not see everyone.
    pub fn hosts(&self) -> Hosts {
        self.own_hosts(None)
    }

    /// Returns the names under which the pages of the public listener are its own.
    fn page_hosts(&self) -> Hosts {
        self.own_hosts(self.public_url.host())
    }

    fn own_hosts(&self, public: Option<&str>) -> Hosts {
        if self.is_exposed() {
            return Hosts::any();
        }
        let listed = self.cors.allowed_hosts.as_slice().iter().map(String::as_str);
        Hosts::own_and(listed.chain(public).map(str::to_owned).collect())
    }

    fn keepalive_interval(&self) -> Option<Duration> {
        let interval_ms = self.http2.keepalive_interval_ms;
        (interval_ms > 0).then(|| ms(interval_ms))
    }
}

fn ice_server(server: &super::IceServer) -> IceServer {
    IceServer {
        urls: server.urls.clone(),
        username: server.username.clone(),
        credential: server.credential.expose().to_owned(),
    }
}

/// Returns the burst of joins: what may be joined must be able to be joined at once.
fn at_least(burst: u32, places: usize) -> u32 {
    burst.max(u32::try_from(places).unwrap_or(u32::MAX))
}

fn ms(ms: u32) -> Duration {
    Duration::from_millis(ms.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_keeps_a_connection_as_long_as_its_client_need_not_read() {
        let mut config = Config::default();
        assert_eq!(config.tcp_send_timeout(), Duration::from_secs(20));
        config.session.write_timeout_ms = 600_000;
        assert_eq!(config.tcp_send_timeout(), Duration::from_secs(600));
        config.session.write_timeout_ms = 1_000;
        config.http2.send_timeout_ms = 30_000;
        assert_eq!(config.tcp_send_timeout(), Duration::from_secs(30));
    }

    fn opens(proxies: &str) -> Arc<dyn LimitOpens> {
        let mut config = Config::default();
        let table: toml::Table = toml::from_str(&format!("proxies = {proxies}")).expect("TOML");
        config.connections.trusted_proxies = table["proxies"].clone().try_into().expect("networks");
        config.node().opens.expect("a limit by default")
    }

    #[test]
    fn an_office_behind_one_address_is_refused_nothing() {
        let opens = opens("[]");
        let office = [192, 0, 2, 1].into();
        // 500 people with four pages each, all at once.
        assert!((0..2_000).all(|_| opens.check(office).is_ok()));
        let refused = (0..100_000).filter(|_| opens.check(office).is_err()).count();
        assert!(refused > 50_000, "{refused} of a flood");
    }

    #[test]
    fn fifteen_thousand_sessions_that_return_through_a_proxy_are_refused_nothing() {
        let opens = opens("[\"10.0.0.1\"]");
        for proxy in [[10, 0, 0, 1], [127, 0, 0, 1]] {
            assert!((0..15_000).all(|_| opens.check(proxy.into()).is_ok()), "the proxy does not say for whom");
        }
        let mut clients = (0..15_000_u32).map(|n| std::net::Ipv4Addr::from(0xCB00_7100 + n));
        assert!(clients.all(|client| opens.check(client.into()).is_ok()), "it says for whom");
    }
}
