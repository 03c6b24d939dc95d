//! `wigwag-server dev`: a key and a token for one run.

use std::fmt::Write as _;
use std::net::SocketAddr;

use wigwag_token::{Claims, Minter, Permissions, RoomPattern};

use super::banner::{banner_and, local_address};
use crate::config::{AuthKey, Config, Secret};

/// The id of the key.
const KEY_ID: &str = "dev";

/// The time until the token expires.
const TTL_MS: u64 = 3_600_000;

/// The key of a run for development, and a token that permits everything.
pub struct DevAccess {
    secret: String,
    token: String,
}

impl DevAccess {
    /// Generates a key, adds it to the configuration and signs a token with it at `now_ms`, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If the system has no randomness, or the configuration has a key with the id `dev`.
    pub fn enable(config: &mut Config, now_ms: u64) -> Result<Self, String> {
        if config.auth.keys.iter().any(|key| key.id == KEY_ID) {
            return Err(format!("auth.keys has a key {KEY_ID:?} already: rename it, or run without `dev`"));
        }
        let mut random = [0u8; 32];
        getrandom::fill(&mut random).map_err(|error| format!("the system has no randomness: {error}"))?;
        let secret = random.iter().fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let mut claims = Claims::new("dev", now_ms + TTL_MS);
        claims.issued_at_ms = Some(now_ms);
        claims.grants.can = Permissions::all();
        claims.grants.rooms.extend(RoomPattern::parse("*"));
        let minter = Minter::hmac(KEY_ID, secret.as_bytes()).map_err(|error| error.to_string())?;
        let token = minter.mint(&claims).map_err(|error| error.to_string())?;
        let key = AuthKey { id: KEY_ID.to_owned(), secret: Secret::from(secret.clone()), secret_file: String::new() };
        config.auth.keys.push(key);
        // grpcurl asks for it first, without a token.
        config.public_docs = true;
        Ok(Self { secret, token })
    }

    /// Returns the startup banner with the key and the token. `listen` is the bound address.
    pub fn banner(&self, config: &Config, listen: SocketAddr) -> String {
        let Self { secret, token } = self;
        let local = local_address(listen);
        let mut text = format!(
            "\nFor development. The key of this run, for HS256, has the id {KEY_ID:?}:\n  {secret}\nA token of it that permits \
             everything for an hour:\n  TOKEN={token}\n\nWith it:\n"
        );
        let mut line = |args: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "  {args}");
        };
        if config.demo {
            line(format_args!("open http://{local}/#token={token}"));
        }
        if config.reflection {
            line(format_args!(
                "grpcurl -plaintext -H \"authorization: Bearer $TOKEN\" -d '{{\"join\": {{\"room\": \"demo\"}}}}' {local} \
                 wigwag.v1.SignalingService/Signal"
            ));
        }
        line(format_args!("curl -H \"authorization: Bearer $TOKEN\" http://{local}/v1/rooms"));
        line(format_args!("docs/tokens.md has code that signs such tokens"));
        banner_and(config, listen, &text)
    }
}
