//! A TCP proxy that breaks open connections on command.
//!
//! Each connection has a [`Wire`], identified by its source address, so that disturbances can be set before the first byte.

mod pump;

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};

use self::pump::{Broken, carry};

/// The two directions of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

impl Way {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];

    fn index(self) -> usize {
        self as usize
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// As a program closes it: FIN after the data.
    Close,
    /// RST: data that was sent and not read is discarded.
    Reset,
}

/// Disturbance of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Disturbance {
    /// None: bytes are forwarded.
    #[default]
    None,
    /// Bytes are no longer read; the sender's buffers fill up.
    Stall,
    /// Bytes are read and discarded. After the first discarded byte this lasts until the connection ends, since TCP does
    /// not deliver bytes after lost ones.
    Blackhole,
    /// Forwards this number of bytes a second, at least one every 20 ms.
    Slow(u32),
    /// Breaks the connection after this number of further bytes, even in the middle of a frame.
    BreakAfter(u32, Break),
    /// Closes this direction; the other one stays open.
    HalfClose,
}

/// One connection through the proxy. Cheap to clone; outlives the connection.
#[derive(Clone, Debug)]
pub struct Wire {
    state: Arc<WireState>,
}

#[derive(Debug, Default)]
struct WireState {
    // Guards the disturbances of both directions and the end. Held only to read and write these.
    orders: Mutex<Orders>,
    /// Wakes the pump of a direction when its disturbance changes.
    changed: [Notify; 2],
    /// Wakes the connection to break it.
    broken: Notify,
}

#[derive(Debug, Default)]
struct Orders {
    disturbances: [Disturbance; 2],
    passed: [u64; 2],
    end: Option<Break>,
}

impl Wire {
    fn new() -> Self {
        Self { state: Arc::default() }
    }

    /// Sets the disturbance of one direction.
    pub fn set(&self, way: Way, disturbance: Disturbance) {
        self.orders().disturbances[way.index()] = disturbance;
        self.state.changed[way.index()].notify_one();
    }

    /// Ends the connection now. Only the first call counts.
    pub fn end(&self, how: Break) {
        self.orders().end.get_or_insert(how);
        self.state.broken.notify_one();
    }

    /// Returns whether the connection has ended or is about to end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.orders().end.is_some()
    }

    /// Returns the number of bytes forwarded in one direction.
    #[must_use]
    pub fn passed(&self, way: Way) -> u64 {
        self.orders().passed[way.index()]
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.state.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running proxy. Dropping it ends all its connections.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    wires: Wires,
    accepting: JoinHandle<()>,
}

/// The wires of open and expected connections, by source address.
type Wires = Arc<Mutex<HashMap<SocketAddr, Wire>>>;

/// Delay after a failure to accept, such as EMFILE.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Proxy {
    /// Starts a proxy on a free port of loopback.
    ///
    /// # Errors
    ///
    /// Fails if no port can be bound.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let wires = Wires::default();
        let accepting = tokio::spawn(accept(listener, upstream, wires.clone()));
        Ok(Self { addr, wires, accepting })
    }

    /// Returns the address to connect to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Returns the wire of the connection that will come from this address. Call before connecting.
    #[must_use]
    pub fn expect(&self, client: SocketAddr) -> Wire {
        let wire = Wire::new();
        lock(&self.wires).insert(client, wire.clone());
        wire
    }

    /// Returns the number of open and expected connections.
    #[must_use]
    pub fn open(&self) -> usize {
        lock(&self.wires).len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        for wire in lock(&self.wires).values() {
            wire.end(Break::Close);
        }
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, wires: Wires) {
    loop {
        match listener.accept().await {
            Ok((client, from)) => {
                let wire = lock(&wires).entry(from).or_insert_with(Wire::new).clone();
                let wires = wires.clone();
                tokio::spawn(async move {
                    connect_and_carry(client, upstream, &wire).await;
                    // A later connection from the same address has another wire.
                    let mut wires = lock(&wires);
                    if wires.get(&from).is_some_and(|known| Arc::ptr_eq(&known.state, &wire.state)) {
                        wires.remove(&from);
                    }
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn connect_and_carry(client: TcpStream, upstream: SocketAddr, wire: &Wire) {
    let Ok(server) = TcpStream::connect(upstream).await else {
        // To the client it looks like a server that is not running.
        wire.end(Break::Reset);
        let _ = socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO));
        return;
    };
    for socket in [&client, &server] {
        // If the socket is already closed, the first read fails.
        let _ = socket.set_nodelay(true);
    }
    if carry(&client, &server, wire).await == Broken(Break::Reset) {
        for socket in [&client, &server] {
            // With SO_LINGER 0, dropping the socket resets the connection.
            let _ = socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }
    wire.end(Break::Close);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
