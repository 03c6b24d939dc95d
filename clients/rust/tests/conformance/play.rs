//! Runs a scenario: its server, its clients, one step after the other.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio::time::{Instant, sleep};
use wigwag_client::Event;

use crate::{
    TIMEOUT,
    actor::Actor,
    fields::Fields,
    scenario::Scenario,
    server::{Server, TIMEOUT as SERVER_TIMEOUT, within},
};

/// A peer id that no peer has.
const ABSENT: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) struct Play {
    environment: Vec<(String, String)>,
    server: Option<Server>,
    pub(crate) address: SocketAddr,
    pub(crate) actors: BTreeMap<String, Actor>,
}

/// Runs a scenario. The error says which step failed and what happened instead.
pub(crate) async fn play(scenario: Scenario) -> Result<(), String> {
    let environment = scenario.environment();
    let server = Server::start_with(&borrowed(&environment)).await;
    let mut play = Play { environment, address: server.address, server: Some(server), actors: BTreeMap::new() };
    for (number, step) in (1..).zip(scenario.steps) {
        let shown = serde_json::to_string(&step).unwrap_or_default();
        play.step(Fields::new(step)).await.map_err(|why| format!("at step {number}, {shown}: {why}"))?;
    }
    for (name, actor) in &mut play.actors {
        if let Some(event) = actor.unread().await {
            return Err(format!("at the end {name} has an unexpected event: {event:?}"));
        }
    }
    Ok(())
}

impl Play {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn actor(&mut self, name: &str) -> Result<&mut Actor, String> {
        self.actors.get_mut(name).ok_or_else(|| format!("{name:?} never connected"))
    }

    /// Returns the peer id of a client.
    pub(crate) fn peer(&self, name: &str) -> Result<String, String> {
        match name {
            "" => Ok(String::new()),
            "absent" => Ok(ABSENT.into()),
            name => {
                let peer = self.actors.get(name).and_then(|actor| actor.peer.as_ref());
                peer.map(ToString::to_string).ok_or_else(|| format!("{name:?} never connected"))
            }
        }
    }

    /// Kills the server and starts a new one, without its state.
    pub(crate) async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            let address = server.kill();
            self.server = Some(Server::start_at(address, &borrowed(&self.environment)).await);
        }
    }

    /// Sends the server SIGTERM and starts another one after it has exited.
    pub(crate) async fn drain(&mut self) {
        if let Some(server) = self.server.take() {
            let address = within("the server drains", server.drain()).await;
            self.server = Some(Server::start_at(address, &borrowed(&self.environment)).await);
        }
    }
}

/// Polls until the condition holds.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) -> Result<(), String> {
    let since = Instant::now();
    while !condition() {
        if since.elapsed() > TIMEOUT.min(SERVER_TIMEOUT) {
            return Err(format!("timed out after {TIMEOUT:?}: {what}"));
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Checks the peer id after a resume or a reset.
pub(crate) fn check_peer_id(actor: &mut Actor, event: &Event) -> Result<(), String> {
    match event {
        Event::Resumed if actor.peer.as_ref() != Some(&actor.session()?.peer_id()) => {
            Err("it resumed with another peer id".into())
        }
        Event::Reset { peer_id, .. } => {
            if actor.peer.as_ref() == Some(peer_id) {
                return Err("it was reset and kept its peer id".into());
            }
            actor.peer = Some(peer_id.clone());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn borrowed(environment: &[(String, String)]) -> Vec<(&str, &str)> {
    environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
