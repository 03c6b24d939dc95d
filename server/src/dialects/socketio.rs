//! Socket.IO at `/socket.io/`: events `your_id`, `offer_sdp`, `answer_sdp` and `send_ice`, over WebSocket or long polling.
//!
//! The protocol is socketioxide's; here are its limits, and the events.

mod line;

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
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::any,
};
use serde_json::{Value, json};
use socketioxide::{
    ParserConfig, SocketIo, extract::SocketRef, handler::ConnectHandler as _, service::SocketIoService,
};
use tower::{Service as _, ServiceExt as _, service_fn, util::ServiceFn};
use wigwag_proto::v1::{AppData, IceCandidate, app_data::Content, envelope::Payload};

use self::line::{Inbox, SocketIoLine};
use super::{
    Dialects,
    complaint::{Complaint, Quoted},
    guest::{Guest, News},
    scope::{MAIN, Scope},
    signal::{self, Shape, object},
    talk::{self, Dialect, Line as _, Object},
};
use crate::{
    authz::Caller,
    http::{Hint, Origins},
    node::{Node, Visitor, random_name},
    signaling::TRANSPORT_LIMIT,
    websocket::Upgrade,
};

#[cfg(any(fuzzing, test))]
pub(super) use line::read as read_event;

const NAME: &str = "socketio";
const TYPES: &str = "offer_sdp, answer_sdp or send_ice";

/// Time between pings where the server's other connections have none: a polling client is missed in no other way.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Packets waiting to be written to one client; what is above waits in its session, which bounds it by bytes.
const PACKETS: usize = 16;

/// Binary attachments of one event, which this dialect has no use for.
const ATTACHMENTS: usize = 4;

/// The path of the dialect.
pub(super) fn routes(dialects: &Dialects) -> Router<Dialects> {
    let parser = ParserConfig::common()
        .max_incoming_binaries(ATTACHMENTS)
        .max_incoming_binary_buf_size(dialects.node().session().max_frame_bytes);
    let session = dialects.node().session();
    let sockets = &dialects.inner.sockets;
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
    let entering = dialects.clone();
    // Before the client is told that it is connected: a refusal is its `connect_error`, and no event is missed.
    io.ns("/", connected.with(move |socket: SocketRef| enter(entering.clone(), socket)));
    Router::new()
        .route("/socket.io/", any(serve))
        .route("/socket.io", any(serve))
        .layer(Extension(service))
        .layer(from_fn_with_state(dialects.clone(), refuse_strangers))
}

type Service = SocketIoService<ServiceFn<fn(Request) -> Nothing>>;

type Nothing = Ready<Result<Response, Infallible>>;

/// What the library would ask for a path that is not its own. It gets none.
fn nothing(_: Request) -> Nothing {
    ready(Ok(StatusCode::NOT_FOUND.into_response()))
}

/// Hands a request to the library, or, over HTTP/2, where it knows no WebSocket, the open stream.
async fn serve(
    State(dialects): State<Dialects>,
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
    match Upgrade::from_request_parts(&mut parts, &dialects).await {
        Ok(upgrade) => upgrade.accept_stream(None, move |stream| async move {
            parts.method = Method::GET;
            // A query it does not understand ends the stream.
            let _ = service.call((stream, Request::from_parts(parts, ()))).await;
        }),
        Err(refusal) => refusal.into_response(),
    }
}

/// CORS does not guard WebSockets, nor what a page sends blindly.
async fn refuse_strangers(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    if origins.allow(request.headers()) {
        return next.run(request).await;
    }
    let hint = "this web page's origin may not call this server: add it to cors.allowed_origins in the configuration, or \
                to WIGWAG_CORS__ALLOWED_ORIGINS";
    Hint::new(StatusCode::FORBIDDEN, "FORBIDDEN", hint).into_response()
}

/// A session on its way from the check to the conversation. It must not hold the socket, which holds it.
#[derive(Clone)]
struct Entering(Arc<Mutex<Option<(Inbox, Guest, Events)>>>);

async fn enter(dialects: Dialects, socket: SocketRef) -> Result<(), String> {
    let caller = Caller::of(&socket.req_parts().extensions);
    let opened = Events::enter(dialects.node(), &caller).await;
    let (guest, events) = opened.map_err(|complaint| format!("{}: {}", complaint.reason, complaint.message))?;
    let inbox = Inbox::listen(&socket, dialects.node().session().max_frame_bytes);
    socket.extensions.insert(Entering(Arc::new(Mutex::new(Some((inbox, guest, events))))));
    Ok(())
}

async fn connected(socket: SocketRef) {
    let entering = socket.extensions.remove::<Entering>();
    let taken = entering.and_then(|Entering(slot)| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some((inbox, guest, events)) = taken else { return };
    let mut line = SocketIoLine::new(socket, inbox);
    talk::converse(&mut line, guest, events).await;
    line.flushed().await;
    line.close();
}

pub(super) struct Events {
    scope: Scope,
    sdp: Shape,
    candidate: Shape,
}

impl Events {
    pub(super) async fn enter(node: &Node, caller: &Caller) -> Result<(Guest, Self), Complaint> {
        let scope = Scope::new(NAME, MAIN);
        let peer = scope.peer(&random_name()).map_err(|error| Complaint::invalid(error.to_string(), ""))?;
        let visitor = Visitor { peer, secret: None, user: String::new(), display_name: String::new() };
        let guest = Guest::open(node, caller, visitor).await?;
        Ok((guest, Self { scope, sdp: Shape::Text, candidate: Shape::Text }))
    }

    fn read(&mut self, event: &str, data: &Object) -> Result<Payload, Complaint> {
        Ok(match event {
            "offer_sdp" | "answer_sdp" => {
                let (description, shape) = signal::description(event.trim_end_matches("_sdp"), data.get("sdp"))?;
                self.sdp = shape;
                Payload::Description(description)
            }
            "send_ice" => {
                let candidate = signal::candidate(data)?;
                self.candidate = if data["candidate"].is_object() { Shape::Object } else { Shape::Text };
                Payload::Candidate(candidate)
            }
            _ => return Err(Complaint::unknown_type(event, TYPES)),
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
            other => ("message", signal::data_message(other)?),
        })
    }

    fn candidate(&self, candidate: &IceCandidate) -> Object {
        let json = signal::candidate_json(candidate);
        let mut data = match self.candidate {
            Shape::Object => object(json!({"candidate": json})),
            Shape::Text => object(json),
        };
        data.insert("mid".into(), candidate.sdp_mid.clone().into());
        data
    }
}

impl Dialect for Events {
    async fn begin(&mut self, guest: &mut Guest, out: &mut Vec<Value>) {
        out.push(emit("your_id", guest.peer().as_str().into()));
    }

    async fn said(&mut self, guest: &mut Guest, mut message: Object, _: &mut Vec<Value>) -> Result<(), Complaint> {
        let event = signal::field(&message, "event")?.unwrap_or_default().to_owned();
        let Some(Value::Object(mut data)) = message.remove("data") else {
            let event = Quoted(&event);
            let hint = format!("emit({event}, {{target, …}})");
            return Err(Complaint::invalid(format!("{event} comes without an object"), hint));
        };
        let payload = self.read(&event, &data)?;
        let Some(target) = signal::field(&data, "target")?.map(str::to_owned) else {
            return Err(Complaint::invalid("target is missing", "name the id of the receiver, from its your_id"));
        };
        data.remove("target");
        let payload = match self.scope.name_of(&target) {
            Some(_) => signal::whole(object(json!({"event": event, "data": data}))),
            None => payload,
        };
        guest.send("", &target, payload).await.map_err(|fault| match fault.reason {
            "PEER_NOT_FOUND" => Complaint::absent(&target, "target is the id another client got with your_id"),
            _ => fault.into(),
        })
    }

    fn heard(&mut self, _: &Guest, news: News, out: &mut Vec<Value>) -> Result<(), Complaint> {
        match news {
            News::Signal { from, payload } => {
                let own = self.scope.name_of(&from).and_then(|_| signal::unwhole(&payload));
                let (event, mut data) = match own {
                    Some(mut whole) => {
                        let data = whole.remove("data").unwrap_or_default();
                        (signal::field(&whole, "event").ok().flatten().unwrap_or_default().to_owned(), object(data))
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
            News::Lost { peer, reason } => out.push(Self::complain(&Complaint::lost(peer.as_str(), reason))),
            // There are no rooms here.
            News::Entered { .. } | News::Came { .. } | News::Went { .. } | News::Out { .. } => {}
            News::Refused(_) | News::Done | News::MoveOn { .. } => {}
        }
        Ok(())
    }

    fn complain(complaint: &Complaint) -> Value {
        let Complaint { reason, message, hint, .. } = complaint;
        emit("error", json!({"reason": reason, "message": message, "hint": hint}))
    }
}

/// An event on its way out.
fn emit(event: &str, data: Value) -> Value {
    json!({"event": event, "data": data})
}
