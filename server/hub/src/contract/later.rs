//! A wrapper that makes any backend answer later, wake at other times, and fail now and then as a store across a network
//! does.

mod backend;
mod faults;
mod handle;

use std::sync::Arc;

use self::faults::{Faults, Rates};
use crate::{backend::Backend, error::StoreError};

/// A wrapper whose every answer is pending for some polls, so that answers overtake each other. Every other time a
/// connection has nothing more to write, it is woken nevertheless.
pub struct Later {
    backend: Arc<dyn Backend>,
    faults: Arc<Faults>,
}

impl Later {
    /// Wraps a backend whose store always answers.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, faults: Faults::new(0, Rates::default()) }
    }

    /// Wraps a backend whose store fails at random: it does not answer, having done what was asked or not, and wake-ups are
    /// held back until the next tick and come in another order then. What has no number or request id, so that it cannot be
    /// repeated, is not done when it is not answered.
    #[must_use]
    pub fn with_faults(backend: Arc<dyn Backend>, seed: u64) -> Self {
        Self { backend, faults: Faults::new(seed, Rates { undone: 12, unanswered: 12, late_wakes: 25 }) }
    }

    /// Wraps another namespace of the same store.
    fn around(&self, backend: Arc<dyn Backend>) -> Self {
        Self { backend, faults: self.faults.clone() }
    }

    /// Makes every operation fail with this error, undone, until [`Self::mend`] is called.
    pub fn fail(&self, error: StoreError) {
        self.faults.fail(Some(error));
    }

    /// Does what it is asked, and answers nothing until [`Self::release`] is called.
    pub fn hold(&self) {
        self.faults.hold(true);
    }

    /// Answers what was held.
    pub fn release(&self) {
        self.faults.hold(false);
        self.faults.release_wakers();
    }

    /// Ends what [`Self::fail`] began.
    pub fn mend(&self) {
        self.faults.fail(None);
    }
}
