//! `wigwag doctor`: finds out what is wrong between here and a server.

mod certificate;
mod http;
mod network;
mod signaling;

use std::time::Duration;

use clap::Args;

use self::network::Network;
use crate::{duration, exit::Exit, failure::Failure, globals::Globals, output::Output, report::Report, target::Target};

/// Check a server from here: name, TLS, clock, gRPC, gRPC-Web, WebSocket, a session.
///
/// Each line says what was found and, if something is wrong, what to do. Exit code 1 if something is wrong. A token is sent only
/// to the server that it is for, and not if its certificate is not good.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// URL of the server (default: as for other commands)
    #[arg(value_name = "URL", conflicts_with = "url")]
    server: Option<String>,
    /// Origin of the web page that uses the server (default: that of the server itself)
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Also keep a session without traffic for this long, to find proxies that end it
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    idle: Option<Duration>,
}

pub(crate) async fn run(arguments: &DoctorArgs, globals: &Globals, output: Output) -> Result<Exit, Failure> {
    let mut globals = globals.clone();
    if arguments.server.is_some() {
        globals.url.clone_from(&arguments.server);
    }
    let target = Target::resolve(&globals, output)?;
    let uri = target.uri()?;
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    let scheme = uri.scheme_str().unwrap_or("http");
    let origin = arguments.origin.clone().unwrap_or_else(|| format!("{scheme}://{authority}"));
    let mut report = Report::new(output, &target.url);
    if let Some(network) = Network::examine(&target, &uri, &mut report).await? {
        http::examine(&network, &origin, &mut report).await?;
        signaling::examine(&network, &target, &origin, arguments.idle, &mut report).await?;
    }
    report.end()
}
