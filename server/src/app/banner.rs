//! The text printed at startup.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::{Config, RoomServiceAccess};

/// Returns the startup banner: where the server listens, who can use it, and what to try next. `listen` is the bound
/// address.
pub fn banner(config: &Config, listen: SocketAddr) -> String {
    banner_with(config, listen, "")
}

/// Returns the banner with more text before its last line.
pub(super) fn banner_with(config: &Config, listen: SocketAddr, more: &str) -> String {
    let local = local_address(listen);
    let mut text = String::new();
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{args}");
    };
    line(format_args!("wigwag-server {} ({})", env!("CARGO_PKG_VERSION"), config.node_name));
    line(format_args!("  listening on http://{listen}   gRPC, gRPC-Web and HTTP on one port"));
    if let Some(url) = config.public_url.url() {
        line(format_args!("  public URL {url}   (public_url)"));
    }
    if !config.is_open() {
        line(format_args!("  clients need a token (auth.keys, auth.issuers)"));
    } else if config.is_exposed() {
        line(format_args!(""));
        line(format_args!("  WARNING: open to everyone who can reach this address. No login, no encryption."));
        line(format_args!("           Browsers allow camera and microphone only on https and localhost."));
        line(format_args!("           Pages of other sites may call only if cors.allowed_origins lists them."));
    } else {
        line(format_args!("  open: no login; bound to loopback, so only this machine can reach it"));
    }
    match config.admin.listen {
        Some(admin) if admin.port() != 0 => line(format_args!("  metrics at http://{admin}/metrics (admin.listen)")),
        Some(_) => {
            line(format_args!("  metrics at the port that the log line \"admin listener\" names (admin.listen)"))
        }
        None => {}
    }
    if config.public_url.url().is_some() && config.room_service == RoomServiceAccess::Local {
        line(format_args!(
            "  RoomService is for this machine: have the proxy refuse /v1/rooms and /wigwag.v1.RoomService/,"
        ));
        line(format_args!("  or move it with room_service = \"admin\" and admin.listen"));
    }
    line(format_args!(""));
    line(format_args!("Try next:"));
    if config.demo {
        match config.public_url.url() {
            Some(url) => line(format_args!("  open {url}/ in two browser tabs")),
            None => line(format_args!("  open http://{local}/ in two browser tabs")),
        }
    }
    if config.reflection {
        line(format_args!("  grpcurl -plaintext {local} list"));
    }
    if config.reflection && config.is_open() {
        line(format_args!(
            "  grpcurl -plaintext -d '{{\"join\": {{\"room\": \"demo\"}}}}' {local} wigwag.v1.SignalingService/Signal"
        ));
    }
    line(format_args!("  curl http://{local}/health"));
    line(format_args!("  wigwag-server --help"));
    line(format_args!("{more}"));
    line(format_args!("Ctrl-C drains and stops; a second Ctrl-C stops at once."));
    text
}

/// Returns the address for clients on this machine: `0.0.0.0` and `::` cannot be connected to on every system.
pub(super) fn local_address(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use crate::config::PublicUrl;

    use super::*;

    #[test]
    fn a_public_url_is_shown_and_linked_with_a_word_about_the_proxy() {
        let public_url = PublicUrl::parse("https://signal.example.com").expect("a URL");
        let mut config = Config { public_url, ..Config::default() };
        let text = banner(&config, config.listen);
        assert!(text.contains("public URL https://signal.example.com "), "{text}");
        assert!(text.contains("open https://signal.example.com/ in two browser tabs"), "{text}");
        assert!(text.contains("/wigwag.v1.RoomService/"), "{text}");
        config.room_service = RoomServiceAccess::Off;
        assert!(!banner(&config, config.listen).contains("RoomService"));
    }

    #[test]
    fn warns_only_when_other_machines_can_connect() {
        let mut config = Config::default();
        let text = banner(&config, config.listen);
        assert!(text.contains("http://127.0.0.1:8080/ in two browser tabs"));
        assert!(!text.contains("WARNING") && !text.contains("/metrics"));

        config.listen = SocketAddr::from(([0, 0, 0, 0], 9000));
        let text = banner(&config, config.listen);
        assert!(text.contains("WARNING"));
        assert!(text.contains("http://127.0.0.1:9000/"), "an address that can be connected to");
    }

    #[test]
    fn names_the_admin_listener_and_nothing_of_the_repository() {
        let admin = |port| Config {
            admin: crate::config::AdminSection { listen: Some(SocketAddr::from(([127, 0, 0, 1], port))) },
            ..Config::default()
        };
        let text = banner(&admin(9090), Config::default().listen);
        assert!(text.contains("http://127.0.0.1:9090/metrics"), "{text}");
        assert!(banner(&admin(0), Config::default().listen).contains("the log line \"admin listener\""));
        assert!(!text.contains("make ") && !text.contains("cargo "), "{text}");
    }
}
