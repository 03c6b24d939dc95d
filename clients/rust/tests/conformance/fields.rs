//! The fields of a step, each taken once: what is left over in the end is a mistake in the scenario.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// A field that must be there.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, String> {
        self.find(name)?.ok_or_else(|| format!("the step lacks {name:?}"))
    }

    /// A field that may be there.
    pub(crate) fn find<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| format!("{name:?}: {error}"))
    }

    /// Nothing else is there.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("no step of this kind has a field {name:?}")),
        }
    }
}
