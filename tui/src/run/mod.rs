//! The screen's loop: everything that happens becomes an event, `update` answers with effects, the
//! runner performs them, and what changed is drawn. Nothing happens while nothing happens.

mod clipboard;
mod editor;
mod effects;
mod ends;
mod export;
mod feed;
mod frames;
mod going;
pub mod input;
mod keys;
mod lane;
mod notice;
mod program;
mod reload;
mod remember;
pub mod screen;

use std::collections::VecDeque;
use std::io::IsTerminal;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Client, ClientError};
use crate::clock;
use crate::config::{Config, Terminal};
use crate::effect::{Effect, Program, RequestId, Way};
use crate::embedded::Home;
use crate::event::Event;
use crate::model::commands::Tone;
use crate::model::setup::Configured;
use crate::model::{Look, Model, Start, Zone};
use crate::settings::Mistake;
use crate::update;
use effects::Runner;
use ends::Ends;
use frames::{FRAME, Frames};
use going::{Found, Going, Kept, There};
use input::Input;
use screen::Screen;

/// Events taken in a row before keys and the screen have their turn.
const BURST: usize = 256;
/// Events that may wait; the stream's reader waits when they are more.
const WAITING: usize = 4_096;

/// Opens the screen and stays until the person leaves.
pub fn open(config: &Config) -> Result<(), ClientError> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        let message =
            "The screen needs a terminal; without one use a command, such as `watchfire ls`";
        return Err(ClientError::local(message));
    }
    let client = crate::cli::connect(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| ClientError::local(format!("The runtime cannot start: {error}")))?;
    let done = runtime.block_on(live(config, client));
    // A name that cannot be resolved must not keep the program from ending.
    runtime.shutdown_timeout(Duration::from_millis(100));
    done
}

async fn live(config: &Config, client: Client) -> Result<(), ClientError> {
    let gone = |error| ClientError::local(format!("The terminal cannot be used: {error}"));
    let mut ends = Ends::new().map_err(gone)?;
    let mut screen = Screen::enter().map_err(gone)?;
    let (say, mut said) = mpsc::unbounded_channel();
    let (remembered, mut forgotten) = remember::read(&remember::file(&config.state));
    let mut kept = Kept::new(remembered);
    let mut left = JoinSet::new();
    let mut there: There = (config.clone(), client);
    let ended = loop {
        let size = screen.size().map_err(gone)?;
        let address = there.0.address();
        let mut visit = Loop::new(&there, size, &mut ends, &mut said);
        kept.give(&mut visit.model, &address);
        if let Some(text) = forgotten.take() {
            update::tell(&mut visit.model, Tone::Warning, text, clock::now());
        }
        let ended = visit.run(&mut screen).await;
        let Loop { mut model, runner, events, .. } = visit;
        kept.take(&mut model, address);
        left.spawn(going::leave(model, runner, events, say.clone()));
        match ended {
            Ok(Some(next)) => there = next,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    drop((screen, say));
    while left.join_next().await.is_some() {}
    while let Some(text) = said.recv().await {
        crate::cli::note(&text);
    }
    match ended {
        // The terminal is gone; so is whoever could be told.
        Err(error) if is_hangup(&error) => Ok(()),
        ended => ended.map_err(gone),
    }
}

fn start(config: &Config, client: &Client, size: (u16, u16)) -> Start {
    Start {
        address: config.address(),
        context: config.place.name.clone().map(|name| (name, config.place.context.ink)),
        // Where the daemon is not found there is nothing to link to yet.
        base: client.place().unwrap_or_default(),
        zone: Zone::Local,
        look: look(config),
        size,
        signed_in: client.session().has_token(),
        setup: config.settings.setup.clone(),
        read_only: config.read_only,
        in_tmux: config.terminal == Terminal::Tmux,
        mistakes: config.mistakes.iter().map(Mistake::short).collect(),
    }
}

const fn look(config: &Config) -> Look {
    Look { colour: !config.mono, unicode: config.utf8 }
}

fn is_hangup(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, NotConnected, UnexpectedEof};
    let input_output = rustix::io::Errno::IO.raw_os_error();
    matches!(error.kind(), BrokenPipe | NotConnected | UnexpectedEof)
        || error.raw_os_error() == Some(input_output)
}

struct Loop<'a> {
    model: Model,
    runner: Runner,
    events: mpsc::Receiver<Event>,
    /// As it was at the start.
    config: &'a Config,
    /// It was read again.
    changes: mpsc::Receiver<reload::Read>,
    ends: &'a mut Ends,
    /// What became of commands to a daemon that was left.
    said: &'a mut mpsc::UnboundedReceiver<String>,
    going: Going,
    /// Programs that wait for the terminal.
    waiting: VecDeque<Waiting>,
    /// What stands on the screen is not what was drawn: its size has changed since, perhaps to and
    /// fro.
    torn: bool,
    frames: Frames,
    last_tick: Instant,
}

/// A program that is to have the terminal.
enum Waiting {
    /// The editor, with the file's name and its text.
    Editor(RequestId, String, String),
    /// One of the person's own.
    Program(RequestId, Vec<String>),
}

/// What woke the loop.
enum Woken {
    Event(Event),
    Configured(reload::Read),
    Found(Found),
    Said(String),
    Frame,
    /// Something we have no use for.
    Nothing,
    End,
}

impl<'a> Loop<'a> {
    fn new(
        (config, client): &'a There,
        size: (u16, u16),
        ends: &'a mut Ends,
        said: &'a mut mpsc::UnboundedReceiver<String>,
    ) -> Self {
        let model = Model::new(start(config, client, size), clock::now());
        let home = config.url.is_none().then(|| Home::new(&config.state));
        let (to, events) = mpsc::channel(WAITING);
        let (changed, changes) = mpsc::channel(1);
        let mut runner = Runner::new(client.clone(), home, config, to);
        runner.watch(config, changed);
        Self {
            model,
            runner,
            events,
            config,
            changes,
            ends,
            said,
            going: Going::default(),
            waiting: VecDeque::new(),
            torn: false,
            frames: Frames::new(Instant::now()),
            last_tick: Instant::now(),
        }
    }

    /// Runs until the person leaves, a signal comes or the terminal goes; or until they have got to
    /// another daemon.
    async fn run(&mut self, screen: &mut Screen) -> std::io::Result<Option<There>> {
        // Painted before the network has been asked for anything.
        self.paint(screen)?;
        self.runner.listen();
        let mut input = Input::open();
        let effects = update::start(&mut self.model);
        let mut going = self.perform(effects);
        let mut unpainted = false;
        while going {
            let mut key = false;
            match self.wait(&mut input, unpainted).await? {
                Woken::Event(event) => {
                    key = matches!(event, Event::Key(_) | Event::Paste(_) | Event::Mouse(_));
                    going = self.take(event) && self.take_burst();
                    unpainted |= self.model.take_dirty() || self.torn;
                }
                Woken::Configured(read) => {
                    self.configure(read);
                    unpainted |= self.model.take_dirty();
                }
                Woken::Found(found) => {
                    if !self.release(input).await {
                        return Ok(None);
                    }
                    if let Some(there) = self.arrive(found, screen)? {
                        return Ok(Some(there));
                    }
                    input = Input::open();
                    unpainted = true;
                }
                Woken::Said(text) => {
                    update::tell(&mut self.model, Tone::Warning, text, clock::now());
                    unpainted = true;
                }
                Woken::Frame => {}
                Woken::Nothing => continue,
                Woken::End => return Ok(None),
            }
            if going && !self.waiting.is_empty() {
                // Its reader would take the keys that are the other program's.
                if !self.release(input).await {
                    return Ok(None);
                }
                while going && let Some(next) = self.waiting.pop_front() {
                    going = self.lend(screen, next).await?;
                }
                input = Input::open();
                unpainted = true;
            }
            if unpainted && self.frames.may_draw(Instant::now(), key) {
                self.paint(screen)?;
                unpainted = false;
            }
        }
        Ok(None)
    }

    /// Stops reading what is typed. Says whether to go on: one who is to leave waits for nothing.
    async fn release(&mut self, input: Input) -> bool {
        tokio::select! {
            () = self.ends.any() => false,
            () = input.release() => true,
        }
    }

    /// The way to another daemon was found, or not. A program that prints the token for it has the
    /// terminal while it runs.
    fn arrive(&mut self, found: Found, screen: &mut Screen) -> std::io::Result<Option<There>> {
        // Typed on the way, and so meant for neither of the two; what the reader left behind goes too.
        input::forget()?;
        let reached = match found.map(|found| *found) {
            Ok((config, Some(client))) => Ok((config, client)),
            Ok((config, None)) => {
                screen.leave();
                let client = going::reach(&config);
                screen.take_back()?;
                input::forget()?;
                client.map(|client| (config, client))
            }
            Err(why) => Err(why),
        };
        match reached {
            Ok(there) => Ok(Some(there)),
            Err(why) => {
                update::cannot_go(&mut self.model, why, clock::now());
                Ok(None)
            }
        }
    }

    /// Leaves the terminal to another program until it ends. Says whether to go on.
    async fn lend(&mut self, screen: &mut Screen, waiting: Waiting) -> std::io::Result<bool> {
        screen.leave();
        let end = self.ends.end();
        let (command, state) = (&self.config.editor, &self.config.state);
        let (request, outcome) = match waiting {
            Waiting::Editor(request, name, text) => {
                (request, editor::write(command, state, &name, &text, end).await)
            }
            Waiting::Program(request, argv) => (request, program::run_here(&argv, end).await),
        };
        screen.take_back()?;
        input::forget()?;
        self.ends.forget_interrupts();
        let Some(outcome) = outcome else {
            return Ok(false);
        };
        let (columns, rows) = screen.size()?;
        // First what happened meanwhile: what is sent now is about the incident as it stands.
        Ok(self.take(Event::Resize(columns, rows))
            && self.take_burst()
            && self.take(Event::Done { request, outcome }))
    }

    async fn wait(&mut self, input: &mut Input, unpainted: bool) -> std::io::Result<Woken> {
        let wake = self.wake_at();
        Ok(tokio::select! {
            biased;
            () = self.ends.any() => Woken::End,
            typed = input.next() => match typed {
                Some(typed) => keys::event(typed?).map_or(Woken::Nothing, Woken::Event),
                None => Woken::End,
            },
            () = tokio::time::sleep_until(self.frames.next()), if unpainted => Woken::Frame,
            event = self.events.recv() => event.map_or(Woken::End, Woken::Event),
            Some(read) = self.changes.recv() => Woken::Configured(read),
            found = self.going.found() => Woken::Found(found),
            Some(text) = self.said.recv() => Woken::Said(text),
            () = tokio::time::sleep_until(wake.unwrap_or(self.last_tick)), if wake.is_some() => {
                self.last_tick = Instant::now();
                Woken::Event(Event::Tick)
            }
        })
    }

    fn configure(&mut self, read: reload::Read) {
        let read = read.and_then(|config| {
            let told = config.told();
            if told.is_empty() { Ok(config) } else { Err(told) }
        });
        let read = match &read {
            Ok(config) => Ok(self.configured(config)),
            Err(mistakes) => Err(mistakes.as_str()),
        };
        update::configure(&mut self.model, read, clock::now());
        self.runner.set_read_only(self.model.read_only);
    }

    fn configured(&self, config: &Config) -> Configured {
        let elsewhere = !config.same_place(self.config);
        Configured {
            setup: config.settings.setup.clone(),
            // What another place allows says nothing about this one.
            read_only: config.read_only || (elsewhere && self.model.read_only),
            look: look(config),
            elsewhere: elsewhere.then(|| config.address()),
        }
    }

    /// When the model wants a tick; never more often than it could be drawn.
    fn wake_at(&self) -> Option<Instant> {
        let at = self.model.wake_at()?;
        let wait = (at - clock::now()).to_std().unwrap_or_default();
        Some((Instant::now() + wait).max(self.last_tick + FRAME))
    }

    /// Whether to go on.
    fn take(&mut self, event: Event) -> bool {
        self.torn |= matches!(event, Event::Resize(..));
        let effects = update::update(&mut self.model, event, clock::now());
        self.perform(effects)
    }

    /// Takes what else is waiting, so that a flood of events costs one frame, not one each.
    fn take_burst(&mut self) -> bool {
        for _ in 0..BURST {
            let Ok(event) = self.events.try_recv() else {
                return true;
            };
            if !self.take(event) {
                return false;
            }
        }
        true
    }

    fn perform(&mut self, effects: Vec<Effect>) -> bool {
        let mut going = true;
        for effect in effects {
            going &= !matches!(effect, Effect::Quit);
            match effect {
                // A terminal that is gone shows at the next frame.
                Effect::Copy(text) => drop(clipboard::send(&text, self.config.terminal)),
                Effect::Notify { notify, text } => {
                    let (terminal, utf8) = (self.config.terminal, self.model.look.unicode);
                    drop(notice::send(notify, &text, terminal, utf8));
                }
                Effect::Write { request, name, text } => {
                    self.waiting.push_back(Waiting::Editor(request, name, text));
                }
                Effect::Run { request, program: Program { argv, way: Way::Terminal } } => {
                    self.waiting.push_back(Waiting::Program(request, argv));
                }
                Effect::Go(context) => self.going = Going::to(context),
                Effect::Stay => self.going = Going::default(),
                effect => self.runner.perform(effect),
            }
        }
        going
    }

    fn paint(&mut self, screen: &mut Screen) -> std::io::Result<()> {
        self.model.take_dirty();
        if std::mem::take(&mut self.torn) {
            screen.forget()?;
        }
        screen.capture(self.model.pointer.captured)?;
        screen.draw(&self.model)?;
        self.frames.drawn(Instant::now());
        Ok(())
    }
}
