//! The events that scenarios expect.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use wigwag_client::{Event, Member, Payload, PeerId, Role, RoomInfo};

use crate::{fields::Fields, payload::payload};

/// Returns whether scenarios ignore the event unless they expect it.
pub(crate) fn is_optional(event: &Event) -> bool {
    matches!(
        event,
        Event::MemberUpdated { .. }
            | Event::RoomUpdated { .. }
            | Event::Reconnecting
            | Event::Resumed
            | Event::IceServers(_)
            | Event::TokenExpiring { .. }
    )
}

/// Returns the name of an event in scenarios.
pub(crate) fn kind_of(event: &Event) -> &'static str {
    match event {
        Event::Envelope { .. } => "envelope",
        Event::MemberJoined { .. } => "member_joined",
        Event::MemberUpdated { .. } => "member_updated",
        Event::MemberLeft { .. } => "member_left",
        Event::RoomUpdated { .. } => "room_updated",
        Event::Left { .. } => "left",
        Event::Undeliverable { .. } | Event::SendFailed { .. } => "undeliverable",
        Event::Unopened { .. } => "unopened",
        Event::IceServers(_) => "ice_servers",
        Event::TokenExpiring { .. } => "token_expiring",
        Event::Reconnecting => "reconnecting",
        Event::Resumed => "resumed",
        Event::Reset { .. } => "reset",
        Event::Closed(_) => "closed",
        _ => "",
    }
}

/// An event and the fields of it that are compared.
pub(crate) struct Expectation {
    kind: String,
    peer: Option<Option<PeerId>>,
    payload: Option<Payload>,
    reasons: Option<Vec<String>>,
    member: Option<MemberFields>,
    info: Option<InfoFields>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct MemberFields {
    display_name: Option<String>,
    user_id: Option<String>,
    metadata: Option<HashMap<String, String>>,
    role: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct InfoFields {
    display_name: Option<String>,
    owner: Option<String>,
    max_members: Option<u32>,
    metadata: Option<HashMap<String, String>>,
    #[serde(skip)]
    owner_id: Option<PeerId>,
}

impl Expectation {
    /// Reads the fields of a step. `peer` returns the peer id of a client.
    pub(crate) fn read(fields: &mut Fields, peer: impl Fn(&str) -> Result<String, String>) -> Result<Self, String> {
        let kind: String = fields.take("event")?;
        let whom = match kind.as_str() {
            "envelope" | "unopened" => "from",
            "undeliverable" => "to",
            _ => "peer",
        };
        let name: Option<String> = fields.find(whom)?;
        let name = name.map(|name| peer(&name)).transpose()?;
        let mut info: Option<InfoFields> = fields.find("info")?;
        if let Some(info) = &mut info {
            info.owner_id = info.owner.as_deref().map(&peer).transpose()?.map(PeerId::from);
        }
        Ok(Self {
            kind,
            peer: name.map(|id| (!id.is_empty()).then(|| id.into())),
            payload: fields.find::<Value>("payload")?.map(|json| payload(&json)).transpose()?,
            reasons: fields.find::<Value>("reason")?.map(|value| match value {
                Value::Array(reasons) => reasons.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                one => vec![one.as_str().unwrap_or_default().to_owned()],
            }),
            member: fields.find("member")?,
            info,
        })
    }

    /// Returns whether the event matches.
    pub(crate) fn is_met_by(&self, event: &Event) -> bool {
        self.kind == kind_of(event)
            && match event {
                Event::Envelope { from, payload, .. } => {
                    self.peer(from.as_ref()) && self.payload.as_ref().is_none_or(|want| want == payload)
                }
                Event::MemberJoined { member, .. } | Event::MemberUpdated { member, .. } => self.member(member),
                Event::MemberLeft { peer_id, reason, .. } => self.peer(Some(peer_id)) && self.reason(reason.as_deref()),
                Event::RoomUpdated { info, .. } => self.info(info),
                Event::Left { reason, .. } | Event::Reset { reason, .. } => self.reason(Some(reason)),
                Event::Undeliverable { to, reason, .. } => self.peer(Some(to)) && self.reason(Some(reason)),
                // This client does not report the recipient of a refused envelope: the application knows it by the id.
                Event::SendFailed { error, .. } => self.reason(Some(&error.reason)),
                Event::Unopened { from, error, .. } => self.peer(from.as_ref()) && self.reason(Some(&error.reason)),
                Event::Closed(error) => {
                    error.is_some() == self.reasons.is_some() && self.reason(error.as_ref().map(|e| &*e.reason))
                }
                _ => true,
            }
    }

    fn peer(&self, peer: Option<&PeerId>) -> bool {
        self.peer.as_ref().is_none_or(|want| want.as_ref() == peer)
    }

    fn reason(&self, reason: Option<&str>) -> bool {
        self.reasons.as_ref().is_none_or(|want| reason.is_some_and(|reason| want.iter().any(|one| one == reason)))
    }

    fn member(&self, member: &Member) -> bool {
        self.peer(Some(&member.peer_id))
            && self.member.as_ref().is_none_or(|want| {
                let role = if member.role == Role::Owner { "owner" } else { "member" };
                want.display_name.as_ref().is_none_or(|name| *name == member.display_name)
                    && want.user_id.as_ref().is_none_or(|user| *user == member.user_id)
                    && want.metadata.as_ref().is_none_or(|metadata| *metadata == member.metadata)
                    && want.role.as_ref().is_none_or(|want| want == role)
            })
    }

    fn info(&self, info: &RoomInfo) -> bool {
        self.info.as_ref().is_none_or(|want| {
            want.display_name.as_ref().is_none_or(|name| *name == info.display_name)
                && want.max_members.is_none_or(|members| members == info.max_members)
                && want.metadata.as_ref().is_none_or(|metadata| *metadata == info.metadata)
                && (want.owner.is_none() || want.owner_id == info.owner)
        })
    }
}
