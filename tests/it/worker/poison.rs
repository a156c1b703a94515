//! An event whose handler always fails, among many others.

use serde_json::json;
use watchfire_shared::assessment::AssessmentStatus;
use watchfire_shared::dead_letter::{DeadLetter, DeadLetterKind, DeadLetterState};
use watchfire_shared::ids::IncidentId;
use watchfire_shared::page::Page;
use watchfire_tests::programs::number;
use watchfire_tests::{Api, Feed, Scene, eventually, every_feed};

use super::{assessments, types};

/// Incidents beside the poisoned one; `WATCHFIRE_OTHERS=1000` for a long run.
fn others() -> usize {
    number("WATCHFIRE_OTHERS").unwrap_or(20)
}

/// The database itself refuses to store how the assessment of one incident ended.
async fn poison(scene: &Scene) {
    let statements = if scene.feed == Feed::Embedded {
        "create trigger poison before update on assessments \
         when new.status = 'completed' \
         and (select title from incidents where id = new.incident_id) = 'Poison' \
         begin select raise(abort, 'it is poison'); end"
    } else {
        "create function poison() returns trigger language plpgsql as $$ begin \
         if new.status = 'completed' \
         and (select title from incidents where id = new.incident_id) = 'Poison' then \
         raise exception 'it is poison'; end if; return new; end $$; \
         create trigger poison before update on assessments for each row execute function poison()"
    };
    scene.daemon.behind(statements).await;
}

pub async fn cure(scene: &Scene) {
    let embedded = scene.feed == Feed::Embedded;
    let drop = if embedded { "drop trigger poison" } else { "drop trigger poison on assessments" };
    scene.daemon.behind(drop).await;
}

/// What waits, once there is so much.
pub async fn waiting(api: &Api, count: usize) -> Vec<DeadLetter> {
    eventually(async || {
        let page: Page<DeadLetter> = api.read("/v1/admin/dead-letters").await.ok();
        let waits = page.items.iter().all(|it| it.state == DeadLetterState::Waiting);
        (page.items.len() == count && waits).then_some(page.items)
    })
    .await
}

/// An incident whose assessment cannot be stored, with two comments after it, among others that are
/// assessed as ever.
pub async fn poisoned(feed: Feed) -> (Scene, Api, IncidentId) {
    let mut scene = Scene::start(feed).await;
    poison(&scene).await;
    let api = scene.daemon.as_responder().await;
    let victim = api.create("Poison").await.id;
    let mut others = Vec::new();
    for n in 0..self::others() {
        others.push(api.create(&format!("Other {n}")).await);
    }
    waiting(&api, 1).await;
    api.comment(victim, "one").await;
    api.comment(victim, "two").await;
    for other in &others {
        api.comment(other.id, "they go on").await;
        let done = assessments(&api, other.id, 1).await;
        assert_eq!(done[0].status, AssessmentStatus::Completed, "nobody else waits");
    }
    let letters = waiting(&api, 3).await;
    let mut before = 0;
    for other in &others {
        let done = assessments(&api, other.id, 1).await;
        before += usize::from(done.last().unwrap().completed_at < Some(letters[0].parked_at));
    }
    let all = others.len();
    assert!(before > 0, "none of {all} was done before one was given up");
    assert_eq!(letters[0].kind, DeadLetterKind::Parked);
    assert!(letters[0].cause.contains("it is poison"), "{}", letters[0].cause);
    assert_eq!(letters[0].attempts, 5);
    assert!(letters[1..].iter().all(|it| it.attempts == 0 && it.cause.starts_with("waits for")));
    let events: Vec<_> = letters.iter().filter_map(|it| it.event.clone()).collect();
    assert_eq!(
        types(&events),
        ["assessment.requested", "incident.commented", "incident.commented"]
    );
    assert!(events.iter().all(|event| event.incident_id() == Some(victim)));
    assert!(letters.iter().all(|it| it.place.is_some()), "{letters:?}");

    // None of it is lost with the worker.
    scene.kill_worker().await;
    scene.work().await;
    scene.settled().await;
    assert_eq!(waiting(&api, 3).await, letters);
    (scene, api, victim)
}

every_feed! {
    async fn one_poisoned_event_is_parked_and_driven_again_in_order(feed: Feed) {
        let (scene, api, victim) = poisoned(feed).await;
        let admin = scene.daemon.as_admin().await;
        let letters = waiting(&api, 3).await;
        let redrive = |api: Api, id| async move {
            let path = format!("/v1/admin/dead-letters/{id}/redrive");
            api.request(reqwest::Method::POST, &path).send().await.status.as_u16()
        };
        assert_eq!(redrive(api.clone(), letters[0].id).await, 403);

        // It is still poison: tried once more, and parked again. A follower never overtakes it.
        assert_eq!(redrive(admin.clone(), letters[2].id).await, 202);
        let again = eventually(async || {
            let page: Page<DeadLetter> = api.read("/v1/admin/dead-letters").await.ok();
            (page.items[0].attempts == 6).then_some(page.items)
        })
        .await;
        assert_eq!(again.len(), 3);

        cure(&scene).await;
        assert_eq!(redrive(admin.clone(), letters[0].id).await, 202);
        waiting(&api, 0).await;
        assert_eq!(redrive(admin, letters[0].id).await, 404);
        let done = assessments(&api, victim, 1).await;
        assert_eq!((done.len(), done[0].status), (1, AssessmentStatus::Completed));
        // What it does is handled as ever from now on.
        api.attach(victim, &json!({"message": "after the cure"})).await;
        let done = assessments(&api, victim, 2).await;
        assert_eq!(done[0].summary.as_ref().map(|summary| summary.lines), Some(1));
    }

    async fn a_discarded_event_lets_the_rest_go_on(feed: Feed) {
        let (scene, api, victim) = poisoned(feed).await;
        let admin = scene.daemon.as_admin().await;
        let letters = waiting(&api, 3).await;
        let path = format!("/v1/admin/dead-letters/{}/discard", letters[0].id);
        let reason = json!({"reason": "its lines are of no use"});
        assert_eq!(api.post(&path, &reason).await.status, 403);
        assert_eq!(admin.post(&path, &json!({"reason": " "})).await.status, 400);
        assert_eq!(admin.post(&path, &reason).await.status, 204);
        waiting(&api, 0).await;
        assert_eq!(admin.post(&path, &reason).await.status, 404);
        let kept: Page<DeadLetter> = api.read("/v1/admin/dead-letters?state=discarded").await.ok();
        let [kept] = &kept.items[..] else { panic!("{kept:?}") };
        let discarded = kept.discarded.clone().unwrap();
        assert_eq!((kept.id, discarded.reason.as_str()), (letters[0].id, "its lines are of no use"));
        let done = assessments(&api, victim, 1).await;
        assert_eq!((done.len(), done[0].status), (1, AssessmentStatus::Failed));
        assert!(done[0].error.as_ref().unwrap().contains("of no use"), "{:?}", done[0].error);
        let timeline = api.timeline(victim).await;
        let last = timeline.last().unwrap();
        assert_eq!(last.fact.event_type(), "assessment.completed", "whoever follows is told");
        assert_eq!(last.caused_by, letters[0].event.as_ref().map(|event| event.event_id));
    }
}
