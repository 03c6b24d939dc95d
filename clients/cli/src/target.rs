//! Which server to talk to, and with which token.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use http::Uri;

use crate::{
    exit::Exit,
    failure::Failure,
    globals::Globals,
    output::Output,
    profile::{self, Profile, Profiles},
    text_input,
};

const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// Longest file with a token. Servers accept at most 8 KiB.
const MAX_TOKEN_FILE: usize = 64 << 10;

/// Longest file with certificate authorities.
const MAX_CA_FILE: usize = 1 << 20;

/// A server and what to show it.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
    /// Certificate authorities in PEM, beside those of the operating system.
    pub(crate) ca: Option<Vec<u8>>,
    pub(crate) timeout: Duration,
}

impl Target {
    /// Finds the server: flags, else the profile that was asked for, else the environment, else the default profile. The token
    /// of a profile is for its server alone: another URL does not get it.
    pub(crate) fn resolve(globals: &Globals, output: Output) -> Result<Self, Failure> {
        let named = globals.profile.is_some();
        let name = globals.profile.clone().or_else(|| variable("WIGWAG_PROFILE"));
        let url = globals.url.clone().or_else(|| if named { None } else { variable("WIGWAG_URL") });
        let profile = match (&url, &name) {
            (Some(_), None) => None,
            _ => selected(name.as_deref())?,
        };
        let url = url.or_else(|| profile.as_ref().map(|(profile, _)| profile.url.clone()));
        let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
        let profile = profile.filter(|(profile, _)| profile.url == url);
        let ca_file = globals.ca_file.clone();
        let ca_file =
            ca_file.or_else(|| profile.as_ref().and_then(|(of, folder)| Some(folder.join(of.ca_file.as_ref()?))));
        let ca_file = ca_file.or_else(|| variable("WIGWAG_CA_FILE").map(PathBuf::from));
        let ca =
            ca_file.map(|file| text_input::read_bytes(&file, "the certificate authority", MAX_CA_FILE)).transpose()?;
        let target = Self { token: token(globals, profile.as_ref(), named)?, url, ca, timeout: globals.timeout };
        if target.token.is_some() && target.is_clear_text_to_elsewhere() {
            output.note("warning: the URL is not https: others on the way can read the token and use it");
        }
        Ok(target)
    }

    /// Returns the URL as one of http or https.
    pub(crate) fn uri(&self) -> Result<Uri, Failure> {
        let invalid = |why: &str| {
            Failure::new(Exit::Usage, format!("the URL {:?} {why}", self.url))
                .with_hint("use the form http://127.0.0.1:8080 or https://signal.example.com")
        };
        // `ws:` means the same server as `http:`, and `wss:` as `https:`.
        let websocket = self.url.strip_prefix("ws").filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let text = websocket.map_or_else(|| self.url.clone(), |rest| format!("http{rest}"));
        let uri: Uri = text.parse().map_err(|_| invalid("cannot be parsed"))?;
        match uri.scheme_str() {
            Some("http" | "https") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
            _ => Err(invalid("has none of the schemes http, https, ws and wss")),
        }
    }

    fn is_clear_text_to_elsewhere(&self) -> bool {
        let Ok(uri) = self.uri() else { return false };
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        uri.scheme_str() == Some("http") && !is_here
    }
}

/// Returns the profile and the folder of its file.
fn selected(name: Option<&str>) -> Result<Option<(Profile, PathBuf)>, Failure> {
    let path = match profile::path() {
        Ok(path) => path,
        // Without a folder there are no profiles, which is an error only if one was asked for.
        Err(failure) => return if name.is_some() { Err(failure) } else { Ok(None) },
    };
    let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
    let profiles = Profiles::read(&path)?;
    Ok(profiles.select(name, &path)?.cloned().map(|profile| (profile, folder)))
}

fn token(globals: &Globals, profile: Option<&(Profile, PathBuf)>, named: bool) -> Result<Option<String>, Failure> {
    let from_file = |file: &Path| {
        let text = text_input::read(file, "the token", MAX_TOKEN_FILE)?;
        Ok(Some(text.trim().to_owned()))
    };
    if let Some(token) = &globals.token {
        return Ok(Some(token.trim().to_owned()));
    }
    if let Some(file) = &globals.token_file {
        return from_file(file);
    }
    let of_profile = || match profile {
        Some((Profile { token: Some(token), .. }, _)) => Ok(Some(token.trim().to_owned())),
        Some((Profile { token_file: Some(file), .. }, folder)) => from_file(&folder.join(file)),
        _ => Ok(None),
    };
    if named {
        // A token of the environment may be that of another server.
        return of_profile();
    }
    match variable("WIGWAG_TOKEN") {
        Some(token) => Ok(Some(token.trim().to_owned())),
        None => of_profile(),
    }
}

/// Returns an environment variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
