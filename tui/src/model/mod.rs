//! Everything the client knows and shows. Plain data: the view reads it, `update` changes it.

pub mod age;
pub mod assessment;
pub mod batch;
pub mod cache;
pub mod choices;
pub mod chooser;
pub mod columns;
pub mod commands;
pub mod connection;
mod context;
pub mod copy;
pub mod deeds;
pub mod demonstration;
pub mod detail;
pub mod drafts;
pub mod events;
pub mod feed;
pub mod forms;
pub mod fuzzy;
pub mod groups;
pub mod handover;
pub mod health;
pub mod help;
pub mod input;
pub mod known;
pub mod layout;
pub mod letters;
pub mod list;
pub mod logs;
pub mod marks;
pub mod matching;
pub mod notify;
pub mod overview;
pub mod own;
mod paging;
pub mod palette;
pub mod people;
pub mod pipeline;
pub mod pointer;
pub mod query;
pub mod remembered;
pub mod scroll;
pub mod setup;
pub mod shell;
pub mod slot;
pub mod spot;
mod start;
pub mod tell;
pub mod undo;
pub mod views;
pub mod window;
pub mod words;
pub mod writing;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::health::Health;
use watchfire_shared::ids::{IncidentId, Reference};
use watchfire_shared::incident::Incident;
use watchfire_shared::stats::Counts;
use watchfire_shared::user::{Role, UserOut};

use self::batch::{Batch, Question};
use self::cache::CachePanel;
use self::chooser::Chooser;
use self::columns::ColumnsBox;
use self::commands::{CommandLog, Tone};
use self::connection::Connection;
use self::copy::CopyBox;
use self::detail::Detail;
use self::events::EventsPanel;
use self::forms::{CommentBox, NewForm, Picker, ReasonBox, SignIn, TitleBox};
use self::known::Known;
use self::list::List;
use self::marks::Marks;
use self::notify::Notices;
use self::own::{RoundId, Rounds, Sure};
use self::palette::{History, Palette};
use self::people::{People, PersonForm};
use self::pointer::Pointer;
use self::setup::Setup;
use self::slot::{Requests, Slot};
use self::spot::Spot;
use self::undo::Undo;
use self::views::ViewBox;
use crate::action::Action;
use crate::handover::Shift;
use crate::ink::Ink;
use crate::keymap::Context;

pub use self::start::{Look, Start, Zone};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    Incidents,
    Detail,
    /// The log lines of all incidents.
    Logs,
    Cache,
    Events,
    Health,
    People,
}

/// What lies on top of the screen and takes the keys.
#[derive(Debug)]
pub enum Overlay {
    /// With the place it was opened from.
    Help {
        top: usize,
        of: Context,
    },
    CommandLog {
        top: usize,
    },
    Demonstration {
        top: usize,
    },
    /// An incident as JSON.
    Json {
        incident: IncidentId,
        reference: Reference,
        /// Whether all of it was read.
        whole: Slot<()>,
        top: usize,
    },
    Handover {
        /// These alone; none of them is the whole shift.
        chosen: Vec<IncidentId>,
        top: usize,
    },
    /// What commands of the person's own have said.
    Output {
        /// Which round, if any has been.
        round: Option<RoundId>,
        top: usize,
    },
    /// The question before such a command.
    Sure(Sure),
    Copy(CopyBox),
    Picker(Picker),
    Question(Question),
    Title(TitleBox),
    Export(logs::ExportBox),
    Columns(ColumnsBox),
    ViewName(ViewBox),
    Palette(Palette),
    Chooser(Chooser),
    Comment(CommentBox),
    Reason(ReasonBox),
    Person(PersonForm),
    NewIncident(NewForm),
}

/// What just happened, on the right of the foot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    pub tone: Tone,
    pub text: String,
    pub since: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

/// A message that somebody has seen.
const READ_AFTER: TimeDelta = TimeDelta::seconds(4);

/// When to ask again without being told to.
#[derive(Debug, Default)]
pub struct Timers {
    /// The counts may have changed.
    pub counts: Option<DateTime<Utc>>,
    /// They changed while an answer was on its way: ask once more after it.
    pub counts_again: bool,
    /// The visible pane shows what makes no event.
    pub pane: Option<DateTime<Utc>>,
}

#[derive(Debug)]
pub struct Model {
    pub now: DateTime<Utc>,
    /// Keys pressed and texts pasted so far. What takes its time opens nothing over somebody who has
    /// gone on since.
    pub presses: u64,
    pub size: (u16, u16),
    pub look: Look,
    pub zone: Zone,
    pub address: String,
    /// The chosen context by name, in its ink.
    pub chosen: Option<(String, Ink)>,
    pub setup: Setup,
    /// Nothing may be changed from here.
    pub read_only: bool,
    pub in_tmux: bool,
    /// The daemon's address, in links.
    pub base: String,
    pub me: Option<UserOut>,
    pub users: Slot<Vec<UserOut>>,
    pub people: People,
    pub connection: Connection,
    pub screen: Screen,
    pub walls: layout::Walls,
    pub pointer: Pointer,
    /// The view before this one.
    pub last_spot: Option<Spot>,
    /// The incident that was open, or selected in the list, on the last screen that had one.
    pub last_incident: Option<IncidentId>,
    pub overlay: Option<Overlay>,
    /// Covers everything while nobody is signed in.
    pub sign_in: Option<SignIn>,
    pub known: Known,
    pub counts: Slot<Counts>,
    pub list: List,
    pub marks: Marks,
    pub detail: Option<Detail>,
    /// How log lines are shown.
    pub log_style: logs::shape::Style,
    /// The log lines of all incidents.
    pub across: logs::across::Across,
    /// Log lines that are being written to a file.
    pub exporting: Option<logs::Exporting>,
    pub cache: CachePanel,
    /// How the daemon is, for every screen that says it.
    pub health: Slot<Box<Health>>,
    pub events: EventsPanel,
    pub commands: CommandLog,
    /// Commands about the marked incidents, under way.
    pub batch: Option<Batch>,
    /// The shift as it was last read.
    pub handover: Slot<Shift>,
    /// How long a shift is.
    pub span: handover::Span,
    /// Programs of the person's own that run or ran.
    pub own: Rounds,
    pub palette_history: History,
    /// Comments begun and not sent.
    pub drafts: HashMap<IncidentId, String>,
    /// A comment on the marked incidents, begun and not sent.
    pub marked_draft: String,
    /// Titles that could not be sent.
    pub titles: HashMap<IncidentId, String>,
    pub undo: Undo,
    /// New incidents begun and left, or sent and left before the answer; the newest last.
    pub new_drafts: Vec<NewForm>,
    pub flash: Option<Flash>,
    /// What is wrong in the configuration as it stands, a sentence each.
    pub mistakes: Vec<String>,
    /// Closing this one, which is final, was asked for once; the question stands as long as its
    /// flash.
    pub closing: Option<(IncidentId, DateTime<Utc>)>,
    pub timers: Timers,
    /// What is to be told to somebody who looks elsewhere.
    pub notices: Notices,
    pub requests: Requests,
    pub(crate) dirty: bool,
    /// When the passing of time alone changes something visible.
    pub(crate) repaint_at: Option<DateTime<Utc>>,
}

impl Model {
    pub fn new(start: Start, now: DateTime<Utc>) -> Self {
        let mouse = start.setup.mouse;
        let mut model = Self {
            now,
            presses: 0,
            size: start.size,
            look: start.look,
            zone: start.zone,
            address: start.address,
            chosen: start.context,
            setup: start.setup,
            read_only: start.read_only,
            in_tmux: start.in_tmux,
            base: start.base,
            me: None,
            users: Slot::default(),
            people: People::default(),
            connection: Connection::default(),
            screen: Screen::Incidents,
            walls: layout::Walls::default(),
            pointer: Pointer::new(mouse),
            last_spot: None,
            last_incident: None,
            overlay: None,
            sign_in: (!start.signed_in).then(|| SignIn::new(None)),
            known: Known::default(),
            counts: Slot::default(),
            list: List::default(),
            marks: Marks::default(),
            detail: None,
            log_style: logs::shape::Style::default(),
            across: logs::across::Across::default(),
            exporting: None,
            cache: CachePanel::default(),
            health: Slot::default(),
            events: EventsPanel::default(),
            commands: CommandLog::default(),
            batch: None,
            handover: Slot::default(),
            span: handover::Span::default(),
            own: Rounds::default(),
            palette_history: History::default(),
            drafts: HashMap::new(),
            marked_draft: String::new(),
            titles: HashMap::new(),
            undo: Undo::default(),
            new_drafts: Vec::new(),
            flash: None,
            mistakes: Vec::new(),
            closing: None,
            timers: Timers::default(),
            notices: Notices::default(),
            requests: Requests::default(),
            dirty: true,
            repaint_at: None,
        };
        model.tell_mistakes(start.mistakes, "");
        model
    }

    /// Whether something visible has changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// When `update` wants an [`crate::event::Event::Tick`]; none while nothing waits for time.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let reload = self.list.reload_at.map(|(soon, latest)| soon.min(latest));
        let live = self.list.query.live_at;
        let opened = self.detail.as_ref().and_then(|detail| detail.logs.look_at);
        let look = opened.into_iter().chain(self.across.pane.look_at).min();
        let look = look.filter(|_| self.sign_in.is_none());
        let notice = self.notices.due_at(self.now);
        let timers = [self.timers.counts, self.timers.pane];
        let all = [self.repaint_at, reload, live, look, notice].into_iter().chain(timers);
        all.flatten().min()
    }

    /// The incident that a command acts on: the opened one, or the selected row.
    pub fn subject(&self) -> Option<&Incident> {
        let id = match self.screen {
            Screen::Incidents => self.list.selected,
            Screen::Detail => self.detail.as_ref().map(|detail| detail.id),
            Screen::Logs | Screen::Cache | Screen::Events | Screen::Health | Screen::People => None,
        };
        id.and_then(|id| self.known.get(id))
    }

    /// Whether this incident is opened on the screen.
    pub fn is_open(&self, id: IncidentId) -> bool {
        self.screen == Screen::Detail && self.detail.as_ref().is_some_and(|detail| detail.id == id)
    }

    /// What [`Self::subject`] stands in is current enough to act on: the rows of another query that
    /// is still being loaded are not.
    pub fn can_act(&self) -> bool {
        self.screen != Screen::Incidents || self.list.loaded
    }

    /// Whether this person may do it here: who only reads changes nothing.
    pub fn may(&self, action: Action) -> bool {
        let viewer = self.me.as_ref().is_some_and(|me| me.role == Role::Viewer);
        !(action.changes() && (self.read_only || viewer))
    }

    /// Rows of the list on the screen.
    pub fn list_height(&self) -> usize {
        usize::from(layout::list_rows(self.size.1).rows)
    }

    pub fn flash(&mut self, tone: Tone, text: impl Into<String>) {
        let seconds = match tone {
            Tone::Neutral | Tone::Good => 5,
            Tone::Warning | Tone::Bad => 15,
        };
        let (since, until) = (self.now, self.now + TimeDelta::seconds(seconds));
        self.flash = Some(Flash { tone, text: text.into(), since, until });
        self.dirty = true;
    }

    /// Somebody goes on in a sheet, whose keys a long message hides: what stood there for a while was
    /// read.
    pub fn read_flash(&mut self) {
        let (now, half) = (self.now, usize::from(self.size.0) / 2);
        if self.overlay.is_some() && self.context().is_confirmed() {
            let is_read = |flash: &mut Flash| {
                now - flash.since >= READ_AFTER && flash.text.chars().count() + 2 > half
            };
            self.flash.take_if(is_read);
        }
    }

    /// What was asked before an incident is closed, and the question leaves the screen.
    pub fn take_closing(&mut self) -> Option<(IncidentId, DateTime<Utc>)> {
        let asked = self.closing.take()?;
        self.flash.take_if(|flash| flash.until == asked.1);
        Some(asked)
    }

    /// Keeps a comment that was not sent, after what is kept of this incident already.
    pub fn keep_draft(&mut self, id: IncidentId, text: &str) {
        let draft = self.drafts.entry(id).or_default();
        if !draft.is_empty() {
            draft.push_str("\n\n");
        }
        draft.push_str(text);
    }

    /// The flash, while it lasts.
    pub fn shown_flash(&self) -> Option<&Flash> {
        self.flash.as_ref().filter(|flash| flash.until > self.now)
    }
}
