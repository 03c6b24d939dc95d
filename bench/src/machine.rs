//! The machine: what it is, and what else it does.

use std::{fs, io, time::Duration};

use serde::Serialize;

/// Ticks a second in `/proc/stat` (USER_HZ, a constant of the Linux ABI).
const TICK: Duration = Duration::from_millis(10);

/// CPU time spent by everybody since the machine started.
pub(crate) fn busy() -> io::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat")?;
    let total = stat.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = total.split_ascii_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user, nice, system, (idle, iowait,) irq, softirq; what a hypervisor stole is nobody's work here.
    let busy: u64 = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum();
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
        }
    }
}
