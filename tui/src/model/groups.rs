//! Groups of the incident list. A row keeps the group it was put into until the list is arranged anew,
//! so that no change of an incident tears a group apart under somebody's eyes.

use watchfire_shared::incident::{Incident, Status};

use super::forms::place_of;
use super::known::Known;
use super::list::List;
use super::query::order;
use watchfire_shared::ids::IncidentId;
use watchfire_shared::page::SortKey;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    Service,
    Priority,
    Status,
    Assignee,
}

impl GroupBy {
    pub const ALL: [Self; 4] = [Self::Service, Self::Priority, Self::Status, Self::Assignee];

    /// As `config.toml` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Priority => "priority",
            Self::Status => "status",
            Self::Assignee => "assignee",
        }
    }

    /// Where an incident belongs.
    pub fn key(self, incident: &Incident) -> Key {
        let (rank, name, person) = match self {
            Self::Service => {
                let name = incident.service.clone();
                (usize::from(name.is_empty()), name, 0)
            }
            Self::Priority => {
                (place_of(incident.priority), incident.priority.as_str().to_owned(), 0)
            }
            Self::Status => (place_of_status(incident.status), incident.status.to_string(), 0),
            Self::Assignee => match &incident.assigned_to {
                None => (0, String::new(), 0),
                Some(user) => (1, user.name.clone(), user.id.0.as_u128()),
            },
        };
        Key { rank, name, person }
    }

    /// What a group is called that has no name of its own.
    pub const fn unnamed(self) -> &'static str {
        match self {
            Self::Assignee => "nobody",
            _ => "no service",
        }
    }
}

fn place_of_status(status: Status) -> usize {
    let all = [Status::Open, Status::Investigating, Status::Resolved, Status::Closed];
    all.iter().position(|other| *other == status).unwrap_or(0)
}

/// A group: the most urgent first, what has a name by its name, nobody's before everybody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    rank: usize,
    pub name: String,
    /// Two people may have one name.
    person: u128,
}

/// A line of the list on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// Of a group.
    Head(&'a Key),
    Row(IncidentId),
}

impl List {
    /// The next way to group, after the last of them none.
    pub fn next_group(&self) -> Option<GroupBy> {
        let at = GroupBy::ALL.iter().position(|by| Some(*by) == self.group);
        GroupBy::ALL.get(at.map_or(0, |at| at + 1)).copied()
    }

    /// Arranges what is loaded in another way. The cursor stays on its incident.
    pub fn group_by(&mut self, group: Option<GroupBy>, known: &Known, height: usize) {
        self.group = group;
        self.heads.clear();
        let sort = self.sort;
        self.rows.sort_by(|one, other| match (known.get(*one), known.get(*other)) {
            (Some(one), Some(other)) => order(sort, one, other),
            _ => std::cmp::Ordering::Equal,
        });
        let rows = self.rows.clone();
        self.learn_groups(&rows, known);
        self.arrange();
        self.show_selected(height);
    }

    /// Says where rows belong that are about to come in.
    pub fn learn_groups(&mut self, rows: &[IncidentId], known: &Known) {
        if let Some(by) = self.group {
            let keys = rows.iter().filter_map(|id| Some((*id, by.key(known.get(*id)?))));
            self.heads.extend(keys);
        }
    }

    /// Puts the rows of a group together; within it they stay as they are.
    pub fn arrange(&mut self) {
        if self.group.is_some() {
            let heads = &self.heads;
            self.rows.sort_by(|one, other| heads.get(one).cmp(&heads.get(other)));
        }
    }

    /// What stands on the screen, line by line.
    pub fn lines(&self, height: usize) -> impl Iterator<Item = Line<'_>> {
        self.visible(height).iter().enumerate().flat_map(|(at, id)| {
            let head = self.head(self.offset + at).map(Line::Head);
            head.into_iter().chain([Line::Row(*id)])
        })
    }

    /// The group that begins with this row, or in which it is the first on the screen.
    pub fn head(&self, at: usize) -> Option<&Key> {
        let begins = at == self.offset || self.begins_group(at);
        self.group.filter(|_| begins)?;
        self.heads.get(self.rows.get(at)?)
    }

    fn begins_group(&self, at: usize) -> bool {
        let key = |at: usize| self.rows.get(at).and_then(|id| self.heads.get(id));
        self.group.is_some() && (at == 0 || key(at - 1) != key(at))
    }

    /// How many rows from `from` on have room in so many lines.
    pub fn fitting(&self, from: usize, height: usize) -> usize {
        if self.group.is_none() {
            return height;
        }
        let mut lines = 0;
        (from..self.rows.len())
            .take_while(|at| {
                lines += 1 + usize::from(*at == from || self.begins_group(*at));
                lines <= height
            })
            .count()
    }

    /// The first row of a screen of so many lines whose last one is `last`.
    pub fn first_above(&self, last: usize, height: usize) -> usize {
        if self.group.is_none() {
            return (last + 1).saturating_sub(height);
        }
        // The row, and the head of the group at the top.
        let mut lines = 2;
        let mut first = last;
        while first > 0 {
            lines += 1 + usize::from(self.begins_group(first));
            if lines > height {
                break;
            }
            first -= 1;
        }
        first
    }

    /// Lines of the screen above the cursor, heads of groups among them.
    pub fn cursor_line(&self) -> Option<usize> {
        let at = self.selected_index()?;
        Some(self.lines_above(at, self.offset.min(at)))
    }

    /// Scrolls so that the cursor stands on that line again, or one higher where a head takes it.
    pub fn hold_line(&mut self, line: Option<usize>) {
        if let (Some(at), Some(line)) = (self.selected_index(), line) {
            let mut first = at;
            while first > 0 && self.lines_above(at, first - 1) <= line {
                first -= 1;
            }
            self.offset = first;
        }
    }

    /// Lines above a row when `first` is the first one on the screen.
    fn lines_above(&self, at: usize, first: usize) -> usize {
        let heads = (first..=at).filter(|row| *row == first || self.begins_group(*row)).count();
        at - first + if self.group.is_some() { heads } else { 0 }
    }

    /// How many rows of a group are loaded, and whether these are all of it.
    pub fn size_of(&self, key: &Key) -> (usize, bool) {
        let before = self.rows.partition_point(|id| self.heads.get(id).is_none_or(|it| it < key));
        let upto = self.rows.partition_point(|id| self.heads.get(id).is_none_or(|it| it <= key));
        // In the order of the groups themselves only the last one can have more.
        let in_order = self.group == Some(GroupBy::Priority)
            && self.sort.by == SortKey::Priority
            && !self.sort.reversed
            && upto < self.rows.len();
        (upto - before, self.window.is_whole() || in_order)
    }
}
