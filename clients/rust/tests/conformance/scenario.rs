//! The files of scenarios.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Map, Value};

/// One scenario.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    pub(crate) title: String,
    /// What the scenario checks, for people.
    #[serde(rename = "rules")]
    _rules: Vec<String>,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    server: BTreeMap<String, Value>,
    pub(crate) steps: Vec<Map<String, Value>>,
}

impl Scenario {
    /// Returns the server's settings as environment variables.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name = |setting: &str| format!("WIGWAG_{}", setting.replace('.', "__").to_uppercase());
        self.server.iter().map(|(setting, value)| (name(setting), plain(value))).collect()
    }
}

/// Reads all scenarios, by the names of their files. `WIGWAG_SCENARIOS` is another folder, such as that of a release.
pub(crate) fn all() -> BTreeMap<String, Scenario> {
    let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/scenarios");
    let folder = std::env::var_os("WIGWAG_SCENARIOS").map_or_else(here, PathBuf::from);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    files
        .map(|file| {
            let path = file.expect("a folder").path();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let scenario = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = path.file_stem().expect("a file name").to_string_lossy().into_owned();
            (name, scenario)
        })
        .collect()
}
