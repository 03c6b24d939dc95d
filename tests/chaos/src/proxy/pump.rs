//! Carrying the bytes of one connection, and breaking it as told.

use std::{future::pending, io, net::Shutdown, time::Duration};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep, sleep_until},
};

use super::{Break, Fault, Way, Wire};

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) Break);

const BUFFER: usize = 16 * 1024;

/// How long one direction may stay open behind the other, as for a peer that never closes its side.
const LINGER: Duration = Duration::from_secs(60);

/// Carries bytes both ways until both directions have ended or the wire is to break.
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

/// One direction. Ends with `Ok` behind the sender's FIN, which is passed on; with an error when either side is gone.
async fn pump(from: &TcpStream, to: &TcpStream, wire: &Wire, way: Way) -> io::Result<()> {
    let changed = &wire.state.changed[way.index()];
    let mut buffer = vec![0; BUFFER];
    let mut lost = false;
    loop {
        let mut fault = wire.orders().faults[way.index()];
        if lost && matches!(fault, Fault::None | Fault::Slow(_)) {
            fault = Fault::Blackhole;
        }
        let most = match fault {
            Fault::Stall => {
                changed.notified().await;
                continue;
            }
            Fault::HalfClose => {
                shut(to)?;
                pending::<()>().await;
                continue;
            }
            Fault::BreakAfter(left, how) if left == 0 || lost => {
                wire.end(how);
                pending::<()>().await;
                continue;
            }
            Fault::BreakAfter(left, _) => BUFFER.min(left as usize),
            Fault::Slow(per_second) => BUFFER.min((per_second / 50).max(1) as usize),
            Fault::None | Fault::Blackhole => BUFFER,
        };
        tokio::select! {
            // An order counts for every byte that is sent after it.
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
        if fault == Fault::Blackhole {
            lost = true;
            continue;
        }
        write_all(to, &buffer[..count]).await?;
        {
            let mut orders = wire.orders();
            orders.passed[way.index()] += count as u64;
            // Unless another fault has been set in the meantime.
            if let Fault::BreakAfter(left, how) = fault
                && orders.faults[way.index()] == fault
            {
                let left = left.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
                orders.faults[way.index()] = Fault::BreakAfter(left, how);
            }
        }
        if let Fault::Slow(_) = fault {
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

/// Passes a FIN on.
fn shut(socket: &TcpStream) -> io::Result<()> {
    match socket2::SockRef::from(socket).shutdown(Shutdown::Write) {
        // Gone already: that is as much as can be said to it.
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        other => other,
    }
}
