//! The machine: its description, and how busy it is.

use std::{
    fs, io,
    process::{Command, Stdio},
    time::Duration,
};

use serde::Serialize;

/// A tick of `/proc/stat` (USER_HZ, a constant of the Linux ABI).
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Returns the CPU time of all processes since the machine started, and the time a hypervisor took.
pub(crate) fn busy() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let total = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = total.split_ascii_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq, steal.
    let busy: u64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| ticks.get(*at)).sum();
    Ok(TICK * u32::try_from(busy).unwrap_or(u32::MAX))
}

/// The machine a table was made on.
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
    /// The commit that is checked out, with `+` if the tree has changes.
    pub(crate) revision: String,
}

impl Machine {
    /// Describes this machine.
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
            node: output_of("node", &["--version"]),
            revision: output_of("git", &["describe", "--always", "--dirty=+", "--exclude=*"]),
        }
    }
}

/// Returns what a program prints, or nothing if there is no such program.
fn output_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stderr(Stdio::null()).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}
