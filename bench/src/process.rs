//! A server under test: a process pinned to its core, and what it costs.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::clock;

/// Time a server has to listen.
const START: Duration = Duration::from_secs(20);

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    addr: SocketAddr,
}

impl Server {
    /// Starts `command`, in which `{port}` stands for the port to listen on, on these cores (a list as taskset takes it).
    /// Returns once it accepts connections.
    pub(crate) fn start(command: &[String], cores: &str) -> io::Result<Self> {
        // Free a moment ago, which is as good as can be had for programs that take a port and tell nothing back.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let words = command.iter().map(|word| word.replace("{port}", &port.to_string()));
        let child = Command::new("taskset")
            .args(["-c", cores])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, addr };
        let deadline = clock::now() + START;
        loop {
            if TcpStream::connect(addr).is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(io::Error::other(format!("the server ended at its start: {status}")));
            }
            if clock::now() > deadline {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib * 1_024).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after the wait.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of all threads of a process that are alive, softirq work on their behalf included.
pub(crate) fn cpu_of(pid: u32) -> io::Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that ended between the two reads.
        let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += stat.split_ascii_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(total))
}
