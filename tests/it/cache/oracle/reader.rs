//! Readers: whatever they are answered is held against what was certain when they asked.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Debug;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::incident::{Incident, Status};
use watchfire_shared::page::IncidentPage;
use watchfire_shared::stats::Counts;
use watchfire_shared::user::UserOut;
use watchfire_tests::{Api, Reply};

use super::truth::{Glance, Place};
use super::world::{Door, World};

/// Heartbeats come every 5 s: no message for so long is a dead stream.
const SILENCE: Duration = Duration::from_secs(30);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(20);
/// Where an incident of a campaign can be.
const STATUSES: [Status; 3] = [Status::Open, Status::Investigating, Status::Resolved];

impl World {
    pub async fn read(&self, chance: &mut StdRng) {
        let door = self.door(chance);
        let at = Self::case(chance);
        let case = &self.truth.cases[at];
        match chance.random_range(0..100) {
            0..40 => self.one(door, &case.id.to_string()).await,
            40..50 => self.one(door, &case.reference.to_string()).await,
            50..65 => self.again(door, at).await,
            65..78 => self.by_status(door, STATUSES[chance.random_range(0..3)]).await,
            78..86 => self.by_assignee(door, chance.random_range(0..self.truth.people.len())).await,
            86..91 => self.newest(door, chance.random_range(1..20)).await,
            91..96 => self.counts(door).await,
            _ => self.profile(door, chance.random_range(0..self.truth.people.len())).await,
        }
    }

    pub async fn one(&self, door: &Door, name: &str) {
        let (glance, reply) = self.get(&door.responder, &format!("/v1/incidents/{name}")).await;
        self.expect(door, "by name", &reply, self.truth.check(&glance, 0, &reply.ok()));
    }

    /// A reader who has the newest version anybody has seen.
    pub async fn again(&self, door: &Door, at: usize) {
        self.begin();
        let (case, glance) = (&self.truth.cases[at], self.truth.glance());
        let known = case.seen();
        let request = door.responder.request(Method::GET, &format!("/v1/incidents/{}", case.id));
        let reply = request.header("if-none-match", format!("\"v{known}\"")).send().await;
        let checked = if reply.status == 304 {
            assert_eq!(reply.etag(), format!("\"v{known}\""));
            self.truth.check_version(&glance, at, known, known)
        } else {
            assert_eq!(reply.status, 200, "{}", reply.text());
            let incident: Incident = reply.ok();
            assert_ne!(incident.version, known, "304 was asked for");
            self.truth.check(&glance, known, &incident)
        };
        self.expect(door, "with what it has", &reply, checked);
    }

    async fn by_status(&self, door: &Door, status: Status) {
        self.list(door, &format!("status={status}"), |place| place.status == status).await;
    }

    pub async fn by_assignee(&self, door: &Door, person: usize) {
        let id = self.truth.people[person].id;
        self.list(door, &format!("assigned_to={id}"), |place| place.assignee == Some(id)).await;
    }

    /// Whatever certainly belongs into a list is in it, and whatever certainly does not is not.
    async fn list(&self, door: &Door, query: &str, belongs: impl Fn(Place) -> bool) {
        let path = format!("/v1/incidents?limit=200&{query}");
        let (glance, reply) = self.get(&door.responder, &path).await;
        let page: IncidentPage = reply.ok();
        let settled = self.truth.settled(&glance);
        let there = self.rows(door, &glance, &reply, &page.items);
        let (mut sure, mut unsure) = (0, self.truth.passed(&glance));
        for (id, place) in settled {
            match place.map(&belongs) {
                Some(belongs) => {
                    sure += u64::from(belongs);
                    let here = there.contains(&id);
                    let wrong = format!("{path}: {id} is {place:?}, and in the page: {here}");
                    self.expect(
                        door,
                        "a page",
                        &reply,
                        (belongs == here).then_some(()).ok_or(wrong),
                    );
                }
                None => unsure += 1,
            }
        }
        self.between(door, &reply, "total", page.total, sure, unsure);
    }

    async fn newest(&self, door: &Door, limit: usize) {
        let path = format!("/v1/incidents?sort=updated&limit={limit}");
        let (glance, reply) = self.get(&door.responder, &path).await;
        self.rows(door, &glance, &reply, &reply.ok::<IncidentPage>().items);
    }

    fn rows(
        &self,
        door: &Door,
        glance: &Glance,
        reply: &Reply,
        rows: &[Incident],
    ) -> BTreeSet<IncidentId> {
        for row in rows {
            self.expect(door, "a row", reply, self.truth.check(glance, 0, row));
        }
        let there: BTreeSet<IncidentId> = rows.iter().map(|row| row.id).collect();
        assert_eq!(there.len(), rows.len(), "an incident stands twice in {}", reply.text());
        there
    }

    async fn counts(&self, door: &Door) {
        let (glance, reply) = self.get(&door.responder, "/v1/incidents/counts").await;
        let counts: Counts = reply.ok();
        let settled = self.truth.settled(&glance);
        let passed = self.truth.passed(&glance);
        let places: Vec<Place> = settled.iter().filter_map(|(_, place)| *place).collect();
        let unsure = u64::try_from(settled.len() - places.len()).unwrap();
        for status in STATUSES {
            let sure = places.iter().filter(|place| place.status == status).count();
            let counted = counts.by_status.get(&status).copied().unwrap_or_default();
            // Those that come and go are open.
            let unsure = unsure + if status == Status::Open { passed } else { 0 };
            self.between(door, &reply, status.as_str(), counted, sure as u64, unsure);
        }
        let counted = counts.by_priority.values().sum();
        self.between(door, &reply, "all", counted, settled.len() as u64, passed);
    }

    async fn profile(&self, door: &Door, person: usize) {
        let path = format!("/v1/users/{}", self.truth.people[person].id);
        let (glance, reply) = self.get(&door.admin, &path).await;
        let user: UserOut = reply.ok();
        let checked = self.truth.check_name(&glance, person, &user.name);
        self.expect(door, "a profile", &reply, checked);
    }

    /// No failure of the cache is one of a read.
    pub async fn get(&self, api: &Api, path: &str) -> (Glance, Reply) {
        self.begin();
        let glance = self.truth.glance();
        let reply = api.read(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        (glance, reply)
    }

    fn between(&self, door: &Door, reply: &Reply, what: &str, read: i64, sure: u64, unsure: u64) {
        let read = u64::try_from(read).expect("a count");
        let right = (sure..=sure + unsure).contains(&read);
        let wrong = format!("{what}: {read}, where {sure} are certain and {unsure} are not");
        self.expect(door, "a number", reply, right.then_some(()).ok_or(wrong));
    }

    #[track_caller]
    fn expect(&self, door: &Door, what: &str, reply: &Reply, checked: Result<(), impl Debug>) {
        self.count(what);
        if let Err(wrong) = checked {
            let request = reply.header("x-request-id");
            let answer = reply.text();
            panic!("daemon {}, {what}, request {request}: {wrong:?}\n{answer}", door.number);
        }
    }

    /// Follows a daemon's stream from the beginning of the journal: what it shows, no read that
    /// begins later is older than.
    pub async fn follow(&self, door: &Door) -> Infallible {
        let mut last = 0;
        loop {
            if let Some(mut stream) = door.responder.try_stream(last).await {
                while let Some(event) = stream.try_next_event(SILENCE).await {
                    last = event.position.expect("what is told has a position");
                    self.truth.told(&event);
                    self.count("shown by a stream");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}
