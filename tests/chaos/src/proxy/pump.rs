//! Forwards the bytes of one connection, and breaks it as ordered.

use std::{future::pending, io, net::Shutdown, time::Duration};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep, sleep_until},
};

use super::{Break, Disturbance, Way, Wire};

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) Break);

const BUFFER: usize = 16 * 1024;

/// How long one direction may stay open after the other, if a peer never closes its side.
const LINGER: Duration = Duration::from_secs(60);

/// Forwards bytes in both directions until both have ended or the wire is broken.
pub(super) async fn carry(client: &TcpStream, server: &TcpStream, wire: &Wire) -> Broken {
    let mut up = std::pin::pin!(pump(client, server, wire, Way::Up));
    let mut down = std::pin::pin!(pump(server, client, wire, Way::Down));
    let (mut up_ended, mut down_ended) = (false, false);
    let mut give_up = Instant::now() + LINGER;
    while !(up_ended && down_ended) {
        if let Some(how) = wire.orders().end {
            return Broken(how);
        }
        tokio::select! {
            () = wire.state.broken.notified() => {}
            ended = &mut up, if !up_ended => {
                if ended.is_err() {
                    return Broken(Break::Reset);
                }
                (up_ended, give_up) = (true, Instant::now() + LINGER);
            }
            ended = &mut down, if !down_ended => {
                if ended.is_err() {
                    return Broken(Break::Reset);
                }
                (down_ended, give_up) = (true, Instant::now() + LINGER);
            }
            () = sleep_until(give_up), if up_ended || down_ended => return Broken(Break::Reset),
        }
    }
    Broken(wire.orders().end.unwrap_or(Break::Close))
}

/// Forwards one direction. Returns `Ok` after the sender's FIN, which is forwarded, and an error if either socket fails.
async fn pump(from: &TcpStream, to: &TcpStream, wire: &Wire, way: Way) -> io::Result<()> {
    let changed = &wire.state.changed[way.index()];
    let mut buffer = vec![0; BUFFER];
    let mut lost = false;
    loop {
        let mut disturbance = wire.orders().disturbances[way.index()];
        if lost && matches!(disturbance, Disturbance::None | Disturbance::Slow(_)) {
            disturbance = Disturbance::Blackhole;
        }
        let most = match disturbance {
            Disturbance::Stall => {
                changed.notified().await;
                continue;
            }
            Disturbance::HalfClose => {
                shut(to)?;
                pending::<()>().await;
                continue;
            }
            Disturbance::BreakAfter(left, how) if left == 0 || lost => {
                wire.end(how);
                pending::<()>().await;
                continue;
            }
            Disturbance::BreakAfter(left, _) => BUFFER.min(left as usize),
            Disturbance::Slow(per_second) => BUFFER.min((per_second / 50).max(1) as usize),
            Disturbance::None | Disturbance::Blackhole => BUFFER,
        };
        tokio::select! {
            // An order applies to every byte that is sent after it.
            biased;
            () = changed.notified() => continue,
            ready = from.readable() => ready?,
        }
        let count = match from.try_read(&mut buffer[..most]) {
            Ok(0) => return shut(to),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        };
        if disturbance == Disturbance::Blackhole {
            lost = true;
            continue;
        }
        write_all(to, &buffer[..count]).await?;
        {
            let mut orders = wire.orders();
            orders.passed[way.index()] += count as u64;
            // Unless another disturbance has been set meanwhile.
            if let Disturbance::BreakAfter(left, how) = disturbance
                && orders.disturbances[way.index()] == disturbance
            {
                let left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
                orders.disturbances[way.index()] = Disturbance::BreakAfter(left, how);
            }
        }
        if let Disturbance::Slow(_) = disturbance {
            sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn write_all(to: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        to.writable().await?;
        match to.try_write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Forwards a FIN.
fn shut(socket: &TcpStream) -> io::Result<()> {
    match socket2::SockRef::from(socket).shutdown(Shutdown::Write) {
        // The socket is already closed.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        other => other,
    }
}
