//! The text printed at startup.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

use crate::config::{Config, RoomServiceAccess};

/// Returns the startup banner: where the server listens, who can use it, and what to try next. `listen` is the bound
/// address.
pub fn banner(config: &Config, listen: SocketAddr) -> String {
    // A certificate made here is for machines on the LAN, which need to know where this one is.
    let show_lan = config.tls.self_signed && config.is_exposed();
    banner_with(config, listen, &if show_lan { lan_addresses(listen.ip()) } else { Vec::new() }, "")
}

/// Returns the banner with more text before its last line.
pub(super) fn banner_and(config: &Config, listen: SocketAddr, more: &str) -> String {
    banner_with(config, listen, &[], more)
}

/// Returns the banner with URLs of these addresses of this machine, and with more text before its last line.
fn banner_with(config: &Config, listen: SocketAddr, lan: &[IpAddr], more: &str) -> String {
    let local = local_address(listen);
    let tls = config.tls.is_on();
    let scheme = if tls { "https" } else { "http" };
    // The certificate is for another name than that of this address, or nothing vouches for it.
    let (grpcurl, curl) = if tls { ("grpcurl -insecure", "curl -k") } else { ("grpcurl -plaintext", "curl") };
    let mut text = String::new();
    let mut line = |args: std::fmt::Arguments<'_>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{args}");
    };
    line(format_args!("wigwag-server {} ({})", env!("CARGO_PKG_VERSION"), config.node_name));
    line(format_args!("  listening on {scheme}://{listen}   gRPC, gRPC-Web and HTTP on one port"));
    if let Some(url) = config.public_url.url() {
        line(format_args!("  public URL {url}   (public_url)"));
    }
    if !config.is_open() {
        let or = if config.auth.certificates.is_empty() { "" } else { ", or a certificate (auth.certificates)" };
        line(format_args!("  clients need a token (auth.keys, auth.issuers){or}"));
    } else if config.is_exposed() {
        line(format_args!(""));
        if tls {
            line(format_args!("  WARNING: open to everyone who can reach this address. No login."));
        } else {
            line(format_args!("  WARNING: open to everyone who can reach this address. No login, no encryption."));
            line(format_args!("           Browsers allow camera and microphone only on https and localhost."));
        }
        line(format_args!("           Pages of other sites may call only if cors.allowed_origins lists them."));
    } else {
        line(format_args!("  open: no login; bound to loopback, so only this machine can reach it"));
    }
    for (n, ip) in lan.iter().enumerate() {
        let url = format!("https://{}/", SocketAddr::new(*ip, listen.port()));
        if n == 0 {
            line(format_args!(""));
            line(format_args!(
                "On this network (accept the warning: the certificate was made by this server just now):"
            ));
        }
        line(format_args!("  {url}"));
        if n == 0
            && let Some(code) = qr_code(&url)
        {
            line(format_args!("{code}"));
        }
    }
    let admin_scheme = if config.admin.is_exposed() { "https" } else { "http" };
    match config.admin.listen {
        Some(admin) if admin.port() != 0 => {
            line(format_args!("  metrics at {admin_scheme}://{admin}/metrics (admin.listen)"))
        }
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
            None => line(format_args!("  open {scheme}://{local}/ in two browser tabs")),
        }
    }
    if config.shows_reflection() {
        line(format_args!("  {grpcurl} {local} list"));
    }
    if config.shows_reflection() && config.is_open() {
        line(format_args!(
            "  {grpcurl} -d '{{\"join\": {{\"room\": \"demo\"}}}}' {local} wigwag.v1.SignalingService/Signal"
        ));
    }
    line(format_args!("  {curl} {scheme}://{local}/health"));
    line(format_args!("  wigwag-server --help"));
    line(format_args!("{more}"));
    line(format_args!("Ctrl-C drains and stops; a second Ctrl-C stops at once."));
    text
}

/// Returns the addresses of this machine that `listen` stands for.
fn lan_addresses(listen: IpAddr) -> Vec<IpAddr> {
    match listen {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            super::self_signed::lan_addresses().into_iter().filter(IpAddr::is_ipv4).collect()
        }
        IpAddr::V6(ip) if ip.is_unspecified() => super::self_signed::lan_addresses(),
        ip => vec![ip],
    }
}

/// Draws a QR code with half blocks, dark on light as phones expect it, in a terminal of either kind.
fn qr_code(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Some(drawn.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))
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
    fn with_tls_every_url_is_https_and_phones_get_a_qr_code() {
        let mut config = Config { listen: SocketAddr::from(([0, 0, 0, 0], 8443)), ..Config::default() };
        config.tls.self_signed = true;
        let lan = [IpAddr::V4(Ipv4Addr::new(192, 168, 1, 7)), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 3))];
        let text = banner_with(&config, config.listen, &lan, "");
        assert!(!text.contains("http://") && !text.contains("-plaintext"), "{text}");
        assert!(text.contains("https://192.168.1.7:8443/\n") && text.contains("https://10.0.0.3:8443/"), "{text}");
        assert!(text.contains("WARNING") && !text.contains("no encryption"), "{text}");
        assert_eq!(text.matches("\u{2580}").count().min(1), 1, "half blocks of one code: {text}");
        config.listen.set_ip(Ipv4Addr::LOCALHOST.into());
        assert!(!banner(&config, config.listen).contains("On this network"));
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
