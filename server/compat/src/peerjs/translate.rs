//! Translates calls between a PeerJS client and a peer that does not use PeerJS.
//!
//! PeerJS messages carry the id and the kind of a connection; signals of the API do not. The last call with each peer is
//! therefore remembered, and signals of that peer are assigned to it.

use std::collections::VecDeque;

use serde_json::{Value, json};
use wigwag_node::node::random_name;
use wigwag_proto::v1::{SessionDescription, envelope::Payload};

use crate::{
    adapter::Object,
    error::CompatError,
    payload::{self, SdpForm},
};

/// Calls remembered; a new one replaces the oldest.
const MAX_CALLS: usize = 64;

/// The calls of one client with peers that do not use PeerJS.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: VecDeque<Call>,
}

#[derive(Clone, Debug)]
struct Call {
    peer: String,
    connection: String,
    kind: &'static str,
}

impl Calls {
    /// Translates a message of the client into a signal. `None` if the API does not have one for it.
    pub(super) fn outgoing(&mut self, to: &str, message: &Object) -> Result<Option<Payload>, CompatError> {
        let Some(Value::Object(payload)) = message.get("payload") else {
            return Err(CompatError::invalid(
                "payload is missing or is not an object",
                "send payload as a JSON object",
            ));
        };
        Ok(Some(match message.get("type").and_then(Value::as_str) {
            Some("OFFER") => {
                let offer = payload::description("offer", payload.get("sdp"))?.0;
                let connection = payload::field(payload, "connectionId")?.unwrap_or_default().to_owned();
                self.start(Call { peer: to.to_owned(), connection, kind: kind_of(&offer) });
                Payload::Description(offer)
            }
            Some("ANSWER") => Payload::Description(payload::description("answer", payload.get("sdp"))?.0),
            Some("CANDIDATE") => Payload::Candidate(payload::candidate(payload)?),
            _ => return Ok(None),
        }))
    }

    /// Translates a signal of another peer into a message.
    pub(super) fn incoming(&mut self, from: &str, payload: &Payload) -> Option<Value> {
        let (kind, payload) = match payload {
            Payload::Description(offer) if offer.r#type == "offer" => {
                let kind = kind_of(offer);
                let connection = format!("{}_{}", if kind == "media" { "mc" } else { "dc" }, random_name());
                self.start(Call { peer: from.to_owned(), connection: connection.clone(), kind });
                let sdp = SdpForm::Object.write(offer);
                // The other peer does not use a PeerJS serialization on its data channel.
                (
                    "OFFER",
                    json!({
                        "sdp": sdp,
                        "type": kind,
                        "connectionId": connection,
                        "label": connection,
                        "serialization": "raw",
                        "reliable": true,
                    }),
                )
            }
            Payload::Description(description) => {
                let (connection, kind) = self.current(from);
                let sdp = SdpForm::Object.write(description);
                ("ANSWER", json!({"sdp": sdp, "type": kind, "connectionId": connection}))
            }
            Payload::Candidate(candidate) => {
                let (connection, kind) = self.current(from);
                let candidate = payload::candidate_json(candidate);
                ("CANDIDATE", json!({"candidate": candidate, "type": kind, "connectionId": connection}))
            }
            other => ("MESSAGE", Value::Object(payload::data_message(other)?)),
        };
        Some(json!({"type": kind, "src": from, "payload": payload}))
    }

    fn start(&mut self, call: Call) {
        self.calls.retain(|known| known.peer != call.peer);
        if self.calls.len() >= MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
    }

    fn current(&self, peer: &str) -> (&str, &str) {
        let call = self.calls.iter().find(|call| call.peer == peer);
        call.map_or(("", "data"), |call| (&call.connection, call.kind))
    }
}

/// Returns PeerJS's kind of the connection that an offer is for.
fn kind_of(offer: &SessionDescription) -> &'static str {
    let mut lines = offer.sdp.lines();
    if lines.any(|line| line.starts_with("m=audio") || line.starts_with("m=video")) { "media" } else { "data" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(kind: &str, sdp: &str) -> Payload {
        Payload::Description(SessionDescription { r#type: kind.into(), sdp: sdp.into() })
    }

    #[test]
    fn an_answer_is_assigned_to_its_call() {
        let mut calls = Calls::default();
        let offer = payload::object(json!({"type": "OFFER", "dst": "peer", "payload": {
            "sdp": {"type": "offer", "sdp": "v=0\r\nm=audio 9"}, "type": "media", "connectionId": "mc_1"
        }}));
        assert_eq!(calls.outgoing("peer", &offer), Ok(Some(description("offer", "v=0\r\nm=audio 9"))));
        let answer = calls.incoming("peer", &description("answer", "v=0")).expect("a message");
        assert_eq!(answer["type"], "ANSWER");
        assert_eq!(answer["src"], "peer");
        let expected = json!({"sdp": {"type": "answer", "sdp": "v=0"}, "type": "media", "connectionId": "mc_1"});
        assert_eq!(answer["payload"], expected);
    }

    #[test]
    fn an_offer_of_another_peer_starts_a_call() {
        let mut calls = Calls::default();
        let offer = calls.incoming("peer", &description("offer", "v=0\r\nm=application 9")).expect("a message");
        assert_eq!(offer["payload"]["type"], "data");
        let connection = offer["payload"]["connectionId"].as_str().expect("a text").to_owned();
        let candidate = calls.incoming("peer", &Payload::Candidate(Default::default())).expect("a message");
        assert_eq!(candidate["payload"]["connectionId"], connection.as_str());
        for n in 0..200 {
            calls.incoming(&n.to_string(), &description("offer", "v=0"));
        }
        assert_eq!(calls.calls.len(), MAX_CALLS);
    }

    #[test]
    fn incomplete_messages_are_refused() {
        let mut calls = Calls::default();
        for bad in [
            json!({"type": "OFFER"}),
            json!({"type": "OFFER", "payload": {}}),
            json!({"type": "CANDIDATE", "payload": {}}),
        ] {
            let refused = calls.outgoing("peer", &payload::object(bad)).expect_err("incomplete");
            assert_eq!(refused.reason, "INVALID_FIELD");
        }
        let leave = payload::object(json!({"type": "LEAVE", "payload": {}}));
        assert_eq!(calls.outgoing("peer", &leave), Ok(None));
    }
}
