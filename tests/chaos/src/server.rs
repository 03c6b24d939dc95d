//! The server under test, in this process or as a separate process.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpListener,
    process::{Child, Command},
    sync::oneshot,
    task::JoinHandle,
    time::timeout,
};
use wigwag_server::{
    app::{self, ServeError},
    config::{Config, Overrides},
};

/// Time limit for a process to print its address.
const START: Duration = Duration::from_secs(30);

/// A server in this process. Dropping it begins its drain.
#[derive(Debug)]
pub struct InProcess {
    /// Its address.
    pub addr: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), ServeError>>,
}

const ENGINE_SETTING: &str = "WIGWAG_HTTP2__ENGINE";

/// The HTTP/2 engine the suites run with, when it is not the default.
fn engine() -> Option<String> {
    std::env::var("WIGWAG_TEST_HTTP2_ENGINE").ok()
}

impl InProcess {
    /// Starts a server on a free port of loopback.
    ///
    /// # Errors
    ///
    /// Fails if no port can be bound.
    pub async fn start(change: impl FnOnce(&mut Config)) -> io::Result<Self> {
        let settings = engine().map(|engine| (ENGINE_SETTING.to_owned(), engine)).into_iter().collect();
        let mut config = Config::load(&Overrides::default(), &settings).map_err(io::Error::other)?;
        config.node_name = "chaos".to_owned();
        config.drain.timeout_ms = 1_000;
        change(&mut config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(app::serve(config, listener, async {
            let _ = stopped.await;
        }));
        Ok(Self { addr, stop, served })
    }

    /// Drains the server and waits until it has stopped.
    ///
    /// # Errors
    ///
    /// Returns the server's error.
    pub async fn stop(self) -> Result<(), ServeError> {
        let _ = self.stop.send(());
        match self.served.await {
            Ok(served) => served,
            // The task is never cancelled, so it has panicked.
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }
}

/// A server process. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    /// Its address.
    pub addr: SocketAddr,
    child: Child,
}

impl Process {
    /// Starts the binary with these settings (`key=value`), logging errors only, and waits until it listens.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be started, or ends before it listens.
    pub async fn start(binary: &Path, listen: SocketAddr, settings: &[String]) -> io::Result<Self> {
        let mut command = Command::new(binary);
        command.args(["--listen", &listen.to_string(), "--log-level", "error"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        command.env_clear();
        if let Some(engine) = engine() {
            command.env(ENGINE_SETTING, engine);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let Some(stdout) = child.stdout.take() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let mut lines = BufReader::new(stdout).lines();
        let addr = timeout(START, async {
            while let Some(line) = lines.next_line().await? {
                let addr = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
                if let Some(addr) = addr.and_then(|addr| addr.parse().ok()) {
                    return Ok(addr);
                }
            }
            Err(io::Error::other("the server ended before it listened"))
        });
        let addr = addr.await.map_err(|_| io::ErrorKind::TimedOut)??;
        // Further output must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { addr, child })
    }

    /// Returns the resident memory in bytes.
    ///
    /// # Errors
    ///
    /// Fails if the process has ended, or on systems other than Linux.
    pub fn resident_bytes(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        kib.map(|kib: u64| kib * 1024).ok_or_else(|| io::Error::other("no VmRSS"))
    }

    /// Sends SIGTERM, which starts a drain.
    ///
    /// # Errors
    ///
    /// Fails if the process has ended.
    pub async fn terminate(&self) -> io::Result<()> {
        let sent = Command::new("kill").args(["-s", "TERM", &self.id()?.to_string()]).status().await?;
        if sent.success() { Ok(()) } else { Err(io::Error::other("kill failed")) }
    }

    /// Waits until the process has ended.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    fn id(&self) -> io::Result<u32> {
        self.child.id().ok_or_else(|| io::Error::other("the server has ended"))
    }
}
