//! A server under test: a process pinned to its cores, and what it costs.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use rustls::ClientConfig;

use crate::{clock, tls::Certificate};

/// Time a server has until it listens. Under valgrind it needs some seconds.
const START: Duration = Duration::from_secs(60);

/// A running server. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    addr: SocketAddr,
    counts_instructions: bool,
    /// Dropped after the process.
    certificate: Option<Certificate>,
}

impl Server {
    /// Starts `command`, in which `{port}` stands for the port to listen on, and `{cert}` and `{key}`, for a server that speaks
    /// TLS, for the files of a certificate, on these cores (a list as taskset takes it).
    /// Returns once it accepts connections. `counts_instructions` says that the command runs it under callgrind.
    pub(crate) fn start(command: &[String], cores: &str, counts_instructions: bool) -> io::Result<Self> {
        // Another program may take the port before the server does: it is only known to be free at this moment.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let with_tls = command.iter().any(|word| word.contains("{cert}"));
        let certificate = with_tls.then(|| Certificate::new(&port.to_string())).transpose()?;
        let (cert, key) = certificate.as_ref().map(|files| (&*files.cert, &*files.key)).unzip();
        let path = |path: Option<&Path>| path.map(|path| path.display().to_string()).unwrap_or_default();
        let values = [("{port}", port.to_string()), ("{cert}", path(cert)), ("{key}", path(key))];
        let words = command
            .iter()
            .map(|word| values.iter().fold(word.clone(), |word, (name, value)| word.replace(name, value)));
        let child = Command::new("taskset")
            .args(["-c", cores])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let mut server = Self { child, addr, counts_instructions, certificate };
        let deadline = clock::now() + START;
        loop {
            if TcpStream::connect(addr).is_ok() {
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                return Err(io::Error::other(format!("the server ended before it listened: {status}")));
            }
            if clock::now() > deadline {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("the server did not listen within {} s", START.as_secs()),
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The address it listens on.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What its clients need to speak TLS, if it does.
    pub(crate) fn tls(&self) -> Option<Arc<ClientConfig>> {
        self.certificate.as_ref().map(|certificate| certificate.client.clone())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it runs under callgrind.
    pub(crate) fn counts_instructions(&self) -> bool {
        self.counts_instructions
    }

    /// Returns its resident memory in bytes.
    pub(crate) fn memory(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib * 1_024).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails if the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the CPU time of all live threads of a process, softirq work on their behalf included.
pub(crate) fn cpu_of(pid: u32) -> io::Result<Duration> {
    let mut total = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread that ended between the two reads.
        let Ok(stat) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        total += stat.split_ascii_whitespace().next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(total))
}
