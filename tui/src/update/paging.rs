//! Further pages of the list, in either direction.

use watchfire_shared::ids::IncidentId;

use crate::model::list::{List, ROWS_MAX};
use crate::model::window::{End, Seam};

/// Adds a further page, and lets the furthest rows on the other side go.
pub fn read_on(list: &mut List, mut ids: Vec<IncidentId>, next: Option<String>, height: usize) {
    let below = list.window.end == End::Top;
    let last = if below { list.rows.last() } else { list.rows.first() };
    let cursor = std::mem::replace(&mut list.window.next, next);
    let seam = last.copied().zip(cursor).map(|(last, cursor)| Seam { last, cursor });
    list.window.seams.extend(seam.filter(|_| list.group.is_none()));
    if !below {
        ids.reverse();
    }
    list.add(ids, below, height);
    list.trim(true, height);
}

/// Rows that were let go are read again up to those that are held: while others have come in between
/// there is more to read.
pub fn gap(list: &List, next: Option<String>) -> Option<String> {
    let wanted = list.window.passed.last().map_or(0, |passed| passed.rows);
    let met = next == list.window.start || list.incoming.iter().any(|id| list.rows.contains(id));
    let enough = list.incoming.len() > wanted + ROWS_MAX / 2;
    next.filter(|_| !met && !enough)
}

/// Puts them where they were; says whether there were any.
pub fn read_back(list: &mut List, height: usize) -> bool {
    let mut ids = std::mem::take(&mut list.incoming);
    // From the first row that is held on all of them are; the selected one may have moved here.
    let is_held = |id: &IncidentId| list.selected != Some(*id) && list.rows.contains(id);
    let new = ids.iter().position(is_held).unwrap_or(ids.len());
    ids.truncate(new);
    let window = &mut list.window;
    let Some(passed) = window.passed.pop() else {
        return false;
    };
    let held = std::mem::replace(&mut window.start, passed.start);
    if let (Some(last), Some(cursor)) = (ids.last().copied(), held) {
        window.seams.insert(0, Seam { last, cursor });
    }
    let (below, some) = (window.end == End::Bottom, !ids.is_empty());
    if below {
        ids.reverse();
    }
    list.add(ids, below, height);
    list.trim(false, height);
    some
}
