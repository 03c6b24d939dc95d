//! `wigwag token create`.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use wigwag_token::{Claims, DuplicateUsers, Permissions, RoomPattern};

use super::{claims::claims_json, key::KeyArgs};
use crate::{
    duration::{self, unix_ms, utc},
    exit::Exit,
    failure::Failure,
    metadata::key_and_value,
    output::Output,
};

/// Sign a token. It is printed alone, so that a script can take it: TOKEN=$(wigwag token create --sub ada).
#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// User id, the claim sub
    #[arg(long, value_name = "USER")]
    sub: String,
    /// Display name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Room, or prefix with * at its end; may be repeated
    #[arg(long = "room", value_name = "ROOM", default_value = "*", value_parser = room)]
    rooms: Vec<RoomPattern>,
    /// Permissions: join, create, send, broadcast, direct, list, manage, admin
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "join,create,send,broadcast,list", value_parser = permission)]
    can: Vec<Permissions>,
    /// Time until it expires, such as 90s, 15m, 1h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = duration::parse)]
    ttl: Duration,
    /// Id of the token, the claim jti, by which it can be revoked
    #[arg(long, value_name = "ID")]
    jti: Option<String>,
    /// Issuer, the claim iss, if the server's configuration has issuers
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// Audience, the claim aud
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    /// Namespace, whose rooms and users are apart from those of other namespaces
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// Limit of rooms that the session creates
    #[arg(long, value_name = "COUNT")]
    max_members: Option<u32>,
    /// Rule for users who join twice, of rooms that the session creates: allow, reject or replace
    #[arg(long, value_name = "RULE", value_parser = duplicate_users)]
    duplicate_users: Option<DuplicateUsers>,
    /// Metadata of the session's members, which the client cannot change; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = key_and_value)]
    metadata: Vec<(String, String)>,
    #[command(flatten)]
    key: KeyArgs,
}

impl CreateArgs {
    pub(super) fn run(&self, output: Output) -> Result<Exit, Failure> {
        let mut minter = self.key.minter()?;
        if let Some(audience) = &self.audience {
            minter = minter.with_audience(audience);
        }
        let claims = self.claims(unix_ms());
        let token = minter
            .mint(&claims)
            .map_err(|error| Failure::new(Exit::Refused, format!("no server would accept this token: {error}")))?;
        let value = json!({ "token": token, "expires_at": utc(claims.expires_at_ms), "claims": claims_json(&claims) });
        output.show(&value, || format!("{token}\n"))
    }

    fn claims(&self, now_ms: u64) -> Claims {
        let ttl = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        let mut claims = Claims::new(&self.sub, now_ms.saturating_add(ttl));
        claims.display_name = self.name.as_deref().map(Into::into);
        claims.issued_at_ms = Some(now_ms);
        claims.id = self.jti.as_deref().map(Into::into);
        claims.issuer = self.issuer.as_deref().map(Into::into);
        claims.namespace = self.namespace.clone().unwrap_or_default();
        claims.grants.rooms.clone_from(&self.rooms);
        for permission in &self.can {
            claims.grants.can |= *permission;
        }
        claims.grants.max_members = self.max_members;
        claims.grants.duplicate_users = self.duplicate_users;
        claims.grants.metadata = self.metadata.iter().cloned().collect();
        claims
    }
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

fn duplicate_users(text: &str) -> Result<DuplicateUsers, String> {
    DuplicateUsers::parse(text).ok_or_else(|| "the rules are allow, reject and replace".to_owned())
}
