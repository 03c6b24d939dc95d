//! Socket.IO at `/socket.io/`: events `your_id`, `offer_sdp`, `answer_sdp` and `send_ice`, over WebSocket or long polling.
//!
//! socketioxide implements the protocol. This module sets its limits and translates the events.

mod transport;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{FromRequestParts as _, Request},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use socketioxide::{
    ParserConfig, SocketIo, extract::SocketRef, handler::ConnectHandler as _, service::SocketIoService,
};
use tower::{Service as _, ServiceExt as _, service_fn, util::ServiceFn};
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    frame::TRANSPORT_LIMIT,
    node::{Node, OpenNamed, random_name},
};
use wigwag_proto::v1::{AppData, IceCandidate, app_data::Content, envelope::Payload};

use self::transport::{EventQueue, SocketIoTransport};
use crate::{
    adapter::{self, Adapter, MessageTransport as _, Object},
    context::{CompatContext, caller},
    error::{CompatError, Quoted},
    names::{MAIN, Scope},
    payload::{self, SdpForm, object},
    session::{ClientEvent, CompatSession},
};

#[cfg(feature = "fuzzing")]
pub(crate) use transport::read as read_event;

const NAME: &str = "socketio";
const TYPES: &str = "offer_sdp, answer_sdp or send_ice";

/// Time between pings if `http2.keepalive_interval_ms` is 0: nothing else detects that a polling client is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Packets waiting to be written to one client. The rest waits in its session, which limits it by bytes.
const MAX_PACKETS: usize = 16;

/// Binary attachments of one event. The protocol does not use any.
const MAX_ATTACHMENTS: usize = 4;

/// Returns the routes of the protocol.
pub(crate) fn routes(context: &CompatContext) -> Router<CompatContext> {
    let parser = ParserConfig::common()
        .max_incoming_binaries(MAX_ATTACHMENTS)
        .max_incoming_binary_buf_size(context.node().session().max_frame_bytes);
    let session = context.node().session();
    let sockets = &context.config().sockets;
    let (service, io) = SocketIo::builder()
        .with_parser(parser)
        .ping_interval(sockets.ping_interval.unwrap_or(PING_INTERVAL))
        .ping_timeout(sockets.ping_timeout)
        // Until it joins a namespace a client does not have a session and is not counted as one.
        .connect_timeout(session.hello_timeout())
        .max_buffer_size(MAX_PACKETS)
        .max_payload(TRANSPORT_LIMIT as u64)
        .ws_max_message_size(TRANSPORT_LIMIT)
        .ws_max_frame_size(TRANSPORT_LIMIT)
        .build_with_inner_svc(service_fn(not_found as fn(Request) -> NotFound));
    let for_namespace = context.clone();
    // Opens the session before the client is connected: a refusal becomes its `connect_error`, and no event is missed.
    io.ns("/", connected.with(move |socket: SocketRef| open(for_namespace.clone(), socket)));
    Router::new().route("/socket.io/", any(serve)).route("/socket.io", any(serve)).layer(Extension(service))
}

type Service = SocketIoService<ServiceFn<fn(Request) -> NotFound>>;

type NotFound = Ready<Result<Response, Infallible>>;

/// The fallback that socketioxide requires. It is never called: only the paths of Socket.IO are routed here.
fn not_found(_: Request) -> NotFound {
    ready(Ok(StatusCode::NOT_FOUND.into_response()))
}

/// Passes a request to socketioxide. It does not support WebSocket over HTTP/2 (RFC 8441), where it gets the open stream.
async fn serve(Extension(mut service): Extension<Service>, request: Request) -> Response {
    if request.method() != Method::CONNECT {
        // Its error type is `Infallible`.
        return match service.oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        };
    }
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.accept_stream(None, move |stream| async move {
            parts.method = Method::GET;
            // On an invalid query it drops the stream.
            let _ = service.call((stream, Request::from_parts(parts, ()))).await;
        }),
        Err(error) => error.into_response(),
    }
}

/// A session that was opened while its client connects. It must not own the socket, which owns it.
#[derive(Clone)]
struct PendingSession(Arc<Mutex<Option<(EventQueue, CompatSession, SocketIoAdapter)>>>);

async fn open(context: CompatContext, socket: SocketRef) -> Result<(), String> {
    let caller = caller(&socket.req_parts().extensions);
    let opened = SocketIoAdapter::open(context.node(), &caller).await;
    let (session, adapter) = opened.map_err(|error| format!("{}: {}", error.reason, error.message))?;
    let queue = EventQueue::listen(&socket, context.node().session().max_frame_bytes);
    socket.extensions.insert(PendingSession(Arc::new(Mutex::new(Some((queue, session, adapter))))));
    Ok(())
}

async fn connected(socket: SocketRef) {
    let pending = socket.extensions.remove::<PendingSession>();
    let taken = pending.and_then(|PendingSession(slot)| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some((queue, session, adapter)) = taken else { return };
    let mut transport = SocketIoTransport::new(socket, queue);
    adapter::run_adapter(&mut transport, session, adapter).await;
    transport.flushed().await;
    transport.close();
}

/// The adapter of one client.
pub(crate) struct SocketIoAdapter {
    scope: Scope,
    sdp: SdpForm,
    candidate: SdpForm,
}

impl SocketIoAdapter {
    pub(crate) async fn open(node: &Node, caller: &Caller) -> Result<(CompatSession, Self), CompatError> {
        let scope = Scope::new(NAME, MAIN);
        let peer = scope.peer(&random_name()).map_err(|error| CompatError::invalid(error.to_string(), ""))?;
        let request = OpenNamed { peer, secret: None, user: String::new(), display_name: String::new() };
        let session = CompatSession::open(node, caller, request).await?;
        Ok((session, Self { scope, sdp: SdpForm::Text, candidate: SdpForm::Text }))
    }

    fn read(&mut self, event: &str, data: &Object) -> Result<Payload, CompatError> {
        Ok(match event {
            "offer_sdp" | "answer_sdp" => {
                let (description, form) = payload::description(event.trim_end_matches("_sdp"), data.get("sdp"))?;
                self.sdp = form;
                Payload::Description(description)
            }
            "send_ice" => {
                let candidate = payload::candidate(data)?;
                self.candidate = if data["candidate"].is_object() { SdpForm::Object } else { SdpForm::Text };
                Payload::Candidate(candidate)
            }
            _ => return Err(CompatError::unknown_type(event, TYPES)),
        })
    }

    /// Writes a signal of a peer that does not use this protocol.
    fn write(&self, payload: &Payload) -> Option<(&'static str, Object)> {
        Some(match payload {
            Payload::Description(description) => {
                let event = if description.r#type == "offer" { "offer_sdp" } else { "answer_sdp" };
                (event, object(json!({"sdp": self.sdp.write(description), "type": description.r#type})))
            }
            Payload::Candidate(candidate) => ("send_ice", self.candidate(candidate)),
            Payload::Message(AppData { content: Some(Content::Text(text)) }) => {
                ("message", object(json!({"text": text})))
            }
            other => ("message", payload::data_message(other)?),
        })
    }

    fn candidate(&self, candidate: &IceCandidate) -> Object {
        let json = payload::candidate_json(candidate);
        let mut data = match self.candidate {
            SdpForm::Object => object(json!({"candidate": json})),
            SdpForm::Text => object(json),
        };
        data.insert("mid".into(), candidate.sdp_mid.clone().into());
        data
    }
}

impl Adapter for SocketIoAdapter {
    async fn on_open(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
        out.push(emit("your_id", session.peer().as_str().into()));
    }

    async fn on_message(
        &mut self,
        session: &mut CompatSession,
        mut message: Object,
        _: &mut Vec<Value>,
    ) -> Result<(), CompatError> {
        let event = payload::field(&message, "event")?.unwrap_or_default().to_owned();
        let Some(Value::Object(mut data)) = message.remove("data") else {
            let event = Quoted(&event);
            let hint = format!("emit({event}, {{target, …}})");
            return Err(CompatError::invalid(format!("the data of {event} is not an object"), hint));
        };
        let payload = self.read(&event, &data)?;
        let Some(target) = payload::field(&data, "target")?.map(str::to_owned) else {
            return Err(CompatError::invalid("target is missing", "name the id of the receiver, from its your_id"));
        };
        data.remove("target");
        let payload = match self.scope.name_of(&target) {
            Some(_) => payload::wrap_native(object(json!({"event": event, "data": data}))),
            None => payload,
        };
        session.send("", &target, payload).await.map_err(|error| match error.reason {
            "PEER_NOT_FOUND" => {
                CompatError::peer_not_found(&target, "target is the id another client got with your_id")
            }
            _ => error.into(),
        })
    }

    fn on_event(&mut self, _: &CompatSession, event: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match event {
            ClientEvent::Signal { from, payload } => {
                let own = self.scope.name_of(&from).and_then(|_| payload::unwrap_native(&payload));
                let (event, mut data) = match own {
                    Some(mut message) => {
                        let data = message.remove("data").unwrap_or_default();
                        (payload::field(&message, "event").ok().flatten().unwrap_or_default().to_owned(), object(data))
                    }
                    None => match self.write(&payload) {
                        Some((event, data)) => (event.to_owned(), data),
                        None => return Ok(()),
                    },
                };
                // Clients differ in which of these fields they read.
                for name in ["id", "from", "sender"] {
                    data.insert(name.into(), from.as_str().into());
                }
                out.push(emit(&event, Value::Object(data)));
            }
            ClientEvent::Undelivered { peer, reason } => {
                out.push(Self::error_message(&CompatError::undelivered(peer.as_str(), reason)))
            }
            // The protocol does not have rooms.
            ClientEvent::Joined { .. }
            | ClientEvent::MemberJoined { .. }
            | ClientEvent::MemberLeft { .. }
            | ClientEvent::Left { .. } => {}
            ClientEvent::Refused(_) | ClientEvent::Done | ClientEvent::GoAway { .. } => {}
        }
        Ok(())
    }

    fn error_message(error: &CompatError) -> Value {
        let CompatError { reason, message, hint, .. } = error;
        emit("error", json!({"reason": reason, "message": message, "hint": hint}))
    }
}

/// Returns an event as a message to the client.
fn emit(event: &str, data: Value) -> Value {
    json!({"event": event, "data": data})
}
