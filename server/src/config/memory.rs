//! How much memory the process may use, from which the default of `session.max_sessions` follows.

use std::{fs, path::Path};

/// What a session without a connection takes, with its place in a room, rounded up.
const BYTES_PER_SESSION: u64 = 16 * 1024;

/// The memory limit if it cannot be read.
const UNKNOWN: u64 = 1 << 30;

/// Returns how many sessions fit into half of the memory, at least 1,000.
pub(super) fn default_max_sessions(memory: u64) -> usize {
    usize::try_from(memory / 2 / BYTES_PER_SESSION).unwrap_or(usize::MAX).max(1_000)
}

/// Returns the memory that this process may use: the limit of its control group, or the machine's memory if that is less.
pub(super) fn memory_limit() -> u64 {
    let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let root = Path::new("/sys/fs/cgroup");
    // Version 2 has one line, `0::/path`; in a container the path of the group may be hidden, and its limit is at the root.
    let paths = group.lines().filter_map(|line| line.rsplit_once(':')).map(|(_, path)| path.trim_start_matches('/'));
    let limits = paths.chain([""]).flat_map(|path| {
        [root.join(path).join("memory.max"), root.join("memory").join(path).join("memory.limit_in_bytes")]
    });
    let limits = limits.filter_map(|path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    let total = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_total(&text));
    limits.chain(total).min().unwrap_or(UNKNOWN)
}

fn mem_total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_machine_holds_some_sessions_and_a_large_one_many() {
        assert_eq!(default_max_sessions(0), 1_000);
        assert_eq!(default_max_sessions(2 << 30), 65_536);
        assert!(memory_limit() > 1 << 20);
        assert_eq!(mem_total("MemTotal:       24579120 kB\nMemFree: 1 kB\n"), Some(24_579_120 * 1024));
        assert_eq!(mem_total("MemFree: 1 kB\n"), None);
    }
}
