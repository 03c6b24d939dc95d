//! Profiles: servers and tokens by name, in the user's folder of configuration files.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;
use serde::Deserialize;

use crate::{exit::Exit, failure::Failure};

/// The file of profiles.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// Name of the profile that is used without --profile.
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// One server. Paths are relative to the folder of the file.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) ca_file: Option<PathBuf>,
}

impl Profiles {
    /// Reads the file; without one there are no profiles.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let bad = |why: String| {
            Failure::new(Exit::BadProfile, format!("{}: {why}", path.display())).with_hint(
                "it holds default = \"NAME\" and, for each profile, [profiles.NAME] with url and optionally token or token_file, and ca_file",
            )
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(bad(format!("cannot be read: {error}"))),
        };
        // The text of the error shows the line, which may hold a token: keep the message and its place.
        let profiles: Self = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            bad(format!("line {line}: {}", error.message()))
        })?;
        for (name, profile) in &profiles.profiles {
            if profile.token.is_some() && profile.token_file.is_some() {
                return Err(bad(format!("the profile {name} has both token and token_file: remove one")));
            }
            if profile.token.is_some() && others_may_read(path) {
                return Err(bad(format!(
                    "it holds a token and other users may read it: chmod 600 {}, and make a new token if somebody has read it",
                    path.display()
                )));
            }
        }
        Ok(profiles)
    }

    /// Returns a profile by name, or the default one; `None` if there is no default.
    pub(crate) fn select(&self, name: Option<&str>, path: &Path) -> Result<Option<&Profile>, Failure> {
        let Some(wanted) = name.or(self.default.as_deref()) else { return Ok(None) };
        let known = || self.profiles.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        self.profiles.get(wanted).map(Some).ok_or_else(|| {
            let known = if self.profiles.is_empty() { "none".to_owned() } else { known() };
            let text = format!("there is no profile {wanted:?} in {}; profiles there: {known}", path.display());
            Failure::new(Exit::BadProfile, text).with_hint(format!("add [profiles.{wanted}] with a url, or use --url"))
        })
    }
}

/// Returns the path of the file of profiles.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Failure::new(Exit::BadProfile, format!("cannot find the folder of configuration files: {error}"))
            .with_hint("set HOME or XDG_CONFIG_HOME")
    })?;
    Ok(strategy.config_dir().join("wigwag").join("config.toml"))
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}
