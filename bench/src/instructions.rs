//! The instructions a server executes, counted by callgrind and read through vgdb.
//!
//! The server runs under `valgrind --tool=callgrind --instr-atstart=no`: what it does before [`start`] is not counted.

use std::{
    io,
    process::{Command, Stdio},
};

/// Starts counting.
pub(crate) fn start(pid: u32) -> io::Result<()> {
    vgdb(pid, "instrumentation on").map(drop)
}

/// Returns the user-space instructions of all threads since [`start`]. The kernel's are not counted.
pub(crate) fn read(pid: u32) -> io::Result<u64> {
    let status = vgdb(pid, "status internal")?;
    total(&status).ok_or_else(|| io::Error::other(format!("callgrind's status has no counters: {status:?}")))
}

fn vgdb(pid: u32, command: &str) -> io::Result<String> {
    let output = Command::new("vgdb").arg(format!("--pid={pid}")).arg(command).stdin(Stdio::null()).output();
    let output = output.map_err(|error| io::Error::new(error.kind(), format!("vgdb (of valgrind): {error}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("vgdb --pid={pid} {command}: {}", error.trim())))
}

/// Sums the lines `events-THREAD: COUNT`. Lines `events-THREAD-FRAME` are parts of them.
fn total(status: &str) -> Option<u64> {
    let of_thread = |line: &str| {
        let (thread, count) = line.strip_prefix("events-")?.split_once(": ")?;
        thread.parse::<u32>().ok()?;
        count.trim().parse::<u64>().ok()
    };
    let mut counts = status.lines().filter_map(of_thread).peekable();
    counts.peek()?;
    Some(counts.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_summed_and_frames_are_not() {
        let status = "events: Ir\nthreads: 2\nevents-1: 1000\nframes-1: 1\nevents-1-0: 600\nevents-3: 24\n";
        assert_eq!(total(status), Some(1_024));
        assert_eq!(total("No status available as instrumentation is switched off\n"), None);
    }
}
