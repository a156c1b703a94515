//! Many askers, one question: what waits in a queue is taken at once.

use tokio::sync::mpsc::Receiver;
use tokio::task::yield_now;

/// The runtime wakes whoever waits for a queue as soon as it holds one thing. Letting everybody
/// else who can run go first, so often at most, makes rounds fewer and larger; on an idle machine
/// it costs microseconds.
const TURNS: usize = 2;

/// Waits for something in the queue, and takes what is there then and what is added by those who
/// could run already: at most `most` things. False when the queue is closed and empty.
pub async fn gather<T>(queue: &mut Receiver<T>, taken: &mut Vec<T>, most: usize) -> bool {
    if queue.recv_many(taken, most).await == 0 {
        return false;
    }
    for _ in 0..TURNS {
        let before = taken.len();
        yield_now().await;
        while taken.len() < most
            && let Ok(one) = queue.try_recv()
        {
            taken.push(one);
        }
        if taken.len() == before {
            break;
        }
    }
    true
}
