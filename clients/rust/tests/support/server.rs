//! A server process of the test's own, and how tests wait.

use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, time::timeout};

/// Longest anything in these tests may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// With these settings in its environment.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr()).expect("a free port");
        Self::start_at(port, settings).await
    }

    pub(crate) async fn start_at(address: SocketAddr, settings: &[(&str, &str)]) -> Self {
        Self::start_logging(address, settings, Stdio::null()).await
    }

    /// With its log going there.
    pub(crate) async fn start_logging(address: SocketAddr, settings: &[(&str, &str)], log: Stdio) -> Self {
        let binary = binary();
        let process = Command::new(&binary)
            .arg("--listen")
            .arg(address.to_string())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{}: {error}; `cargo build -p wigwag-server` makes it, WIGWAG_SERVER names another",
                    binary.display()
                )
            });
        let mut server = Self { process, address };
        within("the server listens", async {
            while TcpStream::connect(address).await.is_err() {
                if let Some(status) = server.process.try_wait().expect("a child process") {
                    panic!("the server ended at once: {status}");
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await;
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks the process to go, and waits until it has.
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

    /// Ends the process without warning, as a crash would.
    pub(crate) fn kill(mut self) -> SocketAddr {
        self.end();
        self.address
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn binary() -> PathBuf {
    std::env::var_os("WIGWAG_SERVER").map(PathBuf::from).unwrap_or_else(|| {
        // This test is `target/<profile>/deps/<test>-<hash>`.
        let test = std::env::current_exe().expect("path of this test");
        test.ancestors().nth(2).expect("a build folder").join("wigwag-server")
    })
}

pub(crate) async fn within<T>(what: &str, awaited: impl Future<Output = T>) -> T {
    timeout(PATIENCE, awaited).await.unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain until {what}"))
}
