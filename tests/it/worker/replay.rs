//! Events that come again, do not come, or are none.

use rdkafka::Offset;
use serde_json::json;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterKind, DeadLetterState};
use watchfire_shared::event::Event;
use watchfire_shared::page::Page;
use watchfire_tests::{Api, Feed, Scene, bounded, eventually, every_feed};

use super::assessments;

/// What happened and what came of it, as far as it must not change.
async fn state(scene: &Scene, api: &Api) -> (Vec<Event>, Vec<Option<i64>>) {
    let events = api.journal().await;
    let figures = [
        "select count(*) from assessments",
        "select cast(sum(next_version) as bigint) from inbox",
        "select count(*) from dead_letters",
        "select count(*) from assessment_requests",
    ];
    let mut numbers = Vec::new();
    for query in figures {
        numbers.push(Some(scene.daemon.number(query).await));
    }
    (events, numbers)
}

/// The worker, which does not run, will find its place in the journal or in its topic here.
async fn place(scene: &Scene, offset: Offset) {
    let Some(topic) = &scene.topic else {
        let statement = match offset {
            Offset::Beginning => "update consumers set handled = 0",
            _ => "update consumers set handled = (select max(position) from events)",
        };
        return scene.daemon.behind(statement).await;
    };
    topic.place(offset).await;
}

/// Everything of this process since it began: delivered again, or found in the database.
async fn figure(api: &Api, name: &str) -> i64 {
    let processes = api.read("/v1/admin/processes").await.json();
    let items = processes["items"].as_array().unwrap();
    let workers = items.iter().filter_map(|it| it["figures"]["worker"][name].as_i64());
    workers.sum()
}

every_feed! {
    async fn the_whole_log_once_more_changes_nothing(feed: Feed) {
        let mut scene = Scene::start(feed).await;
        let api = scene.daemon.as_responder().await;
        let mut incidents = Vec::new();
        for n in 0..5 {
            incidents.push(api.create(&format!("Incident {n}")).await.id);
        }
        for incident in &incidents {
            api.attach(incident, &json!({"message": "once"})).await;
            assessments(&api, *incident, 1).await;
        }
        scene.daemon.quiet().await;
        let before = state(&scene, &api).await;
        scene.stop_worker().await;
        place(&scene, Offset::Beginning).await;
        scene.work().await;
        eventually(async || {
            let again = figure(&api, "duplicates").await;
            (again >= i64::try_from(before.0.len()).unwrap()).then_some(())
        })
        .await;
        scene.settled().await;
        assert_eq!(state(&scene, &api).await, before);
        assert_eq!(figure(&api, "handled").await, 0);
    }

    async fn what_is_not_delivered_is_found_before_what_follows_it(feed: Feed) {
        let mut scene = Scene::patient(feed).await;
        let api = scene.daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        scene.settled().await;
        scene.stop_worker().await;
        if feed == Feed::Embedded {
            scene.daemon.behind("delete from inbox where aggregate_id in (select id from incidents)").await;
        } else {
            api.comment(incident, "while nobody works").await;
            api.comment(incident, "nor now").await;
            scene.daemon.published(&api).await;
        }
        place(&scene, Offset::End).await;
        scene.work().await;
        api.comment(incident, "this one is delivered").await;
        scene.settled().await;
        eventually(async || (figure(&api, "filled").await >= 1).then_some(())).await;
    }

    async fn what_is_old_and_was_never_delivered_is_swept_up(feed: Feed) {
        let mut scene = Scene::patient(feed).await;
        let api = scene.daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        api.comment(incident, "once").await;
        scene.settled().await;
        scene.daemon.published(&api).await;
        scene.stop_worker().await;
        scene.daemon.behind(
            "delete from inbox where aggregate_id in (select id from incidents); \
             update events set occurred_at = '2020-01-01T00:00:00+00:00'; \
             update consumers set swept = 0; delete from assessment_requests",
        ).await;
        place(&scene, Offset::End).await;
        if feed != Feed::Embedded {
            // As after years of pruning.
            scene.daemon.behind(
                "update events set position = position + 100000; \
                 update event_positions set last = last + 100000",
            ).await;
        }
        scene.work().await;
        // Nothing more happens, and nothing is delivered.
        scene.settled().await;
        assert_eq!(scene.daemon.number("select count(*) from assessment_requests").await, 1);
    }

    async fn what_is_not_kept_any_more_is_made_up_for(feed: Feed) {
        let mut scene = Scene::patient(feed).await;
        let api = scene.daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await.id;
        api.comment(incident, "first").await;
        scene.settled().await;
        scene.daemon.published(&api).await;
        scene.stop_worker().await;
        scene.daemon.behind(
            "delete from inbox where aggregate_id in (select id from incidents); delete from assessment_requests; \
             delete from events where event_type = 'incident.created'",
        ).await;
        place(&scene, Offset::End).await;
        scene.work().await;
        api.comment(incident, "second").await;
        scene.settled().await;
        // The incident as it is has to be looked at, because what led to it is not known.
        assert_eq!(scene.daemon.number("select count(*) from assessment_requests").await, 1);
    }
}

/// Garbage in the topic, and a fact of another journal.
#[tokio::test]
async fn what_cannot_be_read_is_kept_with_its_bytes_and_nobody_waits() {
    bounded(Box::pin(unreadable())).await;
}

async fn unreadable() {
    let scene = Scene::start(Feed::Kafka).await;
    let topic = scene.topic.clone().unwrap();
    let api = scene.daemon.as_responder().await;
    let incident = api.create("Checkout is slow").await.id;
    assessments(&api, incident, 1).await;
    let mut foreign = api.journal().await[0].clone();
    foreign.log_id = watchfire_shared::ids::JournalId(uuid::Uuid::now_v7());
    foreign.version = 99;
    topic.write(b"x", b"\xff not an event").await;
    topic.write(b"x", &serde_json::to_vec(&foreign).unwrap()).await;
    // What it quotes of this one cannot be stored, and this one's copy is too large with its cause.
    topic.write(b"x", br#"{"event_id": "\u0000"}"#).await;
    topic.write(b"x", &vec![b'x'; 999_900]).await;
    let letters = eventually(async || {
        let page: Page<DeadLetter> = api.read("/v1/admin/dead-letters").await.ok();
        (page.items.len() == 3).then_some(page.items)
    })
    .await;
    let [letter, nul, large] = &letters[..] else { panic!("{letters:?}") };
    assert!(nul.cause.contains('\u{fffd}'), "{}", nul.cause);
    assert_eq!(large.bytes.as_ref().map(String::len), Some(5_464), "a list shows the beginning");
    assert_eq!(
        (letter.kind, letter.state),
        (DeadLetterKind::Undecodable, DeadLetterState::Waiting)
    );
    assert_eq!(letter.bytes.as_deref(), Some("/yBub3QgYW4gZXZlbnQ="));
    assert_eq!(letter.place.as_ref().map(|place| place.topic.as_str()), Some(&*topic.name));
    eventually(async || (figure(&api, "foreign").await == 1).then_some(())).await;

    // Its copy says where it was, and why it is there.
    let copies = eventually(async || {
        let copies = topic.dead_letters();
        (copies.len() >= 3).then_some(copies)
    })
    .await;
    let sizes: Vec<usize> = copies.iter().map(|copy| copy.payload.len()).collect();
    assert_eq!(sizes, [14, 22, 0], "one that is too large goes without its bytes");
    let copy = &copies[0];
    assert_eq!(copy.payload, b"\xff not an event");
    assert_eq!(copy.headers["offset"], letter.place.as_ref().unwrap().offset.to_string());
    assert_eq!(copy.headers["cause"], letter.cause);
    assert_eq!(copy.headers["attempts"], "0");

    // It is no event this time either.
    let admin = scene.daemon.as_admin().await;
    let path = format!("/v1/admin/dead-letters/{}/redrive", letter.id);
    assert_eq!(admin.request(reqwest::Method::POST, &path).send().await.status, 202);
    eventually(async || {
        let page: Page<DeadLetter> = api.read("/v1/admin/dead-letters").await.ok();
        (page.items[0].attempts == 1).then_some(())
    })
    .await;
    let path = format!("/v1/admin/dead-letters/{}/discard", letter.id);
    assert_eq!(admin.post(&path, &json!({"reason": "garbage"})).await.status, 204);
    let comment = api.comment(incident, "everything goes on").await;
    scene.settled().await;
    assert!(comment.version > 1);
}
