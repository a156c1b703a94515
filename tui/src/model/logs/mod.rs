//! A log pane: the newest lines first loaded, older ones when one scrolls up, new ones as the stream
//! tells of them; which of them are shown, and where one stands.

pub mod across;
pub mod histogram;
pub mod lines;
pub mod place;
pub mod shape;
pub mod sieve;

use chrono::{DateTime, TimeDelta, Utc};
use watchfire_shared::log::LogEntry;

use crate::effect::RequestId;
use crate::event::Failure;
use crate::sift::Wanted;
use crate::sift::pattern::{Kind, Mistake, Pattern};

use self::histogram::Histogram;
use self::lines::{Line, Lines};
use self::place::{Extent, Place};
use self::shape::Columns;
use self::sieve::{Shown, Sieve};
use super::detail::Tab;
use super::input::TextField;
use super::layout::Wall;
use super::slot::{Asked, LOADING_AFTER};
use super::{Model, Screen, layout};

/// Lines held at once, and bytes of their texts; beyond it the far end is dropped and loaded again
/// when it is needed.
pub const LINES_MAX: usize = 1_000_000;
pub const BYTES_MAX: usize = 96 * 1024 * 1024;
/// Lines of the first request, and of each further one.
pub const FIRST: u32 = 500;
pub const PAGE: u32 = 1_000;
/// A pane that fell this far behind starts again at the end instead of reading all between.
pub const JUMP: i64 = 5_000;
/// Lines looked at in one go; the rest waits for the next frame.
const LOOK: usize = 20_000;
/// The time of a frame.
const SOON: TimeDelta = TimeDelta::milliseconds(17);
/// Lines read in one go in search of what is not among those held.
pub const REACH: i64 = 20_000;

/// Which end a request under way extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetch {
    Newest,
    /// The lines up to one that was being read.
    UpTo,
    Older,
    Newer,
}

/// Where lines are to be written, being typed.
#[derive(Debug, Clone)]
pub struct ExportBox {
    pub lines: crate::effect::Lines,
    /// Whose: `INC-204`, `all incidents`.
    pub whose: String,
    pub field: TextField,
    pub wanted: Wanted,
    /// There is such a file: written again it goes.
    pub exists: Option<String>,
}

/// A file that is being written.
#[derive(Debug)]
pub struct Exporting {
    pub request: RequestId,
    pub lines: i64,
    /// The keys pressed until then.
    pub presses: u64,
    pub form: ExportBox,
}

#[derive(Debug, Default)]
pub struct Search {
    pub field: TextField,
    pub kind: Kind,
    pub editing: bool,
    /// In what is being typed.
    pub mistake: Option<Mistake>,
}

impl Search {
    /// Looks whether what was typed can be searched for.
    pub fn check(&mut self) {
        self.mistake = Pattern::new(self.field.text(), self.kind).err();
    }
}

/// What the daemon has on either side of the lines held.
#[derive(Debug, Default)]
pub struct Beyond {
    /// There may be older lines than the first one.
    pub older: bool,
    /// There are newer lines, and nobody knows how many.
    pub newer: bool,
}

#[derive(Debug, Default)]
pub struct LogPane {
    lines: Lines,
    sieve: Sieve,
    histogram: Histogram,
    pub place: Place,
    /// It is to be held as soon as there is a line to hold at.
    pub holds_next: bool,
    pub search: Search,
    pub asked: Option<(Asked, Fetch)>,
    /// Up to where the request under way reads at least, when it reads the end.
    pub asked_up_to: i64,
    pub failure: Option<Failure>,
    /// The filter's first answer has come.
    pub loaded: bool,
    pub beyond: Beyond,
    /// The highest number anybody spoke of.
    pub known_last: i64,
    /// Every line up to here that passes the daemon's filter is held, or was.
    pub covered: i64,
    /// So many older lines may still be read in search of what is not held.
    pub reach: i64,
    /// The next older line that passes is to be found.
    pub seeks_older: bool,
    /// When the lines that wait are looked at.
    pub look_at: Option<DateTime<Utc>>,
}

impl LogPane {
    pub const fn lines(&self) -> &Lines {
        &self.lines
    }

    pub const fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    pub const fn wanted(&self) -> &Wanted {
        self.sieve.wanted()
    }

    pub fn shown(&self) -> Shown<'_> {
        self.sieve.shown(&self.lines)
    }

    /// The lines that pass, where others are shown too.
    pub fn hits(&self) -> Shown<'_> {
        self.sieve.hits(&self.lines)
    }

    pub fn is_hit(&self, number: i64) -> bool {
        self.sieve.is_hit(number)
    }

    /// Lines that have not been looked at yet.
    pub fn backlog(&self) -> usize {
        self.sieve.backlog(&self.lines)
    }

    /// Lines below the lowest one held that nobody has read.
    pub fn unread(&self) -> i64 {
        (self.known_last - self.covered).max(0)
    }

    /// The line of the cursor; the newest one while it follows.
    pub fn current(&self) -> Option<Line<'_>> {
        let shown = self.shown();
        let last = shown.len().checked_sub(1)?;
        let index = self.place.held_at().map_or(last, |number| shown.place_of(number));
        self.lines.get(shown.at(index)?)
    }

    pub fn loading_at(&self) -> Option<DateTime<Utc>> {
        match self.asked {
            Some((asked, _)) if !self.loaded => Some(asked.at + LOADING_AFTER),
            _ => None,
        }
    }

    /// Drops the lines and starts again, with the filter as it is.
    pub fn restart(&mut self) {
        let wanted = self.sieve.wanted().clone();
        self.begin(wanted);
    }

    /// Drops the lines and starts again with another filter.
    pub fn begin(&mut self, wanted: Wanted) {
        self.lines = Lines::default();
        self.histogram = Histogram::default();
        self.sieve.restart(wanted, &self.lines);
        self.place = Place::default();
        self.asked = None;
        self.failure = None;
        self.loaded = false;
        self.beyond.older = false;
        self.covered = 0;
        self.beyond.newer = false;
        self.reach = REACH;
        self.seeks_older = false;
        self.look_at = None;
    }

    /// Another filter over the lines that are held.
    pub fn sift(&mut self, wanted: Wanted, now: DateTime<Utc>) {
        self.sieve.restart(wanted, &self.lines);
        self.reach = REACH;
        self.look(now);
    }

    /// Puts lines behind the last one.
    pub fn append(&mut self, entries: &[LogEntry], now: DateTime<Utc>) {
        self.lines.append(entries);
        self.count(entries);
        // What is being read stays.
        let end = self.lines.numbers().end;
        let keep = self.place.held_at().unwrap_or(end - 1);
        while self.is_too_full() && self.lines.first_page().is_some_and(|page| page.end <= keep) {
            self.drop_page(Lines::first_page, Lines::drop_first_page);
            self.beyond.older = true;
        }
        self.look(now);
        if self.holds_next
            && let Some(number) = self.current().map(|line| line.number)
        {
            self.holds_next = false;
            self.place.put(number);
        }
    }

    /// Whether it shows what comes.
    pub const fn follows(&self) -> bool {
        self.place.follows() && !self.holds_next
    }

    /// Appends what is newer than the newest line held, of one incident.
    pub fn append_newer(&mut self, mut entries: Vec<LogEntry>, now: DateTime<Utc>) {
        let last = self.lines.last_seq();
        entries.retain(|entry| entry.seq > last);
        self.append(&entries, now);
        self.covered = self.covered.max(self.lines.last_seq());
        self.known_last = self.known_last.max(self.covered);
    }

    /// Puts lines before the oldest one held. Says whether the newest ones had to go for them.
    pub fn prepend(&mut self, entries: &[LogEntry], now: DateTime<Utc>) -> bool {
        self.lines.prepend(entries);
        self.count(entries);
        let keep = self.place.held_at().unwrap_or(i64::MAX);
        let end = self.lines.numbers().end;
        while self.is_too_full() && self.lines.last_page().is_some_and(|page| page.start > keep) {
            self.drop_page(Lines::last_page, Lines::drop_last_page);
        }
        self.look(now);
        self.lines.numbers().end < end
    }

    /// Puts what is older than the oldest line held before it, of one incident.
    pub fn prepend_older(&mut self, mut entries: Vec<LogEntry>, now: DateTime<Utc>) {
        let first = self.lines.first_seq().unwrap_or(i64::MAX);
        entries.retain(|entry| entry.seq < first);
        if self.prepend(&entries, now) {
            self.covered = self.lines.last_seq();
        }
    }

    /// Looks at lines that wait, as many as a frame has time for.
    pub fn look(&mut self, now: DateTime<Utc>) {
        self.sieve.look(&self.lines, LOOK);
        self.look_at = (self.backlog() > 0).then(|| now + SOON);
    }

    /// Whether there is more than may be held.
    fn is_too_full(&self) -> bool {
        self.lines.len() > LINES_MAX || self.lines.bytes() > BYTES_MAX
    }

    /// Whether newer lines had to go, or have not come yet: those that pass, were there any.
    pub fn lacks_newer(&self) -> bool {
        self.beyond.newer || self.covered < self.known_last
    }

    fn count(&mut self, entries: &[LogEntry]) {
        for entry in entries {
            self.histogram.add(entry.occurred_at.timestamp_micros(), entry.level);
        }
    }

    fn drop_page(
        &mut self,
        which: impl Fn(&Lines) -> Option<std::ops::Range<i64>>,
        drop: impl Fn(&mut Lines),
    ) {
        let Some(numbers) = which(&self.lines) else {
            return;
        };
        for (at, level) in self.lines.levels(numbers) {
            self.histogram.remove(at, level);
        }
        drop(&mut self.lines);
        self.sieve.forget(&self.lines);
    }
}

/// The pane that is on the screen, and takes keys where it has them.
pub fn pane(model: &Model) -> Option<&LogPane> {
    match model.screen {
        Screen::Logs => Some(&model.across.pane),
        Screen::Detail => model.detail.as_ref().map(|detail| &detail.logs),
        _ => None,
    }
}

/// Columns and rows of its lines.
fn room(model: &Model) -> (usize, usize) {
    let (width, height) = model.size;
    if model.screen == Screen::Logs {
        return (width.into(), layout::log_rows(layout::screen_rows(height)).lines.into());
    }
    let (left, right) = model.walls.columns(Wall::Opened, width);
    let columns = if right > 0 { right } else { left };
    (columns.into(), layout::log_rows(layout::detail_rows(height)).lines.into())
}

/// Whether its lines are visible: beside another tab they are only where there is room.
pub fn is_visible(model: &Model) -> bool {
    if model.screen == Screen::Logs {
        return true;
    }
    let beside = model.size.0 >= layout::WIDE;
    let opened = model.detail.as_ref().filter(|_| model.screen == Screen::Detail);
    opened.is_some_and(|it| (beside || it.tab == Tab::Logs) && !it.shows_patterns())
}

/// Columns for references, where lines are of several incidents.
pub fn references(model: &Model) -> usize {
    if model.screen == Screen::Logs { model.across.reference_columns() } else { 0 }
}

/// Calls `with` with the rows there are and what each line takes of them.
pub fn measure<R>(
    model: &Model,
    pane: &LogPane,
    (width, rows): (usize, usize),
    with: impl FnOnce(&Extent<'_>) -> R,
) -> R {
    let columns = Columns::of(model, pane.lines(), width, references(model));
    let pattern = pane.wanted().pattern.as_ref();
    let wrapped = |number: i64| {
        let line = pane.lines().get(number);
        line.map_or(1, |line| shape::rows(&line, pattern, columns.text, rows.max(1)).len())
    };
    let height: &dyn Fn(i64) -> usize = if model.log_style.wrap { &wrapped } else { &|_| 1 };
    with(&Extent { shown: pane.shown(), rows, height })
}

/// The number of the line that stands in a row of the pane's lines.
pub fn line_at(model: &Model, row: u16) -> Option<i64> {
    measure_here(model, |pane, extent| {
        let window = pane.place.window(extent)?;
        let mut below = 0;
        (window.first..window.end).filter_map(|at| extent.shown.at(at)).find(|number| {
            below += (extent.height)(*number).max(1);
            usize::from(row) < below
        })
    })?
}

/// Calls `with` for the pane on the screen, as [`measure`] does.
pub fn measure_here<R>(model: &Model, with: impl FnOnce(&LogPane, &Extent<'_>) -> R) -> Option<R> {
    let pane = pane(model)?;
    Some(measure(model, pane, room(model), |extent| with(pane, extent)))
}
