//! How long a receipt takes: `make receipt-times`.

use std::time::Duration;

use tokio::time::Instant;

use wigwag_client::Payload;

use crate::{
    peers::{envelope, pair},
    server::{Server, within},
};

const PAIRS: usize = 50;
const ROUNDS: usize = 40;
/// A receipt is there this long after its envelope was handed to the application.
const BOUND: Duration = Duration::from_millis(100);

/// Prints how long receipts take after the hand-over, with 50 pairs that each send two envelopes a second, and beside it how
/// long a reply takes that the receiver sends at once.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures times: make receipt-times"]
async fn receipts_arrive_soon_after_the_hand_over() {
    let server = Server::start().await;
    let mut pairs = Vec::new();
    for number in 0..PAIRS {
        let ((ada, adas), (bob, bobs)) = pair(&server, &format!("receipts-{number}")).await;
        pairs.push(tokio::spawn(async move {
            let (mut received, mut replies) = (bobs.events(), adas.events());
            let (mut receipts, mut round_trips) = (Vec::new(), Vec::new());
            // Not all at the same moment.
            tokio::time::sleep(Duration::from_millis(500) * u32::try_from(number).expect("small") / 50).await;
            for _ in 0..ROUNDS {
                let text = Payload::Text("sure?".into());
                let receipt = adas.send_with_receipt(&bob.peer_id(), text).await.expect("queued");
                let handed_over = async {
                    envelope(&mut received).await;
                    Instant::now()
                };
                let confirmed = async {
                    receipt.await.expect("delivered");
                    Instant::now()
                };
                let (handed_over, confirmed) =
                    within("the receipt", async { tokio::join!(handed_over, confirmed) }).await;
                receipts.push(confirmed.saturating_duration_since(handed_over));
                tokio::time::sleep(Duration::from_millis(200)).await;
                let begun = Instant::now();
                bobs.send(&ada.peer_id(), Payload::Text("a reply".into())).await.expect("queued");
                within("the reply", envelope(&mut replies)).await;
                round_trips.push(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            (receipts, round_trips)
        }));
    }
    let (mut receipts, mut replies) = (Vec::new(), Vec::new());
    for pair in pairs {
        let (pairs_receipts, pairs_replies) = pair.await.expect("the pair ends");
        receipts.extend(pairs_receipts);
        replies.extend(pairs_replies);
    }
    let p99 = print("receipt after the hand-over", &mut receipts);
    print("envelope the other way, beside it", &mut replies);
    assert!(p99 <= BOUND, "receipts take {p99:?}");
}

/// Prints the distribution of some times. Returns the time within which 99 % are.
fn print(what: &str, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{what}: {} times, p50 {:?}, p99 {:?}, longest {:?}", times.len(), at(50), at(99), at(100));
    at(99)
}
