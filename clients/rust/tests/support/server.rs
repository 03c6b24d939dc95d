//! A server process per test, and timeouts.

use std::{
    future::Future,
    io::{BufRead as _, BufReader, Read},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

/// Limits every wait in these tests.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server with these environment variables.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), settings).await
    }

    /// Starts a server at an address; for port 0 the operating system chooses a free port.
    pub(crate) async fn start_at(address: SocketAddr, settings: &[(&str, &str)]) -> Self {
        Self::start_logging(address, settings, Stdio::null()).await
    }

    /// Starts a server whose log goes to `log`.
    pub(crate) async fn start_logging(address: SocketAddr, settings: &[(&str, &str)], log: Stdio) -> Self {
        let binary = binary();
        let mut process = Command::new(&binary)
            .arg("--listen")
            .arg(address.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: run `cargo build -p wigwag-server`, or set WIGWAG_SERVER", binary.display())
            });
        let listening = listening(process.stdout.take().expect("its output is piped"));
        // Dropping it kills the process if it does not start.
        let mut server = Self { process, address };
        match within("the server listens", listening).await {
            Ok(address) => server.address = address,
            Err(_) => panic!("the server exited at startup: {:?}", server.process.wait()),
        }
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends SIGTERM and waits until the process has exited.
    pub(crate) async fn drain(mut self) -> SocketAddr {
        let asked = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.process.id())).status();
        assert!(asked.expect("a shell").success());
        within("the server has gone", async {
            while self.process.try_wait().expect("a child process").is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        self.address
    }

    /// Kills the process, as a crash would.
    pub(crate) fn kill(mut self) -> SocketAddr {
        self.end();
        self.address
    }

    fn end(&mut self) {
        // Fails if the process has exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads the address from the output of the server. Keeps reading, so that the pipe does not fill up.
fn listening(output: impl Read + Send + 'static) -> oneshot::Receiver<SocketAddr> {
    let (sender, address) = oneshot::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, url) = line.split_once("listening on http://")?;
            url.split_whitespace().next()?.parse().ok()
        });
        if let Some(address) = address {
            let _ = sender.send(address);
        }
        lines.for_each(drop);
    });
    address
}

fn binary() -> PathBuf {
    std::env::var_os("WIGWAG_SERVER").map(PathBuf::from).unwrap_or_else(|| {
        // This test is `target/<profile>/deps/<test>-<hash>`.
        let test = std::env::current_exe().expect("path of this test");
        test.ancestors().nth(2).expect("a build folder").join("wigwag-server")
    })
}

pub(crate) async fn within<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    timeout(TIMEOUT, awaited).await.unwrap_or_else(|_| panic!("timed out after {TIMEOUT:?}: {what}"))
}
