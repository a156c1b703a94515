//! The journal: what happened, numbered without gap, in one order for all, whole over a shutdown.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use watchfire_shared::event::{Event, EventPage, Fact};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::Incident;
use watchfire_shared::problem::Code;
use watchfire_tests::{Api, Daemon, both_engines};

const WRITERS: usize = 16;
const ROUNDS: usize = 12;

/// One write of many kinds, under a request id of its own; the facts it makes true.
async fn write(api: &Api, incident: IncidentId, n: usize, request: &str) -> usize {
    let path = format!("/v1/incidents/{incident}");
    let priority = ["low", "medium", "high", "critical"][n % 4];
    let (method, path, body, facts) = match n % 3 {
        0 => (Method::POST, format!("{path}/comments"), json!({ "body": request }), 1),
        1 => (Method::POST, format!("{path}/logs"), json!([{ "message": request }]), 1),
        // Always a change of two fields at once, but one fact; the note is a second.
        _ => {
            let title = format!("{request} {priority}");
            (Method::PATCH, path, json!({ "title": title, "note": request }), 2)
        }
    };
    let request = api.request(method, &path).header("x-request-id", request);
    let reply = request.json(&body).send().await;
    assert!(reply.status.is_success(), "{}", reply.text());
    facts
}

/// Follows the journal page by page, from its beginning until `total` facts were read.
async fn follow(api: &Api, total: &AtomicUsize) -> Vec<Event> {
    let mut read = Vec::new();
    let mut after = 0;
    while read.len() < total.load(Ordering::SeqCst) {
        let mut page: EventPage = api.read(&format!("/v1/events?after={after}&limit=7")).await.ok();
        assert!(page.head >= page.next_after, "{} < {}", page.head, page.next_after);
        after = page.next_after;
        read.append(&mut page.items);
    }
    read
}

/// By position, and within each aggregate 1, 2, 3 …
fn assert_in_order(journal: &[Event]) {
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    for pair in journal.windows(2) {
        assert!(pair[0].position < pair[1].position, "{pair:?}");
    }
    for event in journal {
        let version = versions.entry(event.aggregate_id).or_default();
        *version += 1;
        assert_eq!(event.version, *version, "{event:?}");
    }
}

both_engines! {
    async fn under_many_writers_versions_have_no_gap_and_a_reader_misses_nothing(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let mut shared = Vec::new();
        for n in 0..3 {
            shared.push(api.create(&format!("number {n}")).await.id);
        }
        let before = daemon.number("select count(*) from events").await;
        let total = AtomicUsize::new(usize::MAX);
        let facts = AtomicUsize::new(0);
        let writers = async {
            join_all((0..WRITERS).map(async |writer| {
                for round in 0..ROUNDS {
                    let request = format!("w{writer}-r{round}");
                    let incident = shared[(writer + round) % shared.len()];
                    let made = write(&api, incident, writer + round, &request).await;
                    facts.fetch_add(made, Ordering::SeqCst);
                }
            }))
            .await;
            let before = usize::try_from(before).unwrap();
            total.store(before + facts.load(Ordering::SeqCst), Ordering::SeqCst);
        };
        let (read, ()) = tokio::join!(follow(&api, &total), writers);

        assert_in_order(&read);
        let journal = api.journal().await;
        assert_eq!(read, journal, "what a page passed over never appears behind it");
        assert_eq!(journal.len(), total.load(Ordering::SeqCst));
        for writer in 0..WRITERS {
            for round in 0..ROUNDS {
                let name = format!("w{writer}-r{round}");
                let caused = journal.iter().filter(|event| event.request_id == name).count();
                assert_eq!(caused, if (writer + round) % 3 == 2 { 2 } else { 1 }, "{name}");
            }
        }
        for id in shared {
            let now: Incident = api.get(id).await;
            let last = journal.iter().rfind(|event| event.aggregate_id == id.0).unwrap();
            assert_eq!(last.fact.incident(), Some(&now.summary()));
        }
        let outbox = api.read("/v1/admin/outbox").await.json();
        assert_eq!((&outbox["pending"], &outbox["unpositioned"]), (&json!(0), &json!(0)));
        assert_eq!(outbox["transport"], "journal");
    }

    async fn pages_of_the_journal_can_be_of_some_types_only(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        for n in 0..4 {
            api.comment(incident.id, &format!("comment {n}")).await;
            api.attach(incident.id, &json!({ "message": "line" })).await;
        }
        let journal = watchfire_tests::eventually(async || {
            Some(api.journal().await).filter(|journal| journal.len() >= 10)
        })
        .await;
        let head = journal.last().unwrap().position.unwrap();
        let kinds = "type=incident.commented&type=incident.created";
        let expected: Vec<&Event> = journal
            .iter()
            .filter(|event| {
                matches!(event.fact, Fact::IncidentCommented { .. } | Fact::IncidentCreated { .. })
            })
            .collect();
        assert_eq!(expected.len(), 5);
        let (mut found, mut after) = (Vec::new(), 0);
        loop {
            let path = format!("/v1/events?{kinds}&limit=2&after={after}");
            let mut page: EventPage = api.read(&path).await.ok();
            assert_eq!(page.head, head);
            found.append(&mut page.items);
            after = page.next_after;
            if after == head {
                break;
            }
        }
        assert!(found.iter().eq(expected));
        for (query, items, next) in [
            ("type=nothing.happened", 0, head),
            (&format!("after={head}"), 0, head),
            (&format!("after={}", head + 100), 0, head + 100),
        ] {
            let page: EventPage = api.read(&format!("/v1/events?{query}")).await.ok();
            assert_eq!(
                (page.items.len(), page.next_after, page.head),
                (items, next, head),
                "{query}"
            );
        }
        for query in ["after=x", "limit=1001", "limit=0"] {
            api.read(&format!("/v1/events?{query}")).await.refused(Code::Validation);
        }
    }

    async fn a_timeline_is_read_page_by_page(engine: Engine) {
        let daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let incident = api.create("Checkout is slow").await;
        for n in 0..6 {
            api.comment(incident.id, &format!("comment {n}")).await;
        }
        let path = format!("/v1/incidents/{}/timeline", incident.id);
        let whole = api.timeline(incident.id).await;
        assert_eq!(whole.len(), 7);
        let (mut versions, mut query) = (Vec::new(), "limit=3".to_owned());
        loop {
            let page = api.read(&format!("{path}?{query}")).await.json();
            versions.extend(
                page["items"].as_array().unwrap().iter().map(|event| event["version"].clone()),
            );
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("limit=3&cursor={cursor}");
        }
        assert_eq!(json!(versions), json!([1, 2, 3, 4, 5, 6, 7]));
        let newer = api.read(&format!("{path}?after=5")).await.json();
        assert_eq!(newer["items"][0]["version"], 6);
        api.read(&format!("{path}?cursor=x")).await.refused(Code::InvalidCursor);
    }

    async fn a_stop_in_a_burst_of_writes_loses_nothing_it_acknowledged(engine: Engine) {
        let mut daemon = Daemon::start(engine).await;
        let api = daemon.as_responder().await;
        let acknowledged = Mutex::new(Vec::new());
        let writers = join_all((0..WRITERS).map(async |writer| {
            for n in 0.. {
                let body = json!({ "title": format!("writer {writer}, number {n}") });
                let request = api.request(Method::POST, "/v1/incidents").json(&body);
                match request.try_send().await {
                    Ok(reply) if reply.status == 201 => {
                        acknowledged.lock().unwrap().push(reply.ok::<Incident>());
                    }
                    Ok(reply) => {
                        reply.refused(Code::Unavailable);
                        break;
                    }
                    Err(_) => break,
                }
            }
        }));
        let stop = async {
            watchfire_tests::eventually(async || {
                (acknowledged.lock().unwrap().len() >= 100).then_some(())
            })
            .await;
            daemon.stop().await;
        };
        tokio::join!(writers, stop);
        let acknowledged = acknowledged.into_inner().unwrap();
        daemon.restart().await;
        for incident in &acknowledged {
            assert_eq!(&api.get(incident.id).await, incident);
        }
        let journal = watchfire_tests::eventually(async || {
            let outbox = api.read("/v1/admin/outbox").await.json();
            if outbox["unpositioned"] == 0 { Some(api.journal().await) } else { None }
        })
        .await;
        assert_in_order(&journal);
        let created =
            journal.iter().filter(|event| matches!(event.fact, Fact::IncidentCreated { .. }));
        let stored = daemon.number("select count(*) from incidents").await;
        assert_eq!(i64::try_from(created.count()).unwrap(), stored, "no event without its commit");
    }
}
