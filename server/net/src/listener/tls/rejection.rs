//! The end of a handshake that fails: an alert, or the answer to HTTP without TLS.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// Sends last bytes, then discards input until the client closes: if the socket were closed with unread input, the kernel
/// would send a reset, which could overtake them.
pub(super) struct Rejection {
    unsent: Vec<u8>,
    error: Option<io::Error>,
    bytes_left: usize,
    /// Set when the write side is shut down.
    timer: Option<Pin<Box<Sleep>>>,
}

/// HTTP/1.1. The body has the format of [`HttpError`](crate::http_error::HttpError).
const HTTP1: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: application/json\r\n\
    content-length: 105\r\n\
    connection: close\r\n\
    \r\n\
    {\"error\":\"TLS_REQUIRED\",\"hint\":\"this port speaks TLS: use https://, or wss:// for WebSocket, in the URL\"}";

/// HTTP/2 with prior knowledge, as gRPC without TLS: empty SETTINGS, and GOAWAY with INADEQUATE_SECURITY (0xc) and a text.
const HTTP2: &[u8] = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x2a\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0c\
    this port speaks TLS: use https://";

/// The most input that is discarded.
const MAX_DISCARDED: usize = 64 * 1024;

/// How long the client has to close.
const LINGER_TIMEOUT: Duration = Duration::from_secs(1);

impl Rejection {
    /// Sends these records, which may hold an alert.
    pub(super) fn new(records: Vec<u8>, error: io::Error) -> Self {
        Self { unsent: records, error: Some(error), bytes_left: MAX_DISCARDED, timer: None }
    }

    /// Says in clear text that the port speaks TLS, if these first bytes of a connection are those of HTTP. A TLS record
    /// starts with 22, a request with the name of its method.
    pub(super) fn of_http(received: &[u8]) -> Option<Self> {
        if !received.first()?.is_ascii_uppercase() {
            return None;
        }
        let answer = if received.starts_with(b"PRI ") { HTTP2 } else { HTTP1 };
        let error = io::Error::new(io::ErrorKind::InvalidData, "the client speaks HTTP without TLS");
        Some(Self::new(answer.to_vec(), error))
    }

    /// Ready with the error when the last bytes are sent, and the client has closed or the time is over.
    pub(super) fn poll(&mut self, tcp: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Error> {
        // An error of the socket ends it too.
        let _ = ready!(self.poll_end(tcp, cx));
        Poll::Ready(self.error.take().unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_end(&mut self, tcp: &mut TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let written = ready!(Pin::new(&mut *tcp).poll_write(cx, &self.unsent))?;
            self.unsent.drain(..written);
        }
        if self.timer.is_none() {
            ready!(Pin::new(&mut *tcp).poll_shutdown(cx))?;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(LINGER_TIMEOUT)));
        let mut discarded = [0; 1024];
        while self.bytes_left > 0 && timer.as_mut().poll(cx).is_pending() {
            let mut buf = ReadBuf::new(&mut discarded);
            ready!(Pin::new(&mut *tcp).poll_read(cx, &mut buf))?;
            match buf.filled().len() {
                0 => break,
                read => self.bytes_left = self.bytes_left.saturating_sub(read),
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_state_their_lengths() {
        let text = std::str::from_utf8(HTTP1).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        let goaway = &HTTP2[9..];
        assert_eq!(usize::from(goaway[2]), goaway.len() - 9);
    }

    #[test]
    fn requests_are_told_from_records() {
        assert!(Rejection::of_http(b"GET / HTTP/1.1").is_some_and(|rejection| rejection.unsent == HTTP1));
        assert!(Rejection::of_http(b"PRI * HTTP/2.0").is_some_and(|rejection| rejection.unsent == HTTP2));
        assert!(Rejection::of_http(b"\x16\x03\x01\x02").is_none());
        assert!(Rejection::of_http(b"").is_none());
    }
}
