//! A WebSocket whose client violates RFC 6455 is closed with the code of section 7.4.1.

#[path = "support/listening.rs"]
mod listening;

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{Router, response::Response, routing::any};
use futures_core::Stream as _;
use listening::{BOUND, Listening, soon};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wigwag_net::websocket::{
    CloseReason, FrameWriter, MessageSource, MessageStream, Received, SocketConfig, WebSocketUpgrade,
};

/// Closes with a code and a reason of the application.
struct Application(MessageStream);

impl MessageSource for Application {
    fn poll_write(&mut self, cx: &mut Context<'_>, _: &mut FrameWriter) -> Poll<Result<(), CloseReason>> {
        loop {
            match ready!(Pin::new(&mut self.0).poll_next(cx)) {
                Some(Received::Violation(_)) => return Poll::Ready(Err(CloseReason::close(4506, "PROTOCOL"))),
                Some(_) => {}
                None => return Poll::Ready(Err(CloseReason::normal())),
            }
        }
    }
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    let settings = SocketConfig { max_message: 1_000, ping_interval: None, ping_timeout: BOUND };
    upgrade.accept(None, settings, |socket| {
        let incoming = socket.incoming();
        socket.pump(Application(incoming))
    })
}

#[tokio::test]
async fn the_close_code_is_that_of_the_violation() {
    let listening = Listening::start(Router::new().route("/socket", any(socket)), |_| {}).await;
    let masked = [0x80 | 1, 0, 0, 0, 0];
    for (frame, code) in [
        // Without a mask.
        (b"\x81\x01x".to_vec(), 1002_u16),
        // A reserved bit.
        ([&[0xC1][..], &masked, b"x"].concat(), 1002),
        // Not UTF-8.
        ([&[0x81][..], &masked, &[0xFF]].concat(), 1007),
        // The length alone.
        (vec![0x82, 0x80 | 126, 0x03, 0xE9, 0, 0, 0, 0], 1009),
    ] {
        let mut client = TcpStream::connect(listening.addr).await.expect("connects");
        let upgrade = "GET /socket HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        client.write_all(&[upgrade.as_bytes(), &frame].concat()).await.expect("the listener reads");
        let mut answer = Vec::new();
        soon("the end", client.read_to_end(&mut answer)).await.expect("no reset");
        let close = [&[0x88, 10][..], &code.to_be_bytes(), b"PROTOCOL"].concat();
        assert!(answer.ends_with(&close), "{frame:02x?}: {answer:02x?} does not end with {code}");
    }
    assert_eq!(listening.stats.websocket_violations(), 4);
    listening.stop().await;
}
