//! From one daemon to another while the screen stays open. Each visit has its own model, its own lanes
//! and its own channel; what still arrives for a visit that has ended has nowhere to go to.

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::effects::Runner;
use crate::client::Client;
use crate::clock;
use crate::config::Config;
use crate::embedded::{self, Home};
use crate::event::Event;
use crate::model::Model;
use crate::model::drafts::Drafts;
use crate::model::remembered::Remembered;
use crate::update;

/// A daemon to work with: what is configured, and the way to it.
pub type There = (Config, Client);

/// What goes along from one daemon to the next.
pub struct Kept {
    /// What was not sent, by the daemon's address.
    drafts: HashMap<String, Drafts>,
    remembered: Remembered,
    /// Whether the mouse was ours; before the first visit the configuration says so.
    mouse: Option<bool>,
}

impl Kept {
    pub fn new(remembered: Remembered) -> Self {
        Self { drafts: HashMap::new(), remembered, mouse: None }
    }

    pub fn give(&mut self, model: &mut Model, address: &str) {
        model.put_drafts(self.drafts.remove(address).unwrap_or_default());
        model.put_remembered(&self.remembered);
        if let Some(captured) = self.mouse {
            model.pointer.captured = captured;
        }
    }

    pub fn take(&mut self, model: &mut Model, address: String) {
        self.drafts.insert(address, model.take_drafts());
        self.remembered = model.remembered();
        self.mouse = Some(model.pointer.captured);
    }
}

/// What was found on the way to another daemon; its client where no program is to be run for it.
pub type Found = Result<Box<(Config, Option<Client>)>, String>;

/// On the way to another daemon. Dropping it stays here.
#[derive(Default)]
pub struct Going(Option<JoinHandle<Found>>);

impl Going {
    /// Sets out: reads the configuration again, and starts the embedded daemon where that is meant.
    pub fn to(context: Option<String>) -> Self {
        Self(Some(spawn_blocking(move || find(context.as_deref()).map(Box::new))))
    }

    /// What was found, once; nobody who stays is ever told.
    pub async fn found(&mut self) -> Found {
        let Some(going) = &mut self.0 else {
            return std::future::pending().await;
        };
        let found = going.await.unwrap_or_else(|error| Err(format!("It ended early: {error}")));
        self.0 = None;
        found
    }
}

fn find(context: Option<&str>) -> Result<(Config, Option<Client>), String> {
    let config = Config::load(context)?;
    if config.url.is_none() {
        embedded::ensure(&Home::new(&config.state), |_| ()).map_err(|error| error.message)?;
    }
    // A program that prints a token may ask its person: it needs the terminal.
    let asks = !config.place.context.token_command.is_empty();
    let client = if asks { None } else { Some(reach(&config)?) };
    Ok((config, client))
}

/// The client for what was found; runs a `token_command`.
pub fn reach(config: &Config) -> Result<Client, String> {
    crate::cli::client(config).map_err(|error| error.message)
}

/// What is said of a daemon that was left: a sentence each.
pub type Said = mpsc::UnboundedSender<String>;

/// Ends a visit: what was sent may still arrive, and what did not is told.
pub async fn leave(mut model: Model, runner: Runner, mut events: mpsc::Receiver<Event>, say: Said) {
    let unseen = model.commands.open();
    update::leave(&mut model);
    let answers = async {
        while let Some(event) = events.recv().await {
            // What an answer would ask for is of no use any more.
            if matches!(event, Event::Done { .. }) {
                let _ = update::update(&mut model, event, clock::now());
            }
        }
    };
    runner.finish(answers).await;
    for text in model.commands.left_open(&unseen).into_iter().chain(model.own.left_open()) {
        // Nobody listens any more: the program is ending in disorder.
        let _ = say.send(text);
    }
}
