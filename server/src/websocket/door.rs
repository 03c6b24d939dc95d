//! `/v1/signal`: the frames of `wigwag.v1` over WebSocket.

mod format;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    Router,
    extract::{FromRef, State},
    http::{Extensions, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
};
use futures_core::Stream;

use self::format::Format;
use super::{Ending, Incoming, Outgoing, Output, Received, Settings, Socket, Upgrade, Violation};
use crate::{
    authz::Caller,
    connection::{Connection, Input},
    fault::Fault,
    http::{Hint, Origins},
    node::Node,
    wire::OutFrame,
};

const WHICH: &str = "offer a subprotocol: wigwag.v1.json for protobuf JSON in text messages, or wigwag.v1.proto for \
                     protobuf in binary ones, as in new WebSocket(url, \"wigwag.v1.json\")";

#[derive(Clone)]
struct Door {
    node: Node,
    origins: Origins,
    settings: Settings,
}

impl FromRef<Door> for Origins {
    fn from_ref(door: &Door) -> Self {
        door.origins.clone()
    }
}

/// The route of the door. HTTP/2 asks with CONNECT, hence any method.
pub(crate) fn router(node: Node, origins: Origins, settings: Settings) -> Router {
    Router::new().route("/v1/signal", any(open)).with_state(Door { node, origins, settings })
}

async fn open(State(door): State<Door>, extensions: Extensions, upgrade: Upgrade) -> Response {
    let Door { node, settings, .. } = door;
    let caller = Caller::of(&extensions);
    match Format::ALL.into_iter().find(|format| upgrade.offers(format.subprotocol())) {
        Some(format) => {
            upgrade.accept(Some(format.subprotocol()), settings, move |socket| serve(node, caller, socket, format))
        }
        // A browser shows no answer to a failed handshake, but it shows frames and the close.
        None if !upgrade.offers_any() => upgrade.accept(None, settings, refuse),
        // It would not take an answer without one of those it offers.
        None => Hint::new(StatusCode::BAD_REQUEST, "SUBPROTOCOL_REQUIRED", WHICH).into_response(),
    }
}

async fn serve(node: Node, caller: Caller, socket: Socket, format: Format) {
    let incoming = socket.incoming();
    let up = Up { incoming, format, max_frame_bytes: node.session().max_frame_bytes, over: false };
    socket.carry(Down { connection: Connection::new(node, caller, up), format }).await;
}

async fn refuse(socket: Socket) {
    let fault = Fault::protocol(WHICH);
    socket.carry(Refusal { word: Some(fault.to_fatal()), ending: Ending::from(&fault) }).await;
}

/// Messages as a connection's input.
struct Up {
    incoming: Incoming,
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
            (Received::Binary(bytes), Format::Proto) => format::read_binary(bytes, self.max_frame_bytes),
            (Received::Text(_) | Received::Binary(_), format) => Input::Broken(Fault::protocol(format.wrong_kind())),
            (Received::Violation(Violation::TooLong), _) => Input::Oversize,
            (Received::Violation(Violation::NotUtf8), _) => {
                Input::Broken(Fault::protocol("a text message must be UTF-8"))
            }
            (Received::Violation(Violation::Protocol), _) => {
                Input::Broken(Fault::protocol("the bytes are no WebSocket frames (RFC 6455)"))
            }
        }
    }
}

/// What a connection writes, as messages.
struct Down {
    connection: Connection<Up>,
    format: Format,
}

impl Output for Down {
    fn poll_write(&mut self, cx: &mut Context<'_>, out: &mut Outgoing) -> Poll<Result<(), Ending>> {
        Poll::Ready(match ready!(Pin::new(&mut self.connection).poll_next(cx)) {
            Some(Ok(frame)) => self.format.write(&frame, out),
            Some(Err(fault)) => Err(Ending::from(&fault)),
            None => Err(Ending::normal()),
        })
    }
}

/// One word, and the end.
struct Refusal {
    word: Option<OutFrame>,
    ending: Ending,
}

impl Output for Refusal {
    fn poll_write(&mut self, _: &mut Context<'_>, out: &mut Outgoing) -> Poll<Result<(), Ending>> {
        Poll::Ready(match self.word.take() {
            Some(frame) => Format::Json.write(&frame, out),
            None => Err(self.ending.clone()),
        })
    }
}
