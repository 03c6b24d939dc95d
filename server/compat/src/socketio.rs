//! Socket.IO at `/socket.io/`: events `your_id`, `offer_sdp`, `answer_sdp` and `send_ice`, over WebSocket or long polling.
//!
//! socketioxide implements the protocol. This module sets its limits, translates the events, and ends transports.

mod engine;
mod handshakes;
mod transport;

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts as _, Request, State},
    http::{Method, StatusCode, Uri, header, request::Parts},
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
    node::{Node, OpenNamed},
};
use wigwag_proto::v1::{AppData, IceCandidate, app_data::Content, envelope::Payload};

use self::{
    engine::{EndableStream, EngineQuery, TransportEnd, Transports},
    handshakes::{Handshake, Handshakes},
    transport::{EventQueue, SocketIoTransport},
};
use crate::{
    adapter::{self, Adapter, MessageTransport as _, Object},
    context::CompatContext,
    error::{CompatError, Quoted},
    names::{MAIN, Scope},
    payload::{self, SdpForm, object},
    session::{ClientEvent, CompatSession},
    ticket::{admit, client_id, secret},
};

#[cfg(feature = "fuzzing")]
pub(crate) use transport::read as read_event;

const NAME: &str = "socketio";
const TYPES: &str = "offer_sdp, answer_sdp or send_ice";

/// Time between pings if `http2.keepalive_interval_ms` is 0: nothing else detects that a polling client is gone.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// The packet "close" of Engine.IO.
const CLOSE: &str = "1";

/// Packets waiting to be written to one client. The rest waits in its session, which limits it by bytes.
const MAX_PACKETS: usize = 16;

/// Bytes of a request that opens an Engine.IO session: it is kept as long as the session.
const MAX_URI_BYTES: usize = 2_048;

/// Bytes of a POST of a client that has not connected: the packet CONNECT, with which clients may send data.
const MAX_CONNECT_BYTES: usize = 4_096;

/// Binary attachments of one event. The protocol does not use any.
const MAX_ATTACHMENTS: usize = 4;

/// Returns the routes of the protocol.
pub(crate) fn routes(context: &CompatContext) -> Router<CompatContext> {
    let parser = ParserConfig::common()
        .max_incoming_binaries(MAX_ATTACHMENTS)
        .max_incoming_binary_buf_size(context.node().session().max_frame_bytes);
    let session = context.node().session();
    let config = context.config();
    let sockets = &config.sockets;
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
    let engine = Engine {
        service,
        transports: Transports::default(),
        handshakes: Handshakes::new(config.socketio_handshakes, config.socketio_handshakes_per_source),
        context: context.clone(),
    };
    let (for_namespace, transports) = (context.clone(), engine.transports.clone());
    // Opens the session before the client is connected: a refusal becomes its `connect_error`, and no event is missed.
    let open = move |socket: SocketRef| open(for_namespace.clone(), transports.clone(), socket);
    io.ns("/", connected.with(open));
    Router::new()
        .route("/socket.io/", any(serve))
        .route("/socket.io", any(serve))
        .with_state(engine)
        .route("/socket.io/{*file}", any(no_client))
}

/// What serves the requests of Engine.IO. Cheap to clone.
#[derive(Clone)]
struct Engine {
    service: Service,
    transports: Transports,
    handshakes: Handshakes,
    context: CompatContext,
}

type Service = SocketIoService<ServiceFn<fn(Request) -> NotFound>>;

type NotFound = Ready<Result<Response, Infallible>>;

/// The fallback that socketioxide requires. It is never called: only the paths of Socket.IO are routed here.
fn not_found(_: Request) -> NotFound {
    ready(Ok(StatusCode::NOT_FOUND.into_response()))
}

/// A Socket.IO server in Node.js serves its client here.
async fn no_client() -> Response {
    let text = "this server does not serve the Socket.IO client: bundle socket.io-client from npm, or load it from a CDN, such as \
                <script src=\"https://cdn.socket.io/4.8.4/socket.io.min.js\"></script>\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

async fn serve(State(mut engine): State<Engine>, request: Request) -> Response {
    let Some(query) = request.uri().query().and_then(EngineQuery::read) else { return engine.call(request).await };
    let (mut parts, body) = request.into_parts();
    if query.sid.is_none()
        && let Err(refused) = engine.begin(&mut parts)
    {
        return refused.into_response();
    }
    if query.websocket && WebSocketUpgrade::is_requested(&parts) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => upgrade.select_first_offered().accept_stream(None, move |stream| async move {
                let end = query.sid.map_or_else(Arc::default, |sid| engine.transports.of(sid));
                // CONNECT over HTTP/2 (RFC 8441), which socketioxide does not know.
                parts.method = Method::GET;
                // They are kept as long as the session, and not looked at any more.
                parts.headers.clear();
                parts.extensions.insert(end.clone());
                // On an invalid query it drops the stream.
                let _ = engine.service.call((EndableStream::new(stream, end), Request::from_parts(parts, ()))).await;
            }),
            Err(error) => error.into_response(),
        };
    }
    let end = query.sid.and_then(|sid| engine.transports.get(sid));
    let body = match parts.method == Method::POST {
        true => match engine.read_post(body, end.as_deref()).await {
            Ok(body) => body,
            Err(refused) => return refused.into_response(),
        },
        false => body,
    };
    match end {
        Some(end) if parts.method == Method::GET && !query.websocket => {
            let close = parts.uri.clone();
            tokio::select! {
                biased;
                response = engine.clone().call(Request::from_parts(parts, body)) => response,
                () = end.ended() => engine.close(close).await,
            }
        }
        _ => engine.call(Request::from_parts(parts, body)).await,
    }
}

/// Why a request is not passed to socketioxide.
struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self(status, text) = self;
        match status {
            StatusCode::SERVICE_UNAVAILABLE => (status, [(header::RETRY_AFTER, "1")], text).into_response(),
            _ => (status, text).into_response(),
        }
    }
}

impl Engine {
    /// Begins an Engine.IO session: counts it, and removes what would be kept as long as it.
    fn begin(&self, parts: &mut Parts) -> Result<(), Refusal> {
        if self.context.node().draining() {
            // The client tries again, less and less often.
            return Err(Refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "DRAINING: this server is shutting down\n".to_owned(),
            ));
        }
        let uri_bytes = parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
        if uri_bytes > MAX_URI_BYTES {
            let text = format!("the path and the query have {uri_bytes} bytes: at most {MAX_URI_BYTES} are accepted\n");
            return Err(Refusal(StatusCode::URI_TOO_LONG, text));
        }
        let source = self.context.caller(&parts.extensions, "").source();
        let Some(handshake) = self.handshakes.begin(source) else {
            let text = "LIMIT_EXCEEDED: too many Socket.IO clients are connecting: try again\n";
            return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, text.to_owned()));
        };
        parts.extensions.insert(handshake);
        if !WebSocketUpgrade::is_requested(parts) {
            parts.headers.clear();
        }
        Ok(())
    }

    /// Reads the body of a POST, which socketioxide would do without a deadline. `end` is that of a connected client.
    async fn read_post(&self, body: Body, end: Option<&TransportEnd>) -> Result<Body, Refusal> {
        let max = if end.is_some() { TRANSPORT_LIMIT } else { MAX_CONNECT_BYTES };
        // A client waits for the answer before it sends more.
        let _posting = match end.map(TransportEnd::begin_post) {
            Some(None) => {
                let text = "another POST of this session is not finished: send the next one after its answer\n";
                return Err(Refusal(StatusCode::BAD_REQUEST, text.to_owned()));
            }
            posting => posting.flatten(),
        };
        let timeout = self.context.config().message_timeout;
        match tokio::time::timeout(timeout, to_bytes(body, max)).await {
            Ok(Ok(bytes)) => Ok(bytes.into()),
            Ok(Err(_)) => {
                let text = format!("the body cannot be read, or has more than {max} bytes\n");
                Err(Refusal(StatusCode::PAYLOAD_TOO_LARGE, text))
            }
            Err(_) => {
                let text = format!("the body was not complete within {} ms\n", timeout.as_millis());
                Err(Refusal(StatusCode::REQUEST_TIMEOUT, text))
            }
        }
    }

    async fn call(self, request: Request) -> Response {
        // Its error type is `Infallible`.
        match self.service.oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        }
    }

    /// Ends a session that polls `uri`: closes it in the name of its client, and returns the response that tells the
    /// client.
    async fn close(self, uri: Uri) -> Response {
        let mut close = Request::new(Body::from(CLOSE));
        (*close.method_mut(), *close.uri_mut()) = (Method::POST, uri);
        // Fails if it is closed already.
        let _ = self.call(close).await;
        ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], CLOSE).into_response()
    }
}

/// What became of a client's request to connect, until it is connected. It must not own the socket, which owns it.
#[derive(Clone)]
struct Pending(Arc<Mutex<Option<Outcome>>>);

enum Outcome {
    Opened(Box<(EventQueue, CompatSession, SocketIoAdapter)>),
    /// Refused for now. On a `connect_error` the client would not try again.
    TryLater(CompatError),
}

async fn open(context: CompatContext, transports: Transports, socket: SocketRef) -> Result<(), String> {
    let parts = socket.req_parts();
    let end = parts.extensions.get::<Arc<TransportEnd>>().cloned().unwrap_or_else(|| transports.of(socket.id));
    socket.extensions.insert(end);
    let handshake = parts.extensions.get::<Handshake>().cloned();
    let outcome = match SocketIoAdapter::open(
        context.node(),
        &context.caller(&parts.extensions, parts.uri.query().unwrap_or_default()),
    )
    .await
    {
        Ok((session, adapter)) => {
            let queue = EventQueue::listen(&socket, context.node().session().max_frame_bytes);
            if let Some(handshake) = handshake {
                handshake.connected();
                socket.extensions.insert(handshake);
            }
            Outcome::Opened(Box::new((queue, session, adapter)))
        }
        Err(error) if error.may_reconnect() => Outcome::TryLater(error),
        Err(error) => return Err(format!("{}: {}", error.reason, error.message)),
    };
    socket.extensions.insert(Pending(Arc::new(Mutex::new(Some(outcome)))));
    Ok(())
}

/// Runs when the client is connected, and returns what goes on after that. What is emitted before that travels with the
/// answer to the client, which spares a polling client a round trip.
fn connected(socket: SocketRef) -> impl Future<Output = ()> + Send + 'static {
    let pending = socket.extensions.remove::<Pending>();
    let outcome = pending.and_then(|Pending(slot)| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
    let first = match &outcome {
        Some(Outcome::Opened(opened)) => Some(emit("your_id", opened.1.peer().as_str().into())),
        Some(Outcome::TryLater(error)) => SocketIoAdapter::error_message(error),
        None => None,
    };
    if let Some(message) = first {
        // Fails if the client is gone.
        let _ = transport::emit(&socket, &message);
    }
    async move {
        let end = socket.extensions.get::<Arc<TransportEnd>>().unwrap_or_default();
        match outcome {
            Some(Outcome::Opened(opened)) => {
                let (queue, session, adapter) = *opened;
                let handshake = socket.extensions.get::<Handshake>();
                let mut transport = SocketIoTransport::new(socket, queue);
                let last = adapter::run_adapter(&mut transport, session, adapter).await;
                transport.flushed().await;
                transport.close(last.as_ref(), &end);
                if let Some(handshake) = handshake {
                    handshake.left();
                }
            }
            Some(Outcome::TryLater(_)) => end.end(),
            None => {}
        }
    }
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
        let ticket = admit(node, caller, NAME, None, None).await?;
        let id = client_id(ticket.as_ref());
        let peer = scope.peer(&id).map_err(|error| CompatError::invalid(error.to_string(), ""))?;
        let request = OpenNamed {
            peer,
            secret: secret(caller, ticket.as_ref()),
            user: String::new(),
            display_name: String::new(),
            ticket,
        };
        let (session, _) = CompatSession::open_or_replace(node, caller, request).await?;
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
    /// The client has received its id already ([`connected`]).
    async fn on_open(&mut self, _: &mut CompatSession, _: &mut Vec<Value>) {}

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
                out.extend(Self::error_message(&CompatError::undelivered(peer.as_str(), reason)))
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

    fn refusal_message(error: &CompatError) -> Option<Value> {
        let CompatError { reason, message, hint, .. } = error;
        Some(emit("error", json!({"reason": reason, "message": message, "hint": hint})))
    }
}

/// Returns an event as a message to the client.
fn emit(event: &str, data: Value) -> Value {
    json!({"event": event, "data": data})
}
