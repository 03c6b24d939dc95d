//! The machine: what it is, and what else it does.

use std::{
    fs, io,
    process::{Command, Stdio},
    time::Duration,
};

use serde::Serialize;

/// A tick of `/proc/stat` (USER_HZ, a constant of the Linux ABI).
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// CPU time spent by everybody since the machine started, and what a hypervisor took.
pub(crate) fn busy() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let total = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = total.split_ascii_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq, steal.
    let busy: u64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| ticks.get(*at)).sum();
    Ok(TICK * u32::try_from(busy).unwrap_or(u32::MAX))
}

/// What a table should say about where it was made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    /// Processors.
    pub(crate) cpus: usize,
    /// Their model.
    pub(crate) model: String,
    /// Memory in GiB.
    pub(crate) memory_gib: u64,
    /// Kernel release.
    pub(crate) kernel: String,
    /// Version of Node, for the baselines in it. Empty where it is missing.
    pub(crate) node: String,
    /// The commit that is checked out, with `+` when something in it was changed.
    pub(crate) revision: String,
}

impl Machine {
    /// This one.
    pub(crate) fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = field(&read("/proc/meminfo"), "MemTotal");
        let kib: u64 = memory.split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
        let cpuinfo = read("/proc/cpuinfo");
        Self {
            cpus: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            model: field(&cpuinfo, "model name"),
            memory_gib: kib.div_ceil(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            node: said("node", &["--version"]),
            revision: said("git", &["describe", "--always", "--dirty=+", "--exclude=*"]),
        }
    }
}

/// What a program says, if there is such a program.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
