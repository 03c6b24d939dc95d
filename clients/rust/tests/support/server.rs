//! A server process of the test's own, and how tests wait.

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

/// Longest anything in these tests may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// With these settings in its environment.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_at((Ipv4Addr::LOCALHOST, 0).into(), settings).await
    }

    /// At an address; with the port 0 the system chooses one that nobody else can have meanwhile.
    pub(crate) async fn start_at(address: SocketAddr, settings: &[(&str, &str)]) -> Self {
        Self::start_logging(address, settings, Stdio::null()).await
    }

    /// With its log going there.
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
                panic!(
                    "{}: {error}; `cargo build -p wigwag-server` makes it, WIGWAG_SERVER names another",
                    binary.display()
                )
            });
        let heard = listening(process.stdout.take().expect("its output is piped"));
        // Stopped if it does not come up.
        let mut server = Self { process, address };
        match within("the server listens", heard).await {
            Ok(address) => server.address = address,
            Err(_) => panic!("the server ended at once: {:?}", server.process.wait()),
        }
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

/// Where the server says it listens. The rest of what it says is read too, so that it can go on saying it.
fn listening(output: impl Read + Send + 'static) -> oneshot::Receiver<SocketAddr> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, url) = line.split_once("listening on http://")?;
            url.split_whitespace().next()?.parse().ok()
        });
        if let Some(address) = address {
            let _ = tell.send(address);
        }
        lines.for_each(drop);
    });
    told
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
