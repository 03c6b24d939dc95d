//! A TCP proxy that breaks connections on command, while they run.
//!
//! Each connection has a [`Wire`], known by the address it comes from, so that faults can be set before its first byte.

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
    /// As a program closes it: FIN behind what was sent.
    Close,
    /// RST: what was sent and not read is thrown away.
    Reset,
}

/// What happens to one direction from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: bytes pass.
    #[default]
    None,
    /// Bytes are not read any more; the sender's buffers fill up.
    Stall,
    /// Bytes are read and thrown away. Once one is gone this lasts until the connection ends: no network lets bytes pass
    /// behind bytes it lost.
    Blackhole,
    /// So many bytes pass in a second, at least one every 20 ms.
    Slow(u32),
    /// After so many more bytes, wherever in a frame that is, the whole connection breaks.
    BreakAfter(u32, Break),
    /// The receiver is told that nothing more comes; the other direction stays.
    HalfClose,
}

/// One connection through the proxy. Cheap to clone; outlives the connection.
#[derive(Clone, Debug)]
pub struct Wire {
    state: Arc<WireState>,
}

#[derive(Debug, Default)]
struct WireState {
    // Guards the faults of both directions and the end. Held for reads and writes of these only.
    orders: Mutex<Orders>,
    /// Wakes the pump of a direction when its fault changes.
    changed: [Notify; 2],
    /// Wakes the connection when it is to break.
    broken: Notify,
}

#[derive(Debug, Default)]
struct Orders {
    faults: [Fault; 2],
    passed: [u64; 2],
    end: Option<Break>,
}

impl Wire {
    fn new() -> Self {
        Self { state: Arc::default() }
    }

    /// Sets what happens to one direction from now on.
    pub fn set(&self, way: Way, fault: Fault) {
        self.orders().faults[way.index()] = fault;
        self.state.changed[way.index()].notify_one();
    }

    /// Ends the connection now. The first end counts.
    pub fn end(&self, how: Break) {
        self.orders().end.get_or_insert(how);
        self.state.broken.notify_one();
    }

    /// Whether the connection has ended, or is about to.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.orders().end.is_some()
    }

    /// Bytes that have passed in one direction.
    #[must_use]
    pub fn passed(&self, way: Way) -> u64 {
        self.orders().passed[way.index()]
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.state.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running proxy. Dropping it ends all of its connections.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    wires: Wires,
    accepting: JoinHandle<()>,
}

/// The wires of connections that are to come or open, by where they come from.
type Wires = Arc<Mutex<HashMap<SocketAddr, Wire>>>;

/// Pause after a failure to accept, such as having no file descriptor left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl Proxy {
    /// Starts a proxy on a free port of loopback.
    ///
    /// # Errors
    ///
    /// When no port can be bound.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let wires = Wires::default();
        let accepting = tokio::spawn(accept(listener, upstream, wires.clone()));
        Ok(Self { addr, wires, accepting })
    }

    /// Where clients connect to.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The wire of the connection that will come from this address. To be asked for before connecting.
    #[must_use]
    pub fn expect(&self, client: SocketAddr) -> Wire {
        let wire = Wire::new();
        lock(&self.wires).insert(client, wire.clone());
        wire
    }

    /// Connections open now, or expected.
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
                    // Not the wire of a later connection from the same address.
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
        // Seen by the client as a server that is not there.
        wire.end(Break::Reset);
        let _ = socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO));
        return;
    };
    for socket in [&client, &server] {
        // A socket that is gone already shows it at the first read.
        let _ = socket.set_nodelay(true);
    }
    if carry(&client, &server, wire).await == Broken(Break::Reset) {
        for socket in [&client, &server] {
            // With a zero linger the drop below resets the connection.
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
