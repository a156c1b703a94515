//! Writers that do everything at once to the same few incidents.

use rand::RngExt;
use rand::rngs::StdRng;
use watchfire_shared::ids::{IncidentId, UserId};
use watchfire_shared::user::UserOut;
use watchfire_tests::Api;
use watchfire_tests::programs::number;

use super::ledger::{Ack, Command, Ledger, Outcome, Write};

/// How many write at once.
pub const WRITERS: u64 = 8;

pub struct Workload<'a> {
    ledger: &'a Ledger,
    pub incidents: Vec<IncidentId>,
    me: UserId,
}

impl<'a> Workload<'a> {
    /// Opens the incidents to work on.
    pub async fn prepare(ledger: &'a Ledger, api: &Api) -> Self {
        let me: UserOut = api.read("/v1/users/me").await.ok();
        // How many the writers share.
        for _ in 0..number("WATCHFIRE_INCIDENTS").unwrap_or(20) {
            let outcome = ledger.attempt(api, ledger.write(Command::Create)).await;
            assert!(matches!(outcome, Outcome::Acknowledged), "{outcome:?}");
        }
        let incidents = ledger.book().acknowledged.iter().map(|(_, ack)| created(ack)).collect();
        Self { ledger, incidents, me: me.id }
    }

    /// Opens one more, which no writer knows.
    pub async fn open(&self, api: &Api) -> IncidentId {
        let write = self.ledger.write(Command::Create);
        let mark = write.mark.clone();
        let outcome = self.ledger.attempt(api, write).await;
        assert!(matches!(outcome, Outcome::Acknowledged), "{outcome:?}");
        let book = self.ledger.book();
        let (_, ack) = book.acknowledged.iter().find(|(write, _)| write.mark == mark).unwrap();
        created(ack)
    }

    pub fn incident(&self, chance: &mut StdRng) -> IncidentId {
        self.incidents[chance.random_range(0..self.incidents.len())]
    }

    /// The next command of a writer.
    pub fn next(&self, chance: &mut StdRng) -> Write {
        let incident = self.incident(chance);
        let command = match chance.random_range(0..10) {
            0 => Command::Create,
            1..=4 => {
                let assigned_to = chance.random_bool(0.5).then_some(self.me);
                Command::Patch { incident, assigned_to }
            }
            5..=7 => Command::Comment { incident },
            _ => Command::Attach { incident, lines: chance.random_range(1..=40) },
        };
        self.ledger.write(command)
    }

    /// One writer: writes until an attempt fails, and returns how; or until `over`.
    pub async fn write_on(
        &self,
        api: &Api,
        mut chance: StdRng,
        over: impl Fn() -> bool,
    ) -> Option<Outcome> {
        while !over() {
            let write = self.next(&mut chance);
            match self.ledger.attempt(api, write).await {
                Outcome::Acknowledged => {}
                failed => return Some(failed),
            }
        }
        None
    }
}

fn created(ack: &Ack) -> IncidentId {
    let Ack::Body(body) = ack else { panic!("a creation was answered without a body") };
    serde_json::from_value(body["id"].clone()).expect("an incident has an id")
}
