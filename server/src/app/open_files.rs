//! How many files the process may open, which bounds how many connections it can hold.

use crate::config::Config;

/// Files kept for other uses than connections: logs, timers, listeners, the backend.
const KEPT: u64 = 512;

/// Raises the limit of open files to what the system allows, and lowers `connections.max` to fit under it.
pub fn raise_open_files(config: &mut Config) {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            return;
        }
    };
    let room = connections_under(limit);
    if config.connections.max > room {
        let (asked, lowered) = (config.connections.max, room);
        tracing::warn!(open_files = limit, asked, lowered, "connections.max is lowered: too few files may be opened");
        config.connections.max = lowered;
    }
}

/// Connections that fit under a limit of open files. Under a limit so low that nothing would remain, a quarter of it.
fn connections_under(limit: u64) -> usize {
    let room = limit.saturating_sub(KEPT).max(limit / 4).max(1);
    usize::try_from(room).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::connections_under;

    #[test]
    fn files_are_kept_for_other_uses() {
        assert_eq!(connections_under(1_048_576), 1_048_064);
        assert_eq!(connections_under(1024), 512);
        assert_eq!(connections_under(100), 25);
        assert_eq!(connections_under(0), 1);
    }
}
