//! Asks the application's server about clients: one POST for each question, whose answer may be remembered for a while.

mod answer;
mod cache;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use serde::Serialize;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use wigwag_node::auth::{AskWebhook, Question, Webhook, WebhookAnswer, WebhookEvent, WebhookUnavailable};

use self::{
    answer::{AnswerError, Read},
    cache::Cache,
};
use super::stats::AuthStats;
use crate::{
    config::{AuthSection, ConfigErrors, WebhookWhen},
    fetch::{Call, FetchError, HttpClient},
};

/// The number of the form of questions and answers.
const VERSION: u32 = 1;

/// Questions that may wait for their turn; further ones are not asked.
const MAX_WAITING: usize = 16_384;

/// Least time between two lines of the log about questions that were not answered.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Asks one URL.
pub(super) struct WebhookClient {
    client: HttpClient,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    /// Questions under way.
    permits: Semaphore,
    waiting: AtomicUsize,
    cache: Cache,
    stats: Arc<AuthStats>,
    failures: Mutex<Failures>,
}

/// What was not answered.
#[derive(Default)]
struct Failures {
    logged_at: Option<Instant>,
    /// Since that line.
    count: u64,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("too many questions wait for it")]
    Crowded,
    #[error("no answer within {} ms, which auth.webhook_timeout_ms allows", .0.as_millis())]
    Timeout(Duration),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// The body of a request. Two that are the same have the same answer.
#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    event: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    user: &'a str,
    user_verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    transport: &'a str,
    client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<std::net::IpAddr>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    headers: serde_json::Map<String, serde_json::Value>,
}

/// Returns the webhook of the configuration, if there is one.
pub(super) fn webhook(section: &AuthSection, stats: &Arc<AuthStats>) -> Result<Option<Webhook>, ConfigErrors> {
    let Some(url) = section.webhook().map_err(|error| ConfigErrors::one("auth.webhook_url", error))? else {
        return Ok(None);
    };
    let wrong_secret = |error| ConfigErrors::one("auth.webhook_secret", error);
    let secret = section.read_webhook_secret().map_err(wrong_secret)?;
    let authorization = match secret.expose() {
        "" => None,
        secret => {
            let mut value = HeaderValue::try_from(format!("Bearer {secret}"))
                .map_err(|_| wrong_secret("must be printable ASCII characters without spaces".to_owned()))?;
            value.set_sensitive(true);
            Some(value)
        }
    };
    let timeout = Duration::from_millis(section.webhook_timeout_ms.into());
    let concurrency = usize::try_from(section.webhook_concurrency).unwrap_or(1);
    let client = WebhookClient {
        client: HttpClient::new(url, section.webhook_trust()?, timeout, concurrency),
        authorization,
        timeout,
        permits: Semaphore::new(concurrency),
        waiting: AtomicUsize::new(0),
        cache: Cache::default(),
        stats: stats.clone(),
        failures: Mutex::default(),
    };
    Ok(Some(Webhook {
        asks: Arc::new(client),
        always: section.webhook_when == WebhookWhen::Always,
        joins: section.webhook_joins,
        addresses: section.webhook_addresses,
        headers: section.webhook_headers.clone().into(),
    }))
}

impl WebhookClient {
    async fn answer(&self, question: Question<'_>, now_ms: u64) -> Result<WebhookAnswer, WebhookUnavailable> {
        let body = serde_json::to_vec(&Body::of(&question)).map_err(|_| WebhookUnavailable)?;
        let key = Cache::key(&body);
        if let Some(known) = self.cache.find(&key, now_ms) {
            self.stats.count_webhook(Some(&known), true);
            return Ok(known);
        }
        let asked = match timeout(self.timeout, self.ask_once(body.into(), question.user, now_ms)).await {
            Ok(asked) => asked,
            Err(_) => Err(AskError::Timeout(self.timeout)),
        };
        match asked {
            Ok(Read { answer, cache_ms }) => {
                self.stats.count_webhook(Some(&answer), false);
                if cache_ms > 0 {
                    self.cache.insert(key, answer.clone(), now_ms, cache_ms);
                }
                Ok(answer)
            }
            Err(error) => {
                self.stats.count_webhook(None, false);
                self.log_failure(&error);
                Err(WebhookUnavailable)
            }
        }
    }

    async fn ask_once(&self, body: Bytes, user: &str, now_ms: u64) -> Result<Read, AskError> {
        let _place = Place::take(&self.waiting).ok_or(AskError::Crowded)?;
        // Never closed.
        let _permit = self.permits.acquire().await.map_err(|_| AskError::Crowded)?;
        let json = HeaderValue::from_static("application/json");
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json.clone()), (ACCEPT, json)]);
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        let answer = self.client.send(&Call { method: Method::POST, headers, body }).await?;
        if answer.status != StatusCode::OK {
            return Err(FetchError::Status(answer.status).into());
        }
        Ok(Read::parse(&answer.body, user, now_ms)?)
    }

    fn log_failure(&self, error: &AskError) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.count += 1;
        if failures.logged_at.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
            let questions = std::mem::take(&mut failures.count);
            failures.logged_at = Some(Instant::now());
            drop(failures);
            tracing::warn!(%error, questions, "the webhook does not answer as it should: clients are told to come again");
        }
    }
}

impl AskWebhook for WebhookClient {
    fn ask<'a>(
        &'a self,
        question: Question<'a>,
        now_unix_ms: u64,
    ) -> Pin<Box<dyn Future<Output = Result<WebhookAnswer, WebhookUnavailable>> + Send + 'a>> {
        Box::pin(self.answer(question, now_unix_ms))
    }
}

impl fmt::Debug for WebhookClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookClient").field("client", &self.client).finish_non_exhaustive()
    }
}

impl<'a> Body<'a> {
    fn of(question: &Question<'a>) -> Self {
        let Question { event, namespace, user, verified, room, transport, client, address, headers } = *question;
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.into());
        Self {
            version: VERSION,
            event: match event {
                WebhookEvent::Connect => "connect",
                WebhookEvent::Join => "join",
            },
            namespace,
            user,
            user_verified: verified,
            room,
            transport,
            client,
            address,
            headers: headers.into_iter().flat_map(|headers| headers.iter()).map(pair).collect(),
        }
    }
}

/// A place among the questions that wait or are under way.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(taken: &'a AtomicUsize) -> Option<Self> {
        let place = Self(taken);
        // If there is none, the drop of `place` takes it back.
        if taken.fetch_add(1, Ordering::Relaxed) < MAX_WAITING { Some(place) } else { None }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
