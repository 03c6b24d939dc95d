//! Socket.IO at `/socket.io/`: events `your_id`, `offer_sdp`, `answer_sdp` and `send_ice`, over WebSocket or long polling.
//!
//! The protocol is socketioxide's; here are its limits, and the events.

mod transport;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Extension, Router,
    extract::{FromRequestParts as _, Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use socketioxide::{
    ParserConfig, SocketIo, extract::SocketRef, handler::ConnectHandler as _, service::SocketIoService,
};
use tower::{Service as _, ServiceExt as _, service_fn, util::ServiceFn};
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
use wigwag_net::websocket::WebSocketUpgrade;
use wigwag_node::{
    auth::Caller,
    frame::TRANSPORT_LIMIT,
    node::{Node, OpenNamed, random_name},
};

#[cfg(feature = "fuzzing")]
pub(crate) use transport::read as read_event;

const NAME: &str = "socketio";
const TYPES: &str = "offer_sdp, answer_sdp or send_ice";

/// Time between pings where the server's other connections have none: a polling client is missed in no other way.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Packets waiting to be written to one client; what is above waits in its session, which bounds it by bytes.
const PACKETS: usize = 16;

/// Binary attachments of one event, which this dialect has no use for.
const ATTACHMENTS: usize = 4;

/// The path of the dialect.
pub(crate) fn routes(context: &CompatContext) -> Router<CompatContext> {
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS)
        .max_incoming_binary_buf_size(context.node().session().max_frame_bytes);
    let session = context.node().session();
    let sockets = &context.config().sockets;
    let (service, io) = SocketIo::builder()
        .with_parser(parser)
        .ping_interval(sockets.ping_interval.unwrap_or(PING_INTERVAL))
        .ping_timeout(sockets.ping_timeout)
        // Until then it is no session of ours, and not counted as one.
        .connect_timeout(session.hello_timeout())
        .max_buffer_size(PACKETS)
        .max_payload(TRANSPORT_LIMIT as u64)
        .ws_max_message_size(TRANSPORT_LIMIT)
        .ws_max_frame_size(TRANSPORT_LIMIT)
        .build_with_inner_svc(service_fn(nothing as fn(Request) -> Nothing));
    let entering = context.clone();
    // Before the client is told that it is connected: a refusal is its `connect_error`, and no event is missed.
    io.ns("/", connected.with(move |socket: SocketRef| enter(entering.clone(), socket)));
    Router::new().route("/socket.io/", any(serve)).route("/socket.io", any(serve)).layer(Extension(service))
}

type Service = SocketIoService<ServiceFn<fn(Request) -> Nothing>>;

type Nothing = Ready<Result<Response, Infallible>>;

/// What the library would ask for a path that is not its own. It gets none.
fn nothing(_: Request) -> Nothing {
    ready(Ok(StatusCode::NOT_FOUND.into_response()))
}

/// Hands a request to the library, or, over HTTP/2, where it knows no WebSocket, the open stream.
async fn serve(
    State(context): State<CompatContext>,
    Extension(mut service): Extension<Service>,
    request: Request,
) -> Response {
    if request.method() != Method::CONNECT {
        // It cannot fail.
        return match service.oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        };
    }
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.accept_stream(None, move |stream| async move {
            parts.method = Method::GET;
            // A query it does not understand ends the stream.
            let _ = service.call((stream, Request::from_parts(parts, ()))).await;
        }),
        Err(error) => error.into_response(),
    }
}

/// A session on its way from the check to the conversation. It must not hold the socket, which holds it.
#[derive(Clone)]
struct Entering(Arc<Mutex<Option<(EventQueue, CompatSession, Events)>>>);

async fn enter(context: CompatContext, socket: SocketRef) -> Result<(), String> {
    let caller = caller(&socket.req_parts().extensions);
    let opened = Events::enter(context.node(), &caller).await;
    let (session, events) = opened.map_err(|error| format!("{}: {}", error.reason, error.message))?;
    let queue = EventQueue::listen(&socket, context.node().session().max_frame_bytes);
    socket.extensions.insert(Entering(Arc::new(Mutex::new(Some((queue, session, events))))));
    Ok(())
}

async fn connected(socket: SocketRef) {
    let entering = socket.extensions.remove::<Entering>();
    let taken = entering.and_then(|Entering(slot)| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some((queue, session, events)) = taken else { return };
    let mut transport = SocketIoTransport::new(socket, queue);
    adapter::run_adapter(&mut transport, session, events).await;
    transport.flushed().await;
    transport.close();
}

pub(crate) struct Events {
    scope: Scope,
    sdp: SdpForm,
    candidate: SdpForm,
}

impl Events {
    pub(crate) async fn enter(node: &Node, caller: &Caller) -> Result<(CompatSession, Self), CompatError> {
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

    /// A signal of another door.
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

impl Adapter for Events {
    async fn begin(&mut self, session: &mut CompatSession, out: &mut Vec<Value>) {
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
            return Err(CompatError::invalid(format!("{event} comes without an object"), hint));
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
            "PEER_NOT_FOUND" => CompatError::absent(&target, "target is the id another client got with your_id"),
            _ => error.into(),
        })
    }

    fn on_event(&mut self, _: &CompatSession, events: ClientEvent, out: &mut Vec<Value>) -> Result<(), CompatError> {
        match events {
            ClientEvent::Signal { from, payload } => {
                let own = self.scope.name_of(&from).and_then(|_| payload::unwrap_native(&payload));
                let (event, mut data) = match own {
                    Some(mut whole) => {
                        let data = whole.remove("data").unwrap_or_default();
                        (payload::field(&whole, "event").ok().flatten().unwrap_or_default().to_owned(), object(data))
                    }
                    None => match self.write(&payload) {
                        Some((event, data)) => (event.to_owned(), data),
                        None => return Ok(()),
                    },
                };
                // Clients differ in where they look for the sender.
                for name in ["id", "from", "sender"] {
                    data.insert(name.into(), from.as_str().into());
                }
                out.push(emit(&event, Value::Object(data)));
            }
            ClientEvent::Lost { peer, reason } => {
                out.push(Self::error_message(&CompatError::lost(peer.as_str(), reason)))
            }
            // There are no rooms here.
            ClientEvent::Entered { .. }
            | ClientEvent::Came { .. }
            | ClientEvent::Went { .. }
            | ClientEvent::Out { .. } => {}
            ClientEvent::Refused(_) | ClientEvent::Done | ClientEvent::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn error_message(error: &CompatError) -> Value {
        let CompatError { reason, message, hint, .. } = error;
        emit("error", json!({"reason": reason, "message": message, "hint": hint}))
    }
}

/// An event on its way out.
fn emit(event: &str, data: Value) -> Value {
    json!({"event": event, "data": data})
}
