//! A scenario being played: its server, its clients, one step after the other.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio::time::{Instant, sleep};
use wigwag_client::Event;

use crate::{
    PATIENCE,
    actor::Actor,
    fields::Fields,
    scenario::Scenario,
    server::{PATIENCE as SERVER_PATIENCE, Server, within},
};

/// An id no peer has.
const NOBODY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) struct Play {
    environment: Vec<(String, String)>,
    server: Option<Server>,
    pub(crate) address: SocketAddr,
    pub(crate) actors: BTreeMap<String, Actor>,
}

/// Plays it. The error says which step failed and what came instead.
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
            return Err(format!("at the end {name} has heard what nobody expected: {event:?}"));
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

    /// The peer id of a client.
    pub(crate) fn peer(&self, name: &str) -> Result<String, String> {
        match name {
            "" => Ok(String::new()),
            "nobody" => Ok(NOBODY.into()),
            name => {
                let peer = self.actors.get(name).and_then(|actor| actor.peer.as_ref());
                peer.map(ToString::to_string).ok_or_else(|| format!("{name:?} never connected"))
            }
        }
    }

    /// The server stops without a word and begins again, knowing nothing.
    pub(crate) async fn restart(&mut self) {
        if let Some(server) = self.server.take() {
            let address = server.kill();
            self.server = Some(Server::start_at(address, &borrowed(&self.environment)).await);
        }
    }

    /// The server is asked to go, and another one comes after it.
    pub(crate) async fn drain(&mut self) {
        if let Some(server) = self.server.take() {
            let address = within("the server drains", server.drain()).await;
            self.server = Some(Server::start_at(address, &borrowed(&self.environment)).await);
        }
    }
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Result<(), String> {
    let since = Instant::now();
    while !is_so() {
        if since.elapsed() > PATIENCE.min(SERVER_PATIENCE) {
            return Err(format!("waited {PATIENCE:?} in vain until {what}"));
        }
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// What a session's event means for what is known of its client.
pub(crate) fn keeps_its_word(actor: &mut Actor, event: &Event) -> Result<(), String> {
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
