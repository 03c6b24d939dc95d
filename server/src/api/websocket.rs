//! The WebSocket API, `/v1/signal`: the frames of `wigwag.v1` over WebSocket.

mod format;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    extract::State,
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_core::Stream;
use tokio_util::sync::CancellationToken;

use self::format::Format;
use crate::web::{abort_token, caller};
use wigwag_net::{
    http_error::HttpError,
    websocket::{
        CloseReason, FrameWriter, MessageSource, MessageStream, Received, Socket, SocketConfig, Violation,
        WebSocketUpgrade,
    },
};
use wigwag_node::{
    auth::Caller,
    close_code::close_code,
    connection::{Connection, Input},
    error::ApiError,
    frame::OutFrame,
    node::Node,
};

const WHICH: &str = "offer a subprotocol: wigwag.v1.json for protobuf JSON in text messages, or wigwag.v1.proto for \
                     protobuf in binary ones, as in new WebSocket(url, \"wigwag.v1.json\")";

#[derive(Clone)]
struct SignalState {
    node: Node,
    sockets: SocketConfig,
}

/// Returns the route. HTTP/2 asks with CONNECT, hence any method.
pub fn router(node: Node, sockets: SocketConfig) -> Router {
    Router::new().route("/v1/signal", any(open)).with_state(SignalState { node, sockets })
}

async fn open(State(state): State<SignalState>, extensions: Extensions, upgrade: WebSocketUpgrade) -> Response {
    let SignalState { node, sockets } = state;
    let (caller, abort) = (caller(&extensions), abort_token(&extensions));
    match Format::ALL.into_iter().find(|format| upgrade.offers(format.subprotocol())) {
        Some(format) => upgrade
            .accept(Some(format.subprotocol()), sockets, move |socket| serve(node, caller, abort, socket, format)),
        // A browser shows no answer to a failed handshake, but it shows frames and the close.
        None if !upgrade.offers_any() => upgrade.accept(None, sockets, refuse),
        // It would not take an answer without one of those it offers.
        None => HttpError::new(StatusCode::BAD_REQUEST, "SUBPROTOCOL_REQUIRED", WHICH).into_response(),
    }
}

async fn serve(node: Node, caller: Caller, abort: Option<CancellationToken>, socket: Socket, format: Format) {
    let up = Up { incoming: socket.incoming(), format, max_frame_bytes: node.session().max_frame_bytes, over: false };
    socket.pump(Down { connection: Connection::new(node, caller, abort, up), format }).await;
}

async fn refuse(socket: Socket) {
    let error = ApiError::protocol(WHICH);
    socket.pump(Refusal { word: Some(error.to_fatal()), ending: close_reason(&error) }).await;
}

/// Messages as a connection's input.
struct Up {
    incoming: MessageStream,
    format: Format,
    max_frame_bytes: usize,
    over: bool,
}

impl Stream for Up {
    type Item = Option<Input>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.incoming).poll_next(cx).map(|received| {
            // A WebSocket has no half-close: who closes does not listen either.
            self.over = received.is_none();
            Some(received.map(|received| self.input(received)))
        })
    }
}

impl Up {
    fn input(&self, received: Received) -> Input {
        match (received, self.format) {
            (Received::Text(text), Format::Json) => format::read_text(text.as_str(), self.max_frame_bytes),
            (Received::Binary(bytes), Format::Proto) => Input::decode(bytes, self.max_frame_bytes),
            (Received::Text(_) | Received::Binary(_), format) => Input::Broken(ApiError::protocol(format.wrong_kind())),
            (Received::Violation(Violation::TooLong), _) => Input::Oversize,
            (Received::Violation(Violation::NotUtf8), _) => {
                Input::Broken(ApiError::protocol("a text message must be UTF-8"))
            }
            (Received::Violation(Violation::Protocol), _) => {
                Input::Broken(ApiError::protocol("the bytes are no WebSocket frames (RFC 6455)"))
            }
        }
    }
}

/// What a connection writes, as messages.
struct Down {
    connection: Connection<Up>,
    format: Format,
}

impl MessageSource for Down {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        Poll::Ready(match ready!(Pin::new(&mut self.connection).poll_next(cx)) {
            Some(Ok(frame)) => self.format.write(&frame, out),
            Some(Err(error)) => Err(close_reason(&error)),
            None => Err(CloseReason::normal()),
        })
    }
}

/// One word, and the end.
struct Refusal {
    word: Option<OutFrame>,
    ending: CloseReason,
}

impl MessageSource for Refusal {
    fn poll_write(&mut self, _: &mut Context<'_>, out: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        Poll::Ready(match self.word.take() {
            Some(frame) => Format::Json.write(&frame, out),
            None => Err(self.ending.clone()),
        })
    }
}

/// How a socket ends for an error: with the code of its reason.
fn close_reason(error: &ApiError) -> CloseReason {
    CloseReason::close(close_code(error.reason, error.advice), error.reason)
}
