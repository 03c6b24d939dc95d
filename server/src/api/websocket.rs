//! The WebSocket API, `/v1/signal`: the frames of `wigwag.v1` over WebSocket.

mod format;

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::State,
    http::{Extensions, HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_core::Stream;
use wigwag_net::{
    http_error::HttpError,
    websocket::{
        CloseReason, FrameWriter, MessageSource, MessageStream, Received, Socket, SocketConfig, Violation,
        WebSocketUpgrade,
    },
};
use wigwag_node::{
    auth::{BearerToken, Caller},
    close_code::close_code,
    connection::{Connection, Input},
    error::ApiError,
    frame::OutFrame,
    node::{Abort, Node},
};

use self::format::Format;
use crate::web::{abort, caller, token_of};

const SUBPROTOCOL_HINT: &str = "offer a subprotocol: wigwag.v1.json for protobuf JSON in text messages, or wigwag.v1.proto for \
                     protobuf in binary ones, as in new WebSocket(url, \"wigwag.v1.json\")";

/// What a subprotocol begins with that is the client's token: characters of a JWT are those of a subprotocol.
const TOKEN_SUBPROTOCOL: &str = "wigwag.token.";

#[derive(Clone)]
struct SignalState {
    node: Node,
    sockets: SocketConfig,
}

/// Returns the route of `/v1/signal`, for any method: HTTP/1.1 upgrades with GET, HTTP/2 with CONNECT (RFC 8441).
pub fn router(node: Node, sockets: SocketConfig) -> Router {
    Router::new().route("/v1/signal", any(open)).with_state(SignalState { node, sockets })
}

async fn open(
    State(state): State<SignalState>,
    extensions: Extensions,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let SignalState { node, sockets } = state;
    // Browsers cannot set the header. They offer the token as one more subprotocol, which is never selected.
    let token = upgrade.offered().find_map(|name| name.strip_prefix(TOKEN_SUBPROTOCOL)).and_then(BearerToken::new);
    let caller = caller(&extensions).over("websocket").with_token(token.or_else(|| token_of(&headers)));
    let abort = abort(&extensions);
    match Format::ALL.into_iter().find(|format| upgrade.offers(format.subprotocol())) {
        Some(format) => upgrade
            .accept(Some(format.subprotocol()), sockets, move |socket| serve(node, caller, abort, socket, format)),
        // Browsers do not show the response to a failed handshake, but they do show frames and the close.
        None if upgrade.offered().next().is_none() => upgrade.accept(None, sockets, refuse),
        // Clients that offer subprotocols fail unless one of them is selected.
        None => HttpError::new(StatusCode::BAD_REQUEST, "SUBPROTOCOL_REQUIRED", SUBPROTOCOL_HINT).into_response(),
    }
}

fn serve(
    node: Node,
    caller: Caller,
    abort: Option<Abort>,
    socket: Socket,
    format: Format,
) -> impl Future<Output = ()> + Send {
    let input = SocketInput {
        incoming: socket.incoming(),
        format,
        max_frame_bytes: node.session().max_frame_bytes,
        closed: false,
    };
    let connection = Connection::new(node, caller, abort, input);
    let connection = if format == Format::Json { connection.in_json() } else { connection };
    socket.pump(FrameSource { connection, format })
}

fn refuse(socket: Socket) -> impl Future<Output = ()> + Send {
    let error = ApiError::protocol(SUBPROTOCOL_HINT);
    socket.pump(RefusalSource { frame: Some(error.to_fatal()), close: close_reason(&error) })
}

/// Decodes messages into the input of a connection.
struct SocketInput {
    incoming: MessageStream,
    format: Format,
    max_frame_bytes: usize,
    closed: bool,
}

impl Stream for SocketInput {
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.closed {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.incoming).poll_next(cx).map(|received| {
            // WebSocket does not have half-close: a client that closes does not receive either.
            self.closed = received.is_none();
            Some(received.map(|received| self.input(received)))
        })
    }
}

impl SocketInput {
    fn input(&self, received: Received) -> Input {
        match (received, self.format) {
            (Received::Text(text), Format::Json) => format::read_text(text.as_str(), self.max_frame_bytes),
            (Received::Binary(bytes), Format::Proto) => Input::decode(bytes, self.max_frame_bytes),
            // Some clients have only binary messages: the subprotocol says what is in them.
            (Received::Binary(bytes), Format::Json) => match std::str::from_utf8(&bytes) {
                Ok(text) => format::read_text(text, self.max_frame_bytes),
                Err(_) => Input::Broken(ApiError::protocol("JSON in a binary message must be UTF-8")),
            },
            (Received::Text(_), Format::Proto) => {
                let text = "wigwag.v1.proto needs binary messages: for JSON offer wigwag.v1.json";
                Input::Broken(ApiError::protocol(text))
            }
            (Received::Violation(Violation::TooLong), _) => Input::Oversize,
            (Received::Violation(Violation::NotUtf8), _) => {
                Input::Broken(ApiError::protocol("a text message must be UTF-8"))
            }
            (Received::Violation(Violation::Protocol), _) => {
                Input::Broken(ApiError::protocol("not a valid WebSocket frame (RFC 6455)"))
            }
        }
    }
}

/// Encodes the frames of a connection as messages.
struct FrameSource {
    connection: Connection<SocketInput>,
    format: Format,
}

impl MessageSource for FrameSource {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        if out.is_empty() {
            self.note_written(out);
        }
        match Pin::new(&mut self.connection).poll_next(cx) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(self.format.write(&frame, out)),
            Poll::Ready(end) => Poll::Ready(Err(close_of(end))),
            Poll::Pending => {
                self.note_written(out);
                Poll::Pending
            }
        }
    }

    fn poll_blocked(&mut self, cx: &mut Context<'_>) -> Poll<CloseReason> {
        if !self.connection.poll_blocked(cx, true) {
            return Poll::Pending;
        }
        Pin::new(&mut self.connection).poll_next(cx).map(close_of)
    }

    fn give_up(&mut self) {
        self.connection.give_up();
    }
}

impl FrameSource {
    /// Notes where the messages written so far end.
    fn note_written(&mut self, out: &FrameWriter) {
        let number = self.connection.yielded();
        self.connection.note_written(number, out.position(), out.progress());
    }
}

fn close_of(end: Option<Result<OutFrame, ApiError>>) -> CloseReason {
    match end {
        Some(Err(error)) => close_reason(&error),
        _ => CloseReason::normal(),
    }
}

/// Writes one frame and closes.
struct RefusalSource {
    frame: Option<OutFrame>,
    close: CloseReason,
}

impl MessageSource for RefusalSource {
    fn poll_write(&mut self, _: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        Poll::Ready(match self.frame.take() {
            Some(frame) => Format::Json.write(&frame, out),
            None => Err(self.close.clone()),
        })
    }
}

/// Returns the close code and reason for an error.
fn close_reason(error: &ApiError) -> CloseReason {
    CloseReason::close(close_code(error.reason, error.advice), error.reason)
}
