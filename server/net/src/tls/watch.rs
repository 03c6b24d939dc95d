//! Replaces the certificate when its files change.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::spawn_blocking,
    time::{Instant, sleep},
};

use super::{TlsContext, config::CertificateSource, files::unix_now};

/// How often the files are read. Their times of change are not trusted: a file may be replaced by an older one, through a
/// link, or on a file system with coarse times.
const INTERVAL: Duration = Duration::from_secs(2);

/// A certificate that expires within this time is warned about.
const WARN_BEFORE: i64 = 7 * 24 * 3600;

/// How often the warning is repeated.
const WARN_INTERVAL: Duration = Duration::from_secs(12 * 3600);

impl TlsContext {
    /// Reads the files every two seconds, and at once when `reread` is notified; new connections get what they hold. A
    /// replacement that cannot be used is logged once, and the certificate before stays in use. Never returns.
    pub async fn watch(self: Arc<Self>, reread: Arc<Notify>) {
        let mut next_warning = Instant::now();
        loop {
            if Instant::now() >= next_warning && self.expires_soon() {
                next_warning = Instant::now() + WARN_INTERVAL;
                tracing::warn!(days = self.days_left(), "the TLS certificate expires soon: renew it");
            }
            tokio::select! {
                () = sleep(INTERVAL) => {}
                () = reread.notified() => {}
            }
            let context = self.clone();
            // The file system may be slow.
            match spawn_blocking(move || context.reload()).await {
                Ok(Ok(true)) => {
                    next_warning = Instant::now();
                    tracing::info!(
                        days = self.days_left(),
                        "TLS certificate replaced: new connections get the new one"
                    );
                }
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(%error, "TLS certificate not replaced: the one before stays in use"),
                Err(error) => tracing::warn!(%error, "TLS certificate not read"),
            }
        }
    }

    fn expires_soon(&self) -> bool {
        matches!(self.config.certificate, CertificateSource::Files { .. }) && self.expires() - unix_now() < WARN_BEFORE
    }

    fn days_left(&self) -> i64 {
        (self.expires() - unix_now()) / (24 * 3600)
    }
}
