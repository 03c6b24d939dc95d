//! `auth.webhook_when`: about which clients the webhook is asked.

use serde::{Deserialize, Serialize};

/// When the webhook is asked about a client that connects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookWhen {
    /// `"no_token"`, the default: if it has neither a token nor a certificate that `auth.certificates` names.
    #[default]
    NoToken,
    /// `"always"`: if it has one, too, once that has been accepted.
    Always,
}

pub(in crate::config) const ALLOWED_WHEN: &str = "\"no_token\" or \"always\"";
