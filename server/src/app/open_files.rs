//! The limit of open files (RLIMIT_NOFILE), which bounds the number of connections.

use crate::config::Config;

/// Files reserved for uses other than connections: logs, timers, listeners, the backend.
const RESERVED: u64 = 512;

/// Raises the limit of open files to what the system allows, and lowers `connections.max` to fit under it.
pub fn raise_open_files(config: &mut Config) {
    let limit = match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => limit,
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            return;
        }
    };
    let fit = connections_under(limit);
    if config.connections.max > fit {
        let (configured, lowered) = (config.connections.max, fit);
        tracing::warn!(
            open_files = limit,
            configured,
            lowered,
            "connections.max lowered to fit the limit of open files: raise it with ulimit -n"
        );
        config.connections.max = lowered;
    }
}

/// Returns the number of connections that fit under a limit of open files: at least a quarter of it.
fn connections_under(limit: u64) -> usize {
    let fit = limit.saturating_sub(RESERVED).max(limit / 4).max(1);
    usize::try_from(fit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::connections_under;

    #[test]
    fn files_are_reserved_for_other_uses() {
        assert_eq!(connections_under(1_048_576), 1_048_064);
        assert_eq!(connections_under(1024), 512);
        assert_eq!(connections_under(100), 25);
        assert_eq!(connections_under(0), 1);
    }
}
