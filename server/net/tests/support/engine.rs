//! The HTTP/2 engine the suites run with: `wigwag`, or what `WIGWAG_TEST_HTTP2_ENGINE` says (`make test-engine-hyper`).

use wigwag_net::listener::Http2Engine;

/// Returns the engine for every server a test starts.
pub(crate) fn http2_engine() -> Http2Engine {
    match std::env::var("WIGWAG_TEST_HTTP2_ENGINE").as_deref() {
        Err(_) | Ok("wigwag") => Http2Engine::Wigwag,
        Ok("hyper") => Http2Engine::Hyper,
        Ok(other) => panic!("WIGWAG_TEST_HTTP2_ENGINE is {other:?}: use wigwag or hyper"),
    }
}
