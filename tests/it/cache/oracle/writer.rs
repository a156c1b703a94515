//! Writers: everything that makes something cached stale, and commands that are refused.

use std::cell::Cell;

use futures_util::future::join_all;
use rand::RngExt;
use rand::rngs::StdRng;
use reqwest::Method;
use serde_json::{Value, json};
use watchfire_shared::incident::{Comment, Incident};
use watchfire_shared::log::LogsAccepted;
use watchfire_shared::user::{Role, UserOut};
use watchfire_tests::Reply;

use super::truth::{Case, Person, REFUSED};
use super::world::{Door, World};

/// What became of a write.
enum Outcome {
    Done,
    Refused,
    /// 503: done or not.
    Unknown,
}

impl World {
    pub async fn write(&self, chance: &mut StdRng) {
        let door = self.door(chance);
        let case = &self.truth.cases[Self::case(chance)];
        match chance.random_range(0..100) {
            0..50 => self.change(door, case, chance).await,
            50..64 => self.comment(door, case).await,
            64..74 => self.attach(door, case, chance.random_range(1..20)).await,
            74..86 => self.refuse(door, case, chance.random_range(0..4)).await,
            86..94 => self.come_and_go(door, self.door(chance)).await,
            // Each makes all that is cached absent.
            94..96 => {
                let person = chance.random_range(0..self.truth.people.len());
                self.rename(door, &self.truth.people[person]).await;
            }
            _ => self.turn(door).await,
        }
        // Whoever comes right after it meets the loads that began before it.
        let name = case.id.to_string();
        join_all(self.doors.iter().map(|door| self.one(door, &name))).await;
    }

    /// A title, a step, an assignee, or several of them.
    async fn change(&self, door: &Door, case: &Case, chance: &mut StdRng) {
        let mut patch = json!({ "note": self.text("note") });
        if chance.random_bool(0.5) {
            patch["title"] = self.text("title").into();
        }
        if chance.random_bool(0.6) {
            let status = ["open", "investigating", "resolved"][chance.random_range(0..3)];
            patch["status"] = status.into();
        }
        if chance.random_bool(0.4) {
            let person = self.truth.people.get(chance.random_range(0..=self.truth.people.len()));
            patch["assigned_to"] = json!(person.map(|person| person.id));
        }
        self.patch(door, case, &patch).await;
    }

    /// Somebody works on it from now on, or nobody.
    pub async fn assign(&self, door: &Door, case: &Case, person: Option<usize>) {
        let person = person.map(|person| self.truth.people[person].id);
        self.patch(door, case, &json!({ "assigned_to": person })).await;
    }

    async fn patch(&self, door: &Door, case: &Case, patch: &Value) {
        let pen = case.write();
        let path = format!("/v1/incidents/{}", case.id);
        let request = door.responder.request(Method::PATCH, &path).json(patch);
        let reply = request.send().await;
        match self.outcome("a change", &reply) {
            Outcome::Done => pen.acknowledged(&reply.ok::<Incident>()),
            Outcome::Unknown => pen.doubted(),
            // A step that is not legal from where it stands.
            Outcome::Refused => assert_eq!(reply.status, 400, "{}", reply.text()),
        }
    }

    pub async fn comment(&self, door: &Door, case: &Case) {
        let pen = case.write();
        let path = format!("/v1/incidents/{}/comments", case.id);
        let reply = door.responder.post(&path, &json!({ "body": self.text("words") })).await;
        if let Outcome::Done = self.done("a comment", &reply) {
            pen.acknowledged_version(reply.ok::<Comment>().version);
        }
    }

    async fn attach(&self, door: &Door, case: &Case, lines: usize) {
        let pen = case.write();
        let path = format!("/v1/incidents/{}/logs", case.id);
        let lines: Value = (0..lines).map(|line| json!({ "message": line.to_string() })).collect();
        let reply = door.responder.post(&path, &lines).await;
        if let Outcome::Done = self.done("log lines", &reply) {
            pen.acknowledged_lines(reply.ok::<LogsAccepted>().last_seq);
        }
    }

    /// Nothing of it may ever be read.
    async fn refuse(&self, door: &Door, case: &Case, way: u32) {
        let path = format!("/v1/incidents/{}", case.id);
        let title = self.text(REFUSED);
        let patch = |body: Value| door.responder.request(Method::PATCH, &path).json(&body);
        let reply = match way {
            0 => patch(json!({ "title": title, "expect": { "status": "closed" } })).send().await,
            1 => patch(json!({ "title": title })).header("if-match", "\"v0\"").send().await,
            2 => {
                let nobody = uuid::Uuid::now_v7();
                patch(json!({ "title": title, "assigned_to": nobody })).send().await
            }
            _ => {
                let lines = json!([{ "message": title }, { "message": 5 }]);
                door.responder.post(&format!("{path}/logs"), &lines).await
            }
        };
        let outcome = self.outcome("a refusal", &reply);
        assert!(!matches!(outcome, Outcome::Done), "{}", reply.text());
    }

    /// An incident is opened, found by everybody, deleted, and found by nobody.
    async fn come_and_go(&self, door: &Door, other: &Door) {
        let add = |to: &Cell<u64>, number: i64| to.update(|at| at.strict_add_signed(number));
        add(&self.truth.passing, 1);
        add(&self.truth.begun, 1);
        let title = json!({ "title": self.text("passing") });
        let reply = door.responder.post("/v1/incidents", &title).await;
        let Outcome::Done = self.done("a creation", &reply) else { return };
        let incident: Incident = reply.ok();
        let names = [incident.id.to_string(), incident.reference.to_string()];
        for name in &names {
            self.get(&other.responder, &format!("/v1/incidents/{name}")).await;
        }
        let path = format!("/v1/incidents/{}", incident.id);
        let reply = other.admin.request(Method::DELETE, &path).send().await;
        let Outcome::Done = self.done("a deletion", &reply) else { return };
        add(&self.truth.passing, -1);
        for name in &names {
            let reply = door.responder.read(&format!("/v1/incidents/{name}")).await;
            assert_eq!(reply.status, 404, "{name} is deleted: {}", reply.text());
        }
    }

    async fn rename(&self, door: &Door, person: &Person) {
        let _turn = person.turn.lock().await;
        let number = person.tried.get() + 1;
        person.tried.set(number);
        let patch = json!({ "name": Person::name(number) });
        let path = format!("/v1/users/{}", person.id);
        let reply = door.admin.request(Method::PATCH, &path).json(&patch).send().await;
        if let Outcome::Done = self.done("a new name", &reply) {
            person.acknowledged(number);
        }
    }

    /// Somebody gets or loses the right to write, and has it or not in their next requests.
    async fn turn(&self, door: &Door) {
        let mut role = self.turncoat.role.lock().await;
        *role = if *role == Role::Viewer { Role::Responder } else { Role::Viewer };
        let path = format!("/v1/users/{}", self.turncoat.id);
        let patch = json!({ "role": *role });
        // Only one changes it: until it is acknowledged it may be sent again.
        while let Outcome::Unknown = {
            let reply = door.admin.request(Method::PATCH, &path).json(&patch).send().await;
            self.done("a role", &reply)
        } {}
        for door in &self.doors {
            // Where who asks may, it is refused for what it asks.
            let one = format!("/v1/incidents/{}", self.truth.cases[0].id);
            let patch = json!({ "title": self.text(REFUSED) });
            let request = door.turncoat.request(Method::PATCH, &one).json(&patch);
            let reply = request.header("if-match", "\"v0\"").send().await;
            let expected = if *role == Role::Viewer { 403 } else { 412 };
            assert_eq!(reply.status, expected, "{role:?}: {}", reply.text());
            let (_, reply) = self.get(&door.admin, &path).await;
            assert_eq!(reply.ok::<UserOut>().role, *role);
        }
    }

    fn outcome(&self, what: &str, reply: &Reply) -> Outcome {
        self.begin();
        let (what, outcome) = match reply.status.as_u16() {
            200..=299 => (what.to_owned(), Outcome::Done),
            503 => (format!("{what} in doubt"), Outcome::Unknown),
            400 | 412 => (format!("{what} refused"), Outcome::Refused),
            _ => panic!("{what}: {} {}", reply.status, reply.text()),
        };
        self.count(&what);
        outcome
    }

    /// For what nobody has a reason to refuse.
    fn done(&self, what: &str, reply: &Reply) -> Outcome {
        let outcome = self.outcome(what, reply);
        assert!(!matches!(outcome, Outcome::Refused), "{what}: {}", reply.text());
        outcome
    }
}
