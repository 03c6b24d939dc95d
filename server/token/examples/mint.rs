//! Prints a token for 15 minutes.

use std::time::{Duration, UNIX_EPOCH};

use wigwag_token::{Claims, Minter, Permissions, RoomPattern};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("WIGWAG_SECRET")?;
    let now = UNIX_EPOCH.elapsed()?;
    let ms = |time: Duration| time.as_millis() as u64;
    let mut claims = Claims::new("ada", ms(now + Duration::from_secs(900)));
    claims.issued_at_ms = Some(ms(now));
    claims.display_name = Some("Ada".into());
    claims.grants.rooms.push(RoomPattern::parse("team-*")?);
    claims.grants.can = Permissions::JOIN | Permissions::CREATE | Permissions::SEND | Permissions::BROADCAST;
    println!("{}", Minter::hmac("main", secret.as_bytes())?.mint(&claims)?);
    Ok(())
}
