//! A client with hands and eyes: keys, facts and answers go in; effects and the screen come out.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use watchfire_shared::incident::Incident;

use super::world::{clock, hello, incidents, page, usual};
use crate::effect::{Command, Effect, Load, RequestId};
use crate::event::{Event, KeyCode, KeyInput, Mouse, MouseDeed, Outcome, StreamEvent};
use crate::model::setup::Setup;
use crate::model::{Look, Model, Start, Zone};
use crate::{update, view};

/// A client under test: events go in, effects come out and are kept.
pub struct Client {
    pub model: Model,
    pub now: DateTime<Utc>,
    /// Effects not yet looked at.
    pub effects: Vec<Effect>,
}

impl Client {
    /// Just started, 80×24, signed in.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Start)) -> Self {
        let mut start = Start {
            address: "local".to_owned(),
            context: None,
            base: "http://127.0.0.1:4911".to_owned(),
            zone: Zone::Fixed(FixedOffset::east_opt(2 * 3600).expect("an offset")),
            look: Look { colour: true, unicode: true },
            size: (80, 24),
            signed_in: true,
            setup: Setup::default(),
            mistakes: Vec::new(),
            in_tmux: false,
            read_only: false,
        };
        change(&mut start);
        let mut model = Model::new(start, clock());
        let effects = update::start(&mut model);
        Self { model, now: clock(), effects }
    }

    /// Connected, with the list of [`incidents`].
    pub fn live() -> Self {
        Self::new().connected(&incidents())
    }

    pub fn connected(mut self, incidents: &[Incident]) -> Self {
        self.stream(hello());
        self.answer_all(|load| match load {
            Load::Incidents { .. } => Some(page(incidents.to_vec())),
            other => usual(other),
        });
        self
    }

    /// With an incident opened and everything about it answered.
    pub fn opened() -> Self {
        let mut client = Self::live();
        client.press("enter");
        client.answer_all(usual);
        client
    }

    pub fn event(&mut self, event: Event) {
        let effects = update::update(&mut self.model, event, self.now);
        self.effects.extend(effects);
    }

    pub fn stream(&mut self, said: StreamEvent) {
        self.event(Event::Stream(said));
    }

    pub fn done(&mut self, request: RequestId, outcome: Outcome) {
        self.event(Event::Done { request, outcome });
    }

    /// Lets time pass as the runner does: a tick whenever the model wants one.
    pub fn wait(&mut self, milliseconds: i64) {
        let end = self.now + TimeDelta::milliseconds(milliseconds);
        while let Some(at) = self.model.wake_at().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.event(Event::Tick);
        }
        self.now = end;
        self.event(Event::Tick);
    }

    /// Keys by name, separated by spaces: `j j enter ctrl-d`.
    pub fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            self.event(Event::Key(key_named(key)));
        }
    }

    /// Text, character by character.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            let code = KeyCode::Char(c);
            self.event(Event::Key(KeyInput::plain(code)));
        }
    }

    /// What the mouse does, where.
    pub fn mouse(&mut self, deed: MouseDeed, column: u16, row: u16) {
        self.event(Event::Mouse(Mouse { deed, column, row }));
    }

    pub fn resize(&mut self, width: u16, height: u16) {
        self.event(Event::Resize(width, height));
    }

    /// The effects since the last look.
    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub fn loads(&mut self) -> Vec<(RequestId, Load)> {
        let mut loads = Vec::new();
        self.effects.retain(|effect| match effect {
            Effect::Load { request, load } => {
                loads.push((*request, load.clone()));
                false
            }
            _ => true,
        });
        loads
    }

    /// The one command among the effects.
    pub fn command(&mut self) -> (RequestId, Command) {
        let mut commands: Vec<_> = self
            .take()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Command { request, command } => Some((request, command)),
                _ => None,
            })
            .collect();
        assert_eq!(commands.len(), 1, "{commands:?}");
        commands.remove(0)
    }

    pub fn sends_nothing(&mut self) -> bool {
        !self.take().iter().any(|effect| matches!(effect, Effect::Command { .. }))
    }

    /// Answers loads, those that answers cause too; a load without an answer stays open.
    pub fn answer_all(&mut self, answer: impl Fn(&Load) -> Option<Outcome>) {
        for _ in 0..20 {
            let loads = self.loads();
            if loads.is_empty() {
                return;
            }
            for (request, load) in loads {
                if let Some(outcome) = answer(&load) {
                    self.done(request, outcome);
                }
            }
        }
        panic!("answers cause loads without end");
    }

    pub fn flash(&self) -> String {
        self.model.shown_flash().map_or_else(String::new, |flash| flash.text.clone())
    }

    pub fn titles(&self) -> Vec<String> {
        let rows = self.model.list.rows.iter();
        rows.filter_map(|id| self.model.known.get(*id))
            .map(|incident| incident.reference.to_string())
            .collect()
    }

    pub fn selected(&self) -> String {
        let selected = self.model.list.selected.expect("something is selected");
        let incident = self.model.known.get(selected).expect("known");
        incident.reference.to_string()
    }

    pub fn buffer(&self) -> Buffer {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
        terminal.draw(|frame| view::render(frame, &self.model)).expect("drawn");
        terminal.backend().buffer().clone()
    }

    /// The screen as text, without spaces at the ends of lines.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut hidden = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if hidden > 0 {
                    hidden -= 1;
                    continue;
                }
                hidden = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn key_named(name: &str) -> KeyInput {
    let (ctrl, rest) = match name.strip_prefix("ctrl-") {
        Some(rest) => (true, rest),
        None => (false, name),
    };
    let (shift, rest) = match rest.strip_prefix("shift-") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let code = match rest {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "backspace" => KeyCode::Backspace,
        "space" => KeyCode::Char(' '),
        other => KeyCode::Char(other.chars().next().expect("a key")),
    };
    KeyInput { ctrl, shift, ..KeyInput::plain(code) }
}
