//! `wigwag-server token`: signs a token with a secret of the configuration.

use clap::Args;
use wigwag_token::{Claims, Minter, Permissions, RoomPattern, is_namespace};

use crate::config::{AuthKey, Config, Secret};

/// What the token says, and which key signs it.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct TokenArgs {
    /// User id, the claim sub
    #[arg(long, value_name = "USER")]
    sub: String,
    /// Display name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Namespace, whose rooms and users are apart from those of other namespaces
    #[arg(long, value_name = "NAMESPACE", default_value = "", value_parser = namespace)]
    namespace: String,
    /// Room, or prefix with * at its end; may be repeated
    #[arg(long = "room", value_name = "ROOM", default_value = "*", value_parser = room)]
    rooms: Vec<RoomPattern>,
    /// Permissions: join, create, send, broadcast, direct, list, manage, admin
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "join,create,send,broadcast,list", value_parser = permission)]
    can: Vec<Permissions>,
    /// Time until it expires, such as 90s, 15m, 1h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = milliseconds)]
    ttl: u64,
    /// Id of the token, the claim jti, by which it can be revoked
    #[arg(long, value_name = "ID")]
    jti: Option<String>,
    /// Id of the key that signs (default: the first of auth.keys; with --key-file: main)
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// File with the secret, instead of one of auth.keys
    #[arg(long, value_name = "FILE")]
    key_file: Option<String>,
}

impl TokenArgs {
    /// Signs the token. It is issued at `now_ms`, in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If there is no such key, or a claim that no server accepts.
    pub fn mint(&self, config: &Config, now_ms: u64) -> Result<String, String> {
        let key = self.key(config)?;
        let secret = key.read_secret().map_err(|error| format!("the key {:?} {error}", key.id))?;
        let minter = Minter::hmac(&key.id, secret.expose().as_bytes()).map_err(|error| error.to_string())?;
        let mut claims = Claims::new(&self.sub, now_ms.saturating_add(self.ttl));
        claims.display_name = self.name.as_deref().map(Into::into);
        claims.issued_at_ms = Some(now_ms);
        claims.id = self.jti.as_deref().map(Into::into);
        claims.namespace.clone_from(&self.namespace);
        claims.grants.rooms.clone_from(&self.rooms);
        for permission in &self.can {
            claims.grants.can |= *permission;
        }
        minter.mint(&claims).map_err(|error| error.to_string())
    }

    fn key(&self, config: &Config) -> Result<AuthKey, String> {
        if let Some(file) = &self.key_file {
            let id = self.key_id.clone().unwrap_or_else(|| "main".to_owned());
            return Ok(AuthKey { id, secret: Secret::default(), secret_file: file.clone() });
        }
        let keys = &config.auth.keys;
        let key = match &self.key_id {
            None => keys.first(),
            Some(id) => keys.iter().find(|key| key.id == *id),
        };
        key.cloned().ok_or_else(|| match &self.key_id {
            None => "there is no key to sign with: set auth.keys, or name a file with --key-file".to_owned(),
            Some(id) => {
                let known = keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ");
                format!("auth.keys has no key {id:?}, but these: {known}")
            }
        })
    }
}

fn namespace(text: &str) -> Result<String, String> {
    let allowed = "a namespace is at most 64 characters of a-z, 0-9, - and _";
    is_namespace(text).then(|| text.to_owned()).ok_or_else(|| allowed.to_owned())
}

fn room(text: &str) -> Result<RoomPattern, String> {
    RoomPattern::parse(text).map_err(|error| error.to_string())
}

fn permission(text: &str) -> Result<Permissions, String> {
    Permissions::parse(text.trim()).ok_or_else(|| {
        let known = Permissions::all().names().collect::<Vec<_>>().join(", ");
        format!("the permissions are {known}")
    })
}

/// Parses a duration with a unit.
fn milliseconds(text: &str) -> Result<u64, String> {
    let units = [("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let parsed = units.iter().find_map(|(unit, ms)| text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(*ms));
    parsed.filter(|ms| *ms > 0).ok_or_else(|| "write it as 90s, 15m, 1h or 7d".to_owned())
}
