//! Makes the worlds that the cases of the suite run in.

use std::sync::Arc;

use super::kit::World;
use crate::{backend::Backend, limits::Limits};

/// Makes empty backends for a case.
pub(crate) struct Make<'a>(pub(super) &'a dyn Fn(Limits) -> Arc<dyn Backend>);

impl Make<'_> {
    pub(super) fn world(&self) -> World {
        self.world_with(Limits::default())
    }

    pub(super) fn world_with(&self, limits: Limits) -> World {
        World::new((self.0)(limits))
    }
}
