//! The compatibility dialects: protocols other signaling servers speak, so that their clients move over by changing a URL.
//!
//! A dialect is a thin adapter. Its clients have sessions like everybody else's, not resumable, and meet peers of every
//! door: what they say becomes frames of the API ([`guest`]), what their session hears becomes messages of theirs
//! ([`talk`]). Rooms, limits and identity are the node's; a dialect has no rules of its own about them.
//! docs/dialects.md tells the messages of each.

mod complaint;
mod connector;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod guest;
mod peerjs;
mod plain_json;
mod rooms_ws;
mod roster;
mod scope;
mod signal;
mod socket;
#[cfg(feature = "socketio")]
mod socketio;
mod talk;

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{FromRef, FromRequestParts as _, Path, RawQuery, Request, State},
    http::Extensions,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::any,
};

use self::{
    complaint::Complaint,
    guest::Guest,
    talk::{Dialect, Line as _},
};
use crate::{
    authz::Caller,
    config::Config,
    http::{Hosts, Origins},
    node::Node,
    websocket::{Settings, Upgrade},
};

pub(crate) use rooms_ws::shown_id;
pub(crate) use scope::share_scope;

/// The dialects of a node. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Dialects {
    inner: Arc<Inner>,
}

struct Inner {
    node: Node,
    origins: Origins,
    hosts: Hosts,
    sockets: Settings,
    enabled: crate::config::Dialects,
    /// Only there if clients may list each other.
    realm: Option<peerjs::Realm>,
}

impl FromRef<Dialects> for Origins {
    fn from_ref(dialects: &Dialects) -> Self {
        dialects.inner.origins.clone()
    }
}

impl Dialects {
    pub(crate) fn new(node: Node, origins: Origins, config: &Config) -> Self {
        // Where clients must show a token there are none: none of them has a place for it.
        let enabled = if config.is_open() { config.dialects.clone() } else { crate::config::Dialects::none() };
        let hosts = Hosts::new(config);
        let realm = enabled.peerjs_discovery.then(peerjs::Realm::default);
        Self { inner: Arc::new(Inner { node, origins, hosts, sockets: Settings::from_config(config), enabled, realm }) }
    }

    /// The paths of the dialects that have one of their own.
    pub(crate) fn routes(&self) -> Router {
        let enabled = &self.inner.enabled;
        let mut router = Router::new();
        if enabled.plain_json {
            router = router.route("/json/{*room}", any(at_json));
        }
        if enabled.connector {
            router = router.route("/connector", any(at_connector));
        }
        if enabled.peerjs {
            router = router.merge(peerjs::routes());
        }
        #[cfg(feature = "socketio")]
        if enabled.socketio {
            router = router.merge(socketio::routes(self));
        }
        router.with_state(self.clone())
    }

    /// Puts the dialect that lives at `/` before a router: requests for a WebSocket go to it, all others go on.
    pub(crate) fn before(&self, router: Router) -> Router {
        if self.inner.enabled.rooms_ws { router.layer(from_fn_with_state(self.clone(), at_root)) } else { router }
    }

    fn node(&self) -> &Node {
        &self.inner.node
    }

    fn realm(&self) -> Option<&peerjs::Realm> {
        self.inner.realm.as_ref()
    }

    /// Agrees to a WebSocket and talks over it. `enter` opens the session.
    fn talk<D, F>(&self, upgrade: Upgrade, enter: F) -> Response
    where
        D: Dialect + 'static,
        F: Future<Output = Result<(Guest, D), Complaint>> + Send + 'static,
    {
        let max_message_bytes = self.node().session().max_frame_bytes;
        upgrade.accept(None, self.inner.sockets, move |socket| {
            socket::carry(socket, max_message_bytes, move |mut line| async move {
                match enter.await {
                    Ok((guest, dialect)) => talk::converse(&mut line, guest, dialect).await,
                    // Said over the socket: a page cannot read why an upgrade was refused.
                    Err(complaint) => {
                        line.say(D::complain(&complaint));
                        Some(complaint)
                    }
                }
            })
        })
    }
}

async fn at_json(
    State(dialects): State<Dialects>,
    Path(room): Path<String>,
    RawQuery(query): RawQuery,
    extensions: Extensions,
    upgrade: Upgrade,
) -> Response {
    plain_json::open(&dialects, Caller::of(&extensions), room, &query.unwrap_or_default(), upgrade)
}

async fn at_connector(State(dialects): State<Dialects>, extensions: Extensions, upgrade: Upgrade) -> Response {
    connector::open(&dialects, Caller::of(&extensions), upgrade)
}

async fn at_root(State(dialects): State<Dialects>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/" {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    if !Upgrade::is_asked_for(&parts) {
        return next.run(Request::from_parts(parts, body)).await;
    }
    match Upgrade::from_request_parts(&mut parts, &dialects).await {
        Ok(upgrade) => {
            let query = parts.uri.query().unwrap_or_default();
            rooms_ws::open(&dialects, Caller::of(&parts.extensions), query, upgrade)
        }
        Err(refusal) => refusal.into_response(),
    }
}
