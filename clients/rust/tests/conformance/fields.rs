//! The fields of a step, each read once: a field left over at the end is an error in the scenario.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Returns a required field.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, String> {
        self.find(name)?.ok_or_else(|| format!("the step lacks {name:?}"))
    }

    /// Returns an optional field.
    pub(crate) fn find<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        serde_json::from_value(value).map(Some).map_err(|error| format!("{name:?}: {error}"))
    }

    /// Fails if fields are left over.
    pub(crate) fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("no step of this kind has a field {name:?}")),
        }
    }
}
