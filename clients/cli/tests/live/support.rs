//! A server process per test, and runs of the tool.

use std::{
    env,
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// Limits every wait in these tests.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How long clients may take to begin: by default 5 s to the first byte and 10 s to the first request, within which a busy machine
/// may not finish a TLS handshake.
const BEGINNING: [&str; 4] =
    ["--set", "connections.first_byte_timeout_ms=120000", "--set", "connections.handshake_timeout_ms=120000"];

/// A secret of the tests.
pub(crate) const SECRET: &str = "a secret of the tests that has more than 32 bytes";

/// A server on a free port.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a server with these command line arguments.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let binary = server_binary();
        let mut process = Command::new(&binary)
            .args(["--listen", "127.0.0.1:0"])
            .args(BEGINNING)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: run `cargo build -p wigwag-server`, or set WIGWAG_SERVER", binary.display())
            });
        let lines = lines_of(process.stdout.take().expect("its output is piped"));
        let mut server = Self { process, address: ([127, 0, 0, 1], 0).into() };
        while let Ok(line) = lines.recv_timeout(TIMEOUT) {
            let address = line
                .split_once("listening on ")
                .and_then(|(_, rest)| rest.split_once("://")?.1.split_whitespace().next()?.parse().ok());
            if let Some(address) = address {
                server.address = address;
                return server;
            }
        }
        panic!("the server did not say where it listens: {:?}", server.process.try_wait());
    }

    /// Starts a server whose clients need a token that is signed with [`SECRET`].
    pub(crate) fn with_authentication() -> Self {
        Self::start(&["--set", &format!("auth.keys=[{{id=\"main\",secret=\"{SECRET}\"}}]")])
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops the process for this long.
    pub(crate) fn pause(&self, pause: Duration) {
        let pid = self.process.id().to_string();
        let signal = |name: &str| {
            let sent = Command::new("kill").args([name, &pid]).status();
            assert!(sent.expect("kill").success());
        };
        signal("-STOP");
        thread::sleep(pause);
        signal("-CONT");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The tool with an empty environment and an empty folder of configuration files.
pub(crate) struct Tool {
    home: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Tool {
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().expect("a folder"), environment: Vec::new() }
    }

    /// The tool for a server.
    pub(crate) fn of(server: &Server) -> Self {
        Self::new().with("WIGWAG_URL", server.url())
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Writes a file into the folder of configuration files and returns its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// Writes the file of profiles.
    pub(crate) fn profiles(&self, text: &str) -> PathBuf {
        let path = self.file("wigwag/config.toml", text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
        }
        path
    }

    fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wigwag"));
        command.args(arguments).env_clear();
        command.env("XDG_CONFIG_HOME", self.home.path()).env("HOME", self.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the tool to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Done {
        self.run_with_input(arguments, "")
    }

    /// Runs the tool to its end, with this standard input.
    pub(crate) fn run_with_input<A: AsRef<OsStr>>(&self, arguments: &[A], input: &str) -> Done {
        let mut command = self.command(arguments);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut stdin = process.stdin.take().expect("its input is piped");
        // The tool need not read it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let pid = process.id();
        let (sender, ended) = mpsc::channel();
        thread::spawn(move || sender.send(process.wait_with_output()));
        let Ok(output) = ended.recv_timeout(TIMEOUT) else {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
            panic!("the tool did not end");
        };
        Done::new(output.expect("its output"))
    }

    /// Starts the tool, which goes on.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Running {
        let mut command = self.command(arguments);
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tool starts");
        let lines = lines_of(process.stdout.take().expect("its output is piped"));
        Running { process, lines }
    }
}

/// What a run printed.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    fn new(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().expect("an exit code"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Expects success and returns what it printed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// Expects success and returns the JSON that it printed.
    #[track_caller]
    pub(crate) fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Expects a failure with this exit code, with nothing on standard output, and returns standard error.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!((self.code, &*self.stdout), (code, ""), "{}", self.stderr);
        assert!(!self.stderr.is_empty());
        self.stderr
    }
}

/// A run that goes on; it is ended when it is dropped.
pub(crate) struct Running {
    process: Child,
    lines: mpsc::Receiver<String>,
}

impl Running {
    /// Waits for the next line.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(TIMEOUT).expect("a line of the tool")
    }

    /// Waits for the next line that contains `text`.
    #[track_caller]
    pub(crate) fn line_with(&self, text: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(TIMEOUT) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {text:?} but {seen:#?}");
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().expect("its input is piped");
        writeln!(stdin, "{line}").expect("the tool reads");
    }

    /// Ends its input and waits for its exit code.
    pub(crate) fn end(mut self) -> i32 {
        drop(self.process.stdin.take());
        while self.lines.recv_timeout(TIMEOUT).is_ok() {}
        self.process.wait().expect("an exit code").code().expect("an exit code")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines_of(output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Read to the end even when no one waits, so that the process does not block.
            let _ = sender.send(line);
        }
    });
    lines
}

fn server_binary() -> PathBuf {
    if let Some(path) = env::var_os("WIGWAG_SERVER") {
        return path.into();
    }
    // The tests are in `deps`, below the folder of the binaries.
    let tests = env::current_exe().expect("the path of the test");
    let folder = tests.parent().and_then(|deps| deps.parent()).expect("a folder of binaries");
    folder.join(format!("wigwag-server{}", env::consts::EXE_SUFFIX))
}
