//! A stand-in for a server that this one calls: answers every request with the same text.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::running::soon;

/// A request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// Returns the value of a field; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        field(&self.head, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// The server.
pub(crate) struct StandIn {
    addr: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    answer: Mutex<String>,
    asked: Mutex<Vec<Asked>>,
    /// Questions that have no answer yet, and the most of them.
    open: watch::Sender<usize>,
    most: AtomicUsize,
    holding: watch::Sender<bool>,
    stopped: watch::Sender<bool>,
}

impl StandIn {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            answer: Mutex::default(),
            asked: Mutex::default(),
            open: watch::Sender::new(0),
            most: AtomicUsize::new(0),
            holding: watch::Sender::new(false),
            stopped: watch::Sender::new(false),
        });
        let serving = shared.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, mut stopped) = (serving.clone(), serving.stopped.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = serve(stream, &shared) => {}
                        _ = stopped.wait_for(|stopped| *stopped) => {}
                    }
                });
            }
        });
        Self { addr, shared, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Sets the whole answer, head included. Empty: none.
    pub(crate) fn answer(&self, answer: String) {
        *self.shared.answer.lock().expect("not poisoned") = answer;
    }

    /// Has questions wait for their answer.
    pub(crate) fn hold(&self, holding: bool) {
        self.shared.holding.send_replace(holding);
    }

    /// Waits until so many questions have no answer yet.
    pub(crate) async fn held(&self, count: usize) {
        self.shared.open.subscribe().wait_for(|open| *open >= count).await.expect("it runs");
    }

    /// Waits until so many requests have been answered.
    pub(crate) async fn asked(&self, count: usize) {
        let mut open = self.shared.open.subscribe();
        while self.questions() < count || *open.borrow_and_update() > 0 {
            open.changed().await.expect("it runs");
        }
    }

    pub(crate) fn questions(&self) -> usize {
        self.shared.asked.lock().expect("not poisoned").len()
    }

    pub(crate) fn most_at_a_time(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    pub(crate) fn last(&self) -> Asked {
        self.shared.asked.lock().expect("not poisoned").last().cloned().expect("a question")
    }

    /// Closes the port and all connections.
    pub(crate) fn stop(&self) {
        self.accepting.abort();
        self.shared.stopped.send_replace(true);
    }

    /// Opens a WebSocket with this request, sends one text frame, and reads until something is answered.
    pub(crate) async fn send_hello(&self, addr: SocketAddr, request: &str, frame: &[u8]) {
        let mut stream = TcpStream::connect(addr).await.expect("connects");
        stream.write_all(request.as_bytes()).await.expect("written");
        let mut read = Vec::new();
        let head = async {
            while !read.windows(4).any(|end| end == b"\r\n\r\n") {
                assert_ne!(stream.read_buf(&mut read).await.expect("read"), 0);
            }
        };
        soon("the upgrade", head).await;
        assert!(read.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&read));
        // A masked text frame whose mask is zero.
        let mut message = vec![0x81, 0x80 | u8::try_from(frame.len()).expect("short"), 0, 0, 0, 0];
        message.extend_from_slice(frame);
        stream.write_all(&message).await.expect("written");
        read.clear();
        assert_ne!(soon("the welcome", stream.read_buf(&mut read)).await.expect("read"), 0);
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut received = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = received.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
                return;
            }
        };
        let head = String::from_utf8(received[..head_end].to_vec()).expect("a head");
        let len: usize = field(&head, "content-length").parse().expect("a length");
        while received.len() < head_end + len {
            assert_ne!(stream.read_buf(&mut received).await.expect("read"), 0);
        }
        let body = String::from_utf8(received[head_end..head_end + len].to_vec()).expect("a text");
        received.drain(..head_end + len);
        shared.asked.lock().expect("not poisoned").push(Asked { head, body });
        shared.open.send_modify(|open| *open += 1);
        shared.most.fetch_max(*shared.open.borrow(), Ordering::SeqCst);
        let _ = shared.holding.subscribe().wait_for(|holding| !*holding).await;
        let answer = shared.answer.lock().expect("not poisoned").clone();
        shared.open.send_modify(|open| *open -= 1);
        if answer.is_empty() {
            return std::future::pending().await;
        }
        // The client may have closed the connection after the first bytes of a large answer.
        let _ = stream.write_all(answer.as_bytes()).await;
        if !is_whole(&answer) {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// Returns whether the answer is as long as it says, so that the connection may be used again.
fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    head.ends_with(&format!("content-length: {}", body.len()))
}

/// An answer with this status.
pub(crate) fn raw(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A good answer.
pub(crate) fn ok(body: &Value) -> String {
    raw(200, &body.to_string())
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}
