//! Lookups of many readers in one `MGET`: each round begins after everybody it answers had arrived.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use redis::{RedisError, Value};
use tokio::sync::{Mutex, mpsc, oneshot};
use watchfire_shared::cache::Operation;

use super::link::{Failure, Link};
use crate::gather::gather;
use crate::lifecycle::spawn_detached;

/// Readers answered by one round, at most.
const SHARED: usize = 256;

/// Names asked for by one command, at most: more are asked for one after another, or large values
/// would make all of them late.
const NAMES: usize = 512;

/// What stands under the names, in their order, and in which Redis.
type Found = Result<(Vec<Option<Bytes>>, Arc<str>), Failure>;

struct Ask {
    names: Vec<String>,
    answer: oneshot::Sender<Found>,
}

/// Where lookups queue. Cheap to clone.
#[derive(Clone)]
pub struct Rounds {
    queue: mpsc::Sender<Ask>,
}

impl Rounds {
    /// One round at a time on each connection.
    pub fn start(links: &[Link]) -> Self {
        let (queue, asks) = mpsc::channel(SHARED * 4);
        let asks = Arc::new(Mutex::new(asks));
        for number in 0..links.len() {
            spawn_detached(serve(links.to_vec(), number, asks.clone()));
        }
        Self { queue }
    }

    pub async fn get(&self, names: Vec<String>) -> Found {
        let (answer, answered) = oneshot::channel();
        self.queue.send(Ask { names, answer }).await.map_err(|_| Failure::Away)?;
        answered.await.unwrap_or(Err(Failure::Away))
    }
}

async fn serve(links: Vec<Link>, own: usize, queue: Arc<Mutex<mpsc::Receiver<Ask>>>) {
    let mut asks = Vec::with_capacity(SHARED);
    while gather(&mut *queue.lock().await, &mut asks, SHARED).await {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut names: Vec<&str> = Vec::new();
        for name in asks.iter().flat_map(|ask| &ask.names) {
            places.entry(name).or_insert_with(|| {
                names.push(name);
                names.len() - 1
            });
        }
        let asked = AssertUnwindSafe(ask(Link::any(&links, own), &names)).catch_unwind().await;
        let found = asked.unwrap_or(Err(Failure::Away));
        let answers: Vec<Found> = asks
            .iter()
            .map(|ask| match &found {
                Ok((values, redis)) => {
                    let own = ask.names.iter().map(|name| values[places[name.as_str()]].clone());
                    Ok((own.collect(), redis.clone()))
                }
                Err(failure) => Err(failure.clone()),
            })
            .collect();
        for (ask, answer) in asks.drain(..).zip(answers) {
            // A reader who went away needs none.
            ask.answer.send(answer).ok();
        }
    }
}

/// In the order of the names, which are some.
async fn ask(link: &Link, names: &[&str]) -> Found {
    let (mut values, mut from) = (Vec::with_capacity(names.len()), None);
    for names in names.chunks(NAMES) {
        let asked = link.call(Operation::Get, async |redis| mget(redis, names).await).await?;
        let (some, redis) = asked;
        // A connection that was replaced meanwhile may lead elsewhere.
        if from.get_or_insert_with(|| redis.clone()) != &redis {
            return Err(Failure::Away);
        }
        values.extend(some);
    }
    from.map(|redis| (values, redis)).ok_or(Failure::Away)
}

async fn mget(
    mut redis: impl redis::aio::ConnectionLike,
    names: &[&str],
) -> Result<Vec<Option<Bytes>>, RedisError> {
    let Value::Array(values) = redis.req_packed_command(redis::cmd("MGET").arg(names)).await?
    else {
        return Err(strange());
    };
    if values.len() != names.len() {
        return Err(strange());
    }
    let value = |value| match value {
        Value::BulkString(bytes) => Some(Bytes::from(bytes)),
        _ => None,
    };
    Ok(values.into_iter().map(value).collect())
}

fn strange() -> RedisError {
    RedisError::from((redis::ErrorKind::UnexpectedReturnType, "not an answer to MGET"))
}
