//! What all compatibility protocols share.

use std::{future::Future, sync::Arc, time::Duration};

use axum::response::Response;
use http::Extensions;
use wigwag_net::{
    host::Hosts,
    listener::ClientAddr,
    websocket::{SocketConfig, WebSocketUpgrade},
};
#[cfg(feature = "rooms-ws")]
use wigwag_node::node::random_name;
use wigwag_node::{
    auth::{BearerToken, Caller, ClientHeaders},
    node::Node,
};

#[cfg(feature = "peerjs")]
use crate::peerjs::discovery::Realm;
use crate::{
    adapter::{self, Adapter, MessageTransport as _},
    error::CompatError,
    json_socket,
    query::parameter,
    session::CompatSession,
};

/// Settings of the compatibility protocols. A protocol is served if its cargo feature and its switch here are on.
#[derive(Clone, Debug)]
pub struct CompatConfig {
    /// Rooms over WebSocket at `/?roomId=…&userId=…&userName=…`.
    pub rooms_ws: bool,
    /// Plain JSON over WebSocket at `/json/ROOM`.
    pub plain_json: bool,
    /// The connector's messages over WebSocket at `/connector`.
    pub connector: bool,
    /// Socket.IO at `/socket.io/`.
    pub socketio: bool,
    /// Most Engine.IO sessions at a time whose clients have not joined the namespace.
    pub socketio_handshakes: usize,
    /// Those of one source.
    pub socketio_handshakes_per_source: usize,
    /// The PeerServer protocol at `/peerjs`.
    pub peerjs: bool,
    /// Whether `/peerjs/KEY/peers` lists the ids in use.
    pub peerjs_discovery: bool,
    /// The parameter of the URL that holds a client's ticket, if the server requires tokens. PeerJS has its own, `token`.
    pub ticket_parameter: String,
    /// The time that the body of a request may take.
    pub message_timeout: Duration,
    /// Limits of their WebSockets.
    pub sockets: SocketConfig,
}

/// The compatibility protocols of a node. Cheap to clone.
#[derive(Clone)]
pub struct CompatContext {
    inner: Arc<Inner>,
}

struct Inner {
    node: Node,
    hosts: Hosts,
    config: CompatConfig,
    /// `None` unless clients may list the ids in use.
    #[cfg(feature = "peerjs")]
    realm: Option<Realm>,
    /// The secret of every rooms-ws session, with which a user who comes back replaces the session it had.
    #[cfg(feature = "rooms-ws")]
    rooms_ws_secret: String,
}

impl CompatContext {
    /// Creates the protocols of `node`. `hosts` are the host names under which the list of PeerJS ids is served.
    pub fn new(node: Node, hosts: Hosts, config: CompatConfig) -> Self {
        Self {
            inner: Arc::new(Inner {
                #[cfg(feature = "peerjs")]
                realm: config.peerjs_discovery.then(Realm::default),
                #[cfg(feature = "rooms-ws")]
                rooms_ws_secret: random_name(),
                node,
                hosts,
                config,
            }),
        }
    }

    pub(crate) fn node(&self) -> &Node {
        &self.inner.node
    }

    pub(crate) fn config(&self) -> &CompatConfig {
        &self.inner.config
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.inner.hosts
    }

    #[cfg(feature = "peerjs")]
    pub(crate) fn realm(&self) -> Option<&Realm> {
        self.inner.realm.as_ref()
    }

    #[cfg(feature = "rooms-ws")]
    pub(crate) fn rooms_ws_secret(&self) -> &str {
        &self.inner.rooms_ws_secret
    }

    /// Accepts a WebSocket and runs an adapter over it. `open` opens the session.
    pub(crate) fn serve<A, F>(&self, upgrade: WebSocketUpgrade, open: F) -> Response
    where
        A: Adapter + 'static,
        F: Future<Output = Result<(CompatSession, A), CompatError>> + Send + 'static,
    {
        let max_message_bytes = self.node().session().max_frame_bytes;
        // As the servers do whose clients these are: a browser fails the connection if none of what it offers is selected.
        upgrade.select_first_offered().accept(None, self.inner.config.sockets, move |socket| {
            json_socket::serve(socket, max_message_bytes, move |mut transport| async move {
                match open.await {
                    Ok((session, adapter)) => adapter::run_adapter(&mut transport, session, adapter).await,
                    // Sent over the socket: a page cannot read why an upgrade was refused.
                    Err(error) => {
                        if let Some(message) = A::refusal_message(&error) {
                            transport.send(message);
                        }
                        Some(error)
                    }
                }
            })
        })
    }
}

impl CompatContext {
    /// Returns who makes a request, with the ticket in its query.
    pub(crate) fn caller(&self, extensions: &Extensions, query: &str) -> Caller {
        let name = &self.inner.config.ticket_parameter;
        let ticket = if name.is_empty() { None } else { parameter(query, name).ok().flatten() };
        let client = ClientAddr::of(extensions);
        Caller::new(client.map(|client| client.addr))
            .through_proxy(client.is_some_and(|client| client.through_proxy))
            .with_token(ticket.as_deref().and_then(BearerToken::new))
            .with_headers(extensions.get::<ClientHeaders>().cloned())
    }
}
