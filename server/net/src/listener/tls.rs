//! Accepts connections that speak TLS.

mod rejection;
mod stream;

use std::{io, net::SocketAddr, sync::Arc};

use tokio::net::TcpListener;

pub use self::stream::TlsStream;
use super::Accept;
use crate::tls::TlsContext;

/// A source of connections that speak TLS. The handshake is part of serving a connection, within its deadlines: accepting
/// does not wait for it.
#[derive(Debug)]
pub struct TlsListener {
    tcp: TcpListener,
    context: Arc<TlsContext>,
}

impl TlsListener {
    /// Accepts the connections of `tcp`.
    pub fn new(tcp: TcpListener, context: Arc<TlsContext>) -> Self {
        Self { tcp, context }
    }
}

impl Accept for TlsListener {
    type Io = TlsStream;

    async fn accept(&mut self) -> io::Result<(TlsStream, SocketAddr)> {
        let (tcp, peer) = self.tcp.accept().await?;
        Ok((TlsStream::new(tcp, self.context.clone()), peer))
    }
}
