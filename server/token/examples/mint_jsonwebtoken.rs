//! Prints a token for 15 minutes.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("WIGWAG_SECRET")?;
    let now = get_current_timestamp();
    let header = Header { kid: Some("main".into()), ..Header::new(Algorithm::HS256) };
    let claims = json!({
        "sub": "ada",
        "name": "Ada",
        "iat": now,
        "exp": now + 900,
        "wigwag": { "rooms": ["team-*"], "can": ["join", "create", "send", "broadcast"] },
    });
    println!("{}", encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())?)?);
    Ok(())
}
