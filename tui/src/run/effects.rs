//! Performs what `update` asks for. Loads run side by side, a few at a time; commands have a lane of
//! their own and never wait behind loads. Each request is answered exactly once, also when its task
//! panics.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use watchfire_shared::ids::IncidentRef;
use watchfire_shared::page::Page;
use watchfire_shared::user::UserOut;

use super::{export, feed, lane, program, reload, remember};
use crate::cli::handover;
use crate::client::{
    AllLogQuery, AssessmentQuery, Client, ClientError, DeadLetterQuery, ErrorKind, IncidentQuery,
    LogQuery, TimelineQuery,
};
use crate::clock;
use crate::config::Config;
use crate::effect::{Effect, Export, Load, Program, RequestId, Way};
use crate::embedded::{self, Home};
use crate::event::{Event, Failure, FailureKind, Outcome};
use crate::model::remembered::Remembered;
use crate::secret::Secret;

/// Loads under way at the same time.
const LOADS: usize = 4;
/// Programs of the person's own that run at the same time.
const PROGRAMS: usize = 4;
/// How long commands may take after the person has left.
const LAST_COMMANDS: Duration = Duration::from_secs(3);

pub struct Runner {
    client: Client,
    /// The embedded daemon, where that is whom we talk to.
    home: Option<Home>,
    to: mpsc::Sender<Event>,
    loads: Arc<Semaphore>,
    programs: Arc<Semaphore>,
    tasks: JoinSet<()>,
    commands: Option<mpsc::UnboundedSender<lane::Sent>>,
    /// Holds the one task that has commands performed.
    lane: JoinSet<()>,
    /// Ends a wait of the stream.
    wake: Arc<Notify>,
    /// What is to be kept for the next run, and the task that writes it.
    remembered: watch::Sender<Remembered>,
    /// The configuration.
    file: PathBuf,
    memory: JoinSet<()>,
}

impl Runner {
    /// Answers go to `to`. Needs a runtime around it.
    pub fn new(
        client: Client,
        home: Option<Home>,
        config: &Config,
        to: mpsc::Sender<Event>,
    ) -> Self {
        let (remembered, wanted) = watch::channel(Remembered::default());
        let mut memory = JoinSet::new();
        memory.spawn(remember::keep(remember::file(&config.state), wanted));
        let (commands, waiting) = mpsc::unbounded_channel();
        let mut lane = JoinSet::new();
        lane.spawn(lane::keep(client.clone(), to.clone(), waiting));
        Self {
            lane,
            client,
            home,
            to,
            loads: Arc::new(Semaphore::new(LOADS)),
            programs: Arc::new(Semaphore::new(PROGRAMS)),
            tasks: JoinSet::new(),
            commands: Some(commands),
            wake: Arc::new(Notify::new()),
            remembered,
            memory,
            file: config.file.clone(),
        }
    }

    /// Begins to follow the live stream.
    pub fn listen(&mut self) {
        let (client, to, wake) = (self.client.clone(), self.to.clone(), Arc::clone(&self.wake));
        let listen = move || feed::listen(client.clone(), to.clone(), Arc::clone(&wake));
        self.tasks.spawn(feed::keep(self.to.clone(), listen));
    }

    /// Begins to watch the configuration.
    pub fn watch(&mut self, config: &Config, to: mpsc::Sender<reload::Read>) {
        // Without a home there is no file.
        if config.file.is_absolute() {
            let context = config.flag.clone();
            self.tasks.spawn(reload::watch(config.file.clone(), context, to));
        }
    }

    /// Whether anything may be changed from here, for what waits for its turn too.
    pub fn set_read_only(&self, read_only: bool) {
        self.client.set_read_only(read_only);
    }

    pub fn perform(&mut self, effect: Effect) {
        // What has ended is forgotten, or the set would grow for ever.
        while self.tasks.try_join_next().is_some() {}
        match effect {
            Effect::Load { request, load } => self.load(request, load),
            Effect::Command { request, command } => {
                if let Some(commands) = &self.commands {
                    // The lane ends only after this sender.
                    let _ = commands.send((request, command));
                }
            }
            Effect::SignIn { request, email, password } => {
                self.sign_in(request, email, Secret::new(password.0));
            }
            Effect::Save { request, name, text } => self.save(request, name, text),
            Effect::SaveView { request, text } => self.save_view(request, text),
            Effect::Export { request, export } => self.export(request, export),
            Effect::Run {
                request,
                program: Program { argv, way: Way::Background { limit, .. } },
            } => {
                self.run(request, argv, limit);
            }
            // The loop's, which has the terminal.
            Effect::Copy(_)
            | Effect::Write { .. }
            | Effect::Run { .. }
            | Effect::Go(_)
            | Effect::Stay
            | Effect::Notify { .. } => {}
            Effect::Remember(kept) => {
                self.remembered.send_replace(kept);
            }
            Effect::Reconnect => self.reconnect(),
            Effect::Wake => self.wake.notify_one(),
            Effect::Quit => self.commands = None,
        }
    }

    /// Gives commands under way the time to arrive; `answers` takes what comes until nobody can send
    /// any more.
    pub async fn finish(self, answers: impl Future<Output = ()>) {
        let Self { to, commands, mut tasks, mut lane, remembered, mut memory, .. } = self;
        drop((to, commands, remembered));
        tasks.shutdown().await;
        let arrive = async {
            tokio::join!(lane.join_next(), memory.join_next(), answers);
        };
        // What has not arrived by then is cut off when the lane is dropped.
        let _ = tokio::time::timeout(LAST_COMMANDS, arrive).await;
    }

    /// Wakes the stream; an embedded daemon that is gone is started first.
    fn reconnect(&mut self) {
        let (home, wake) = (self.home.clone(), Arc::clone(&self.wake));
        self.tasks.spawn(async move {
            if let Some(home) = home {
                // The stream finds out by itself how it went, and says so.
                let _ = spawn_blocking(move || embedded::ensure(&home, |_| ())).await;
            }
            wake.notify_one();
        });
    }

    fn load(&mut self, request: RequestId, load: Load) {
        let (client, to, loads) = (self.client.clone(), self.to.clone(), Arc::clone(&self.loads));
        self.tasks.spawn(async move {
            // Never closed.
            let _turn = loads.acquire().await;
            answer(&to, request, perform_load(&client, load)).await;
        });
    }

    fn save(&mut self, request: RequestId, name: String, text: String) {
        let to = self.to.clone();
        self.tasks.spawn(async move {
            answer(&to, request, async {
                let saved = spawn_blocking(move || {
                    let folder = std::env::current_dir().unwrap_or_default();
                    let file = folder.join(name);
                    handover::save(&file, &text).map(|()| file.display().to_string())
                });
                let ended = |error| ClientError::local(format!("Writing ended early: {error}"));
                let file = saved.await.map_err(ended)?.map_err(ClientError::local)?;
                Ok(Outcome::Saved(file))
            })
            .await;
        });
    }

    fn save_view(&mut self, request: RequestId, text: String) {
        let (to, file) = (self.to.clone(), self.file.clone());
        self.tasks.spawn(async move {
            answer(&to, request, async {
                let told = file.display().to_string();
                let added = spawn_blocking(move || crate::config::append(&file, &text));
                let ended = |error| ClientError::local(format!("Writing ended early: {error}"));
                added.await.map_err(ended)?.map_err(ClientError::local)?;
                Ok(Outcome::Saved(told))
            })
            .await;
        });
    }

    fn export(&mut self, request: RequestId, export: Export) {
        let (client, to) = (self.client.clone(), self.to.clone());
        self.tasks.spawn(async move {
            let written = export::export(&client, &to, request, &export);
            answer(&to, request, written).await;
        });
    }

    fn run(&mut self, request: RequestId, argv: Vec<String>, limit: Duration) {
        let (to, programs) = (self.to.clone(), Arc::clone(&self.programs));
        self.tasks.spawn(async move {
            // Never closed. Its time begins with its turn.
            let _turn = programs.acquire().await;
            answer(&to, request, program::run(&argv, limit)).await;
        });
    }

    fn sign_in(&mut self, request: RequestId, email: String, password: Secret) {
        let (client, to, wake) = (self.client.clone(), self.to.clone(), Arc::clone(&self.wake));
        self.tasks.spawn(async move {
            answer(&to, request, async {
                client.login(&email, &password).await?;
                wake.notify_one();
                Ok(Outcome::SignedIn)
            })
            .await;
        });
    }
}

/// Does it and says once what came of it.
pub async fn answer(
    to: &mpsc::Sender<Event>,
    request: RequestId,
    work: impl Future<Output = Result<Outcome, ClientError>>,
) {
    let done = std::panic::AssertUnwindSafe(work).catch_unwind().await;
    let outcome = match done {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => Outcome::Failed(failure(error)),
        Err(_) => Outcome::Failed(Failure::new(
            FailureKind::Unreadable,
            "The client failed inside over this request; please report it",
        )),
    };
    // Nobody listens any more: the person has left.
    let _ = to.send(Event::Done { request, outcome }).await;
}

fn failure(error: ClientError) -> Failure {
    let kind = match error.kind {
        ErrorKind::Unreachable | ErrorKind::Local => FailureKind::Offline,
        ErrorKind::Interrupted | ErrorKind::Timeout => FailureKind::TimedOut,
        ErrorKind::Unauthenticated => FailureKind::Unauthenticated,
        ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Refused => {
            FailureKind::Refused
        }
        ErrorKind::Unavailable => FailureKind::Unavailable,
        ErrorKind::Failed | ErrorKind::Protocol => FailureKind::Unreadable,
    };
    Failure { kind, message: error.message, problem: error.problem }
}

async fn perform_load(client: &Client, load: Load) -> Result<Outcome, ClientError> {
    Ok(match load {
        Load::Incidents { filter, sort, cursor, limit } => {
            let query = IncidentQuery {
                filter: Some(filter).filter(|filter| !filter.trim().is_empty()),
                sort: Some(sort.to_string()),
                limit: Some(limit),
                cursor,
            };
            Outcome::Incidents(Box::new(client.incidents(&query).await?))
        }
        Load::Counts => Outcome::Counts(client.counts().await?),
        Load::Incident(id) => {
            Outcome::Incident(Box::new(client.incident(&IncidentRef::Id(id)).await?))
        }
        Load::Timeline { id, after, cursor, limit } => {
            // The cursor stands in the place of the version.
            let after = Some(after).filter(|_| cursor.is_none());
            let query = TimelineQuery { after, cursor, limit: Some(limit) };
            Outcome::Timeline(client.timeline(&IncidentRef::Id(id), &query).await?)
        }
        Load::Alerts { id, cursor } => {
            let id = IncidentRef::Id(id);
            Outcome::Alerts(client.alerts(&id, cursor.as_deref()).await?)
        }
        Load::Assessments { id, limit } => {
            let query = AssessmentQuery { limit: Some(limit), cursor: None };
            Outcome::Assessments(client.assessments(&IncidentRef::Id(id), &query).await?)
        }
        Load::Logs { id, before, after, min_level, q, limit } => {
            let query = LogQuery {
                min_level,
                q: Some(q).filter(|q| !q.is_empty()),
                source: None,
                before,
                after,
                limit: Some(limit),
            };
            Outcome::Logs(client.logs(&IncidentRef::Id(id), &query).await?)
        }
        Load::AllLogs { before, after, min_level, q, limit } => {
            let q = Some(q).filter(|q| !q.is_empty());
            let query = AllLogQuery { min_level, q, before, after, limit: Some(limit) };
            Outcome::Logs(client.all_logs(&query).await?)
        }
        Load::Handover { since } => {
            Outcome::Handover(Box::new(handover::gather(client, since, clock::now()).await?))
        }
        Load::HandoverOf { ids, since } => Outcome::Handover(Box::new(
            handover::gather_these(client, ids, since, clock::now()).await?,
        )),
        Load::CacheStats => Outcome::CacheStats(Box::new(client.cache_stats().await?)),
        Load::CacheDemo => Outcome::CacheDemo(Box::new(client.cache_demo().await?)),
        Load::Health => Outcome::Health(Box::new(client.health().await?)),
        Load::Outbox => Outcome::Outbox(Box::new(client.outbox().await?)),
        Load::Processes => Outcome::Processes(client.processes().await?),
        Load::DeadLetters { limit } => {
            let query = DeadLetterQuery { limit: Some(limit), ..DeadLetterQuery::default() };
            Outcome::DeadLetters(client.dead_letters(&query).await?)
        }
        Load::Me => Outcome::Me(client.me().await?),
        Load::Users => Outcome::Users(all_users(client).await?),
    })
}

/// Everybody, as one page: people are chosen from a list that must not end early.
async fn all_users(client: &Client) -> Result<Page<UserOut>, ClientError> {
    let mut all = client.users(None).await?;
    while let Some(cursor) = all.next_cursor.take() {
        let page = client.users(Some(&cursor)).await?;
        all.items.extend(page.items);
        all.next_cursor = page.next_cursor;
    }
    Ok(all)
}
