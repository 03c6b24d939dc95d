//! Lists of addresses and networks.

use serde::{Deserialize, Serialize};
use wigwag_net::address::{IpNetwork, IpNetworks};

/// Addresses, and networks such as `10.0.0.0/8`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Texts")]
pub struct Networks(Vec<IpNetwork>);

/// A list, or, in an environment variable, text separated by commas.
#[derive(Deserialize)]
#[serde(untagged, expecting = "must be a list or text")]
enum Texts {
    List(Vec<String>),
    Text(String),
}

pub(super) const ALLOWED: &str = "a list of IP addresses and networks such as \"10.0.0.0/8\" or \"2001:db8::/32\"";

impl Networks {
    /// Returns whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the list.
    pub fn as_slice(&self) -> &[IpNetwork] {
        &self.0
    }

    /// Returns the list as a set.
    pub fn to_set(&self) -> IpNetworks {
        self.0.iter().copied().collect()
    }
}

impl TryFrom<Texts> for Networks {
    type Error = String;

    fn try_from(texts: Texts) -> Result<Self, String> {
        let parse = |text: &str| text.parse::<IpNetwork>().map_err(|error| error.to_string());
        match texts {
            Texts::List(texts) => texts.iter().map(|text| parse(text)).collect::<Result<_, _>>().map(Self),
            Texts::Text(text) if text.trim().is_empty() => Ok(Self::default()),
            Texts::Text(text) => text.split(',').map(|text| parse(text.trim())).collect::<Result<_, _>>().map(Self),
        }
    }
}
