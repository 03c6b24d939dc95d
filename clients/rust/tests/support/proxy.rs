//! A TCP proxy that breaks connections on demand.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinHandle,
};

/// A proxy between a client and the server.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    /// Notifies every open connection that it is cut.
    cut: Notify,
    /// Whether new connections are let through.
    open: watch::Sender<bool>,
    /// The number of bytes, in both directions together, after which the connections break.
    budget: Mutex<Option<Budget>>,
}

#[derive(Clone, Copy)]
struct Budget {
    left: usize,
    each: usize,
    times: usize,
}

impl Proxy {
    pub(crate) async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { cut: Notify::new(), open: watch::channel(true).0, budget: Mutex::new(None) });
        let shared = state.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, upstream, shared.clone()));
            }
        });
        Self { address, state, accepting }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Breaks all connections now. New ones are accepted.
    pub(crate) fn cut(&self) {
        self.state.cut.notify_waiters();
    }

    /// Breaks all connections after this many more bytes, wherever in a frame that is, and repeats that `times` times.
    pub(crate) fn cut_after(&self, bytes: usize, times: usize) {
        let budget = Budget { left: bytes, each: bytes, times };
        *self.state.budget.lock().unwrap_or_else(PoisonError::into_inner) = Some(budget);
    }

    /// Breaks all connections and refuses new ones.
    pub(crate) fn shut(&self) {
        self.state.open.send_replace(false);
        self.cut();
    }

    /// Accepts connections again.
    pub(crate) fn reopen(&self) {
        self.state.open.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn carry(client: TcpStream, upstream: SocketAddr, state: Arc<State>) {
    let cut = state.cut.notified();
    if !*state.open.borrow() {
        return;
    }
    let Ok(server) = TcpStream::connect(upstream).await else { return };
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    // When either direction ends, both sockets are dropped.
    tokio::select! {
        () = cut => {}
        _ = pump(client_read, server_write, &state) => {}
        _ = pump(server_read, client_write, &state) => {}
    }
}

async fn pump(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    state: &State,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        let (allowed, is_last) = state.spend(read);
        to.write_all(&buffer[..allowed]).await?;
        if is_last {
            state.cut.notify_waiters();
            return Ok(());
        }
    }
}

impl State {
    /// How many of these bytes may pass, and whether the connections break after them.
    fn spend(&self, bytes: usize) -> (usize, bool) {
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Budget { left, each, times }) = *budget else { return (bytes, false) };
        if bytes < left {
            *budget = Some(Budget { left: left - bytes, each, times });
            return (bytes, false);
        }
        *budget = (times > 1).then_some(Budget { left: each, each, times: times.saturating_sub(1) });
        (left, true)
    }
}
