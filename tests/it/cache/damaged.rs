//! Whatever stands in Redis instead of what was stored there: it is noticed, counted, and the answer
//! comes from the database.
//!
//! `WATCHFIRE_DAMAGES=100000` is the long form.

use rand::RngExt;
use rand::rngs::StdRng;
use redis::aio::MultiplexedConnection;
use serde_json::Value;
use uuid::Uuid;
use watchfire_shared::incident::Incident;
use watchfire_shared::user::UserOut;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Daemon, Redis, bounded};

use super::stats;
use crate::faults::Campaign;

/// Incidents, each read by id.
const INCIDENTS: usize = 16;
/// Where the header has its format and its schema.
const FORMAT: usize = 1;
const SCHEMA: usize = 3;

#[tokio::test]
async fn no_damaged_value_is_ever_an_answer() {
    bounded(story()).await;
}

/// What is asked, what is answered, and the key of the value it is made of.
struct Question {
    path: String,
    answer: Value,
    key: String,
}

async fn story() {
    let campaign = Campaign::begin();
    let mut chance = campaign.chance(0);
    let redis = Redis::start().await;
    let daemon = Daemon::patient_with(&redis.url()).await;
    let api = daemon.as_admin().await;
    let questions = questions(&api, &redis).await;
    let mut connection = redis.connection().await.unwrap();
    let damages = number("WATCHFIRE_DAMAGES").unwrap_or(3000);
    let mut noticed = 0;
    for damage in 1..=damages {
        let question = &questions[chance.random_range(0..questions.len())];
        let other = &questions[chance.random_range(0..questions.len())];
        let value = held(&mut connection, &api, question).await;
        let damaged = spoil(&value, &held(&mut connection, &api, other).await, &mut chance);
        if damaged != value {
            noticed += 1;
            let mut set = redis::cmd("SET");
            set.arg(&question.key).arg(&damaged).arg("KEEPTTL");
            set.exec_async(&mut connection).await.unwrap();
        }
        let answer = answer(&api, &question.path).await;
        assert_eq!(answer, question.answer, "damage {damage} of {}", question.key);
        if damage % 50 == 0 || damage == damages {
            let counts = stats(&api).await.counts;
            assert_eq!(counts.corrupt, noticed, "one of the damages before {damage}: {counts:?}");
        }
    }
    println!("{noticed} damaged values");
}

/// Everything of which there is a value, read once.
async fn questions(api: &Api, redis: &Redis) -> Vec<Question> {
    let mut asked: Vec<(String, String)> = Vec::new();
    for n in 0..INCIDENTS {
        let Incident { id, reference, .. } = api.create(&format!("Number {n}")).await;
        asked.push((format!("/v1/incidents/{id}"), format!("incident:{}", id.0.simple())));
        asked.push((format!("/v1/incidents/{reference}"), format!("reference:{}", reference.0)));
    }
    let me: UserOut = api.read("/v1/users/me").await.ok();
    asked.push((format!("/v1/users/{}", me.id), format!("user:{}", me.id.0.simple())));
    // Of what is not there, a marker is kept.
    let [nothing, nobody] = [0; 2].map(|_| Uuid::now_v7());
    asked.push((format!("/v1/incidents/{nothing}"), format!("incident:{}", nothing.simple())));
    asked.push((format!("/v1/users/{nobody}"), format!("user:{}", nobody.simple())));
    asked.push(("/v1/incidents/INC-99".to_owned(), "reference:99".to_owned()));
    asked.push(("/v1/incidents/counts".to_owned(), "counts:".to_owned()));
    asked.push(("/v1/incidents?limit=5".to_owned(), "incident_list:*".to_owned()));
    asked.push(("/v1/stats".to_owned(), "stats:".to_owned()));
    let mut questions = Vec::new();
    for (path, name) in asked {
        let answer = answer(api, &path).await;
        let keys = redis.keys(&format!("wf:*:{name}")).await;
        let [key] = &keys[..] else { panic!("{path}: {keys:?}") };
        questions.push(Question { path, answer, key: key.clone() });
    }
    questions
}

/// What stands under a question's key; it is asked where nothing does.
async fn held(redis: &mut MultiplexedConnection, api: &Api, question: &Question) -> Vec<u8> {
    loop {
        let value = redis::cmd("GET").arg(&question.key).query_async(redis).await.unwrap();
        if let Some(value) = value {
            return value;
        }
        assert_eq!(answer(api, &question.path).await, question.answer, "{}", question.path);
    }
}

/// Without what is another in each answer: which request it was, and as of when it is.
async fn answer(api: &Api, path: &str) -> Value {
    let mut answer = api.read(path).await.json();
    for word in ["request_id", "as_of"] {
        answer.as_object_mut().expect("an object").remove(word);
    }
    answer
}

fn spoil(value: &[u8], other: &[u8], chance: &mut StdRng) -> Vec<u8> {
    let mut damaged = value.to_vec();
    match chance.random_range(0..5) {
        0 => damaged[chance.random_range(0..value.len())] ^= 1 << chance.random_range(0..8),
        1 => damaged.truncate(chance.random_range(0..value.len())),
        2 => return other.to_vec(),
        3 => damaged[FORMAT] -= 1,
        _ => damaged[SCHEMA] -= 1,
    }
    damaged
}
