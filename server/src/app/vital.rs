//! The tasks without which the server is of no use.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinError, JoinHandle};

/// A task without which the server is of no use has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{task} {how}, and the server cannot go on without it: start it again")]
pub struct TaskEnded {
    /// What the task is, such as "the tick".
    pub task: &'static str,
    /// How it ended, such as "panicked".
    pub how: &'static str,
}

/// A task that must not end before the server stops.
pub(super) struct VitalTask {
    name: &'static str,
    task: JoinHandle<()>,
}

impl VitalTask {
    /// Spawns a task. `name` says in an error what it does.
    pub(super) fn spawn(name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { name, task: tokio::spawn(task) }
    }

    /// Waits until one of these tasks ends or panics, and returns the error to end the server with. Cancel safe.
    pub(super) async fn first_ended(tasks: &mut [Self]) -> TaskEnded {
        std::future::poll_fn(|cx| {
            let ended = tasks.iter_mut().find_map(|vital| vital.poll_ended(cx));
            ended.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// Waits for the end of a task that has been asked to stop.
    pub(super) async fn stopped(self) -> Result<(), TaskEnded> {
        self.task.await.map_err(|error| Self::failed(self.name, &error))
    }

    /// Stops the task where it is.
    pub(super) fn abort(self) {
        self.task.abort();
    }

    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Option<TaskEnded> {
        match Pin::new(&mut self.task).poll(cx) {
            Poll::Ready(Ok(())) => Some(TaskEnded { task: self.name, how: "ended" }),
            Poll::Ready(Err(error)) => Some(Self::failed(self.name, &error)),
            Poll::Pending => None,
        }
    }

    fn failed(task: &'static str, error: &JoinError) -> TaskEnded {
        TaskEnded { task, how: if error.is_panic() { "panicked" } else { "was aborted" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_task_that_ends_or_panics_is_named() {
        let mut tasks = [
            VitalTask::spawn("the listener", std::future::pending()),
            VitalTask::spawn("the tick", async { panic!("a defect") }),
        ];
        let error = VitalTask::first_ended(&mut tasks).await;
        assert_eq!(error.to_string(), "the tick panicked, and the server cannot go on without it: start it again");

        let mut tasks = [VitalTask::spawn("the listener", async {})];
        let error = VitalTask::first_ended(&mut tasks).await;
        assert!(error.to_string().starts_with("the listener ended"), "{error}");
    }

    #[tokio::test]
    async fn a_task_that_is_asked_to_stop_may_end_but_not_panic() {
        VitalTask::spawn("the listener", async {}).stopped().await.expect("it ended when it should");
        VitalTask::spawn("the listener", async { panic!("a defect") }).stopped().await.expect_err("a panic");
    }
}
